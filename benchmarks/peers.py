"""Other tools that plan many stacks, as far as they are here: on PATH, or in folders that ENVCTL_BENCH_PEERS names.

Each gets the same stacks as plain HCL, over the same states, initialised, in folders of its own.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Command, in_rounds, together, walls
from benchmarks.projects import STACKS, Place, Yard, find_program
from benchmarks.results import Results

VARIABLE = "ENVCTL_BENCH_PEERS"
AT_ONCE = 4
LATENCIES = (0, 200)

_BACKEND = """
terraform {{
  backend "s3" {{
    bucket       = "bench-tfstate-{account}"
    key          = "dev/{stack}.tfstate"
    region       = "ap-northeast-1"
    encrypt      = true
    use_lockfile = true
    assume_role = {{
      role_arn = "arn:aws:iam::{account}:role/envctl-deployer"
    }}
  }}
}}
"""
_MAIN = """
provider "aws" {{
  region              = "ap-northeast-1"
  allowed_account_ids = ["{account}"]
  assume_role {{
    role_arn = "arn:aws:iam::{account}:role/envctl-deployer"
  }}
  default_tags {{
    tags = {{ environment = "dev", managed_by = "envctl", project = "bench", stack = "{stack}" }}
  }}
}}
module "{stack}" {{
  source = "../../../../modules/{stack}"
  size   = 1
}}
"""
_ACCOUNT = "1" * 12


@dataclass(frozen=True)
class Peer:
    """`lay` writes what it wants to find, into a folder with the stacks below `dev/`. `note` says how it works."""

    program: str
    words: tuple[str, ...]
    lay: Callable[[Path, list[str]], None]
    note: str = f"{AT_ONCE} at once"
    environment: dict[str, str] = field(default_factory=dict)


def _nx(folder: Path, stacks: list[str]) -> None:
    (folder / "nx.json").write_text("{}")
    (folder / "package.json").write_text('{"name": "bench", "private": true}')
    program = Path(_found("nx") or "").resolve()
    # It wants to be installed in the workspace that it works in.
    modules = next(parent for parent in program.parents if parent.name == "node_modules")
    (folder / "node_modules").symlink_to(modules)
    target = {"plan": {"command": "terraform plan -input=false", "options": {"cwd": "{projectRoot}"}}}
    for stack in stacks:
        (folder / "dev" / stack / "project.json").write_text(json.dumps({"name": stack, "targets": target}))


def _atlo(folder: Path, stacks: list[str]) -> None:
    projects = [{"name": stack, "dir": f"dev/{stack}", "workflow": "default"} for stack in stacks]
    # Its own step `plan` says -chdir where Terraform does not take it.
    steps = {"plan": {"steps": [{"run": "terraform -chdir=$DIR plan -input=false"}]}}
    told = {"version": 3, "workflows": {"default": steps}, "projects": projects}
    (folder / "atlantis.yaml").write_text(json.dumps(told))


def _tfdo(folder: Path, _stacks: list[str]) -> None:
    (folder / "tfdo.yaml").write_text('run_dir_discovery: "{env}/{app}"\n')


def _runway(folder: Path, stacks: list[str]) -> None:
    modules = [{"path": f"dev/{stack}", "type": "terraform"} for stack in stacks]
    told = {"deployments": [{"modules": [{"parallel": modules}], "regions": ["ap-northeast-1"]}]}
    (folder / "runway.yml").write_text(json.dumps(told))
    for stack in stacks:
        (folder / "dev" / stack / "dev.tfvars").touch()


def _terrawrap(folder: Path, stacks: list[str]) -> None:
    """Where it finds a backend, it knows neither assume_role nor use_lockfile; it doesn't look into JSON."""
    for stack in stacks:
        (folder / "dev" / stack / "backend.tf").unlink()
        backend = {
            "bucket": f"bench-tfstate-{_ACCOUNT}",
            "key": f"dev/{stack}.tfstate",
            "region": "ap-northeast-1",
            "encrypt": True,
            "use_lockfile": True,
            "assume_role": {"role_arn": f"arn:aws:iam::{_ACCOUNT}:role/envctl-deployer"},
        }
        told = {"terraform": {"backend": {"s3": backend}}}
        (folder / "dev" / stack / "backend.tf.json").write_text(json.dumps(told))


PEERS = {
    "nx": Peer(
        "nx",
        ("run-many", "-t", "plan", f"--parallel={AT_ONCE}"),
        _nx,
        environment={"NX_DAEMON": "false", "NX_NO_CLOUD": "true", "NX_TUI": "false"},
    ),
    "atlo": Peer("atlo", ("plan", "--all", "--parallel", str(AT_ONCE)), _atlo),
    "tfdo": Peer("tfdo", ("run", "--parallel", str(AT_ONCE), "plan"), _tfdo),
    "runway": Peer(
        "runway",
        ("plan", "--deploy-environment", "dev"),
        _runway,
        "one after the other, each with an init",
        {"CI": "1"},
    ),
    "terrawrap": Peer(
        "graph_apply",
        ("-p", "dev", "-o", "plan", "-j", str(AT_ONCE)),
        _terrawrap,
        f"{AT_ONCE} at once, each with an init",
    ),
}


def run(results: Results, yard: Yard) -> None:
    there = {name: peer for name, peer in PEERS.items() if _found(peer.program)}
    results.theme(f"Other tools, {STACKS} stacks")
    for name in PEERS:
        if name not in there:
            results.say(f"{name}: not installed")
    if not there:
        return
    place = yard.large
    commands = _commands(place, there)
    for latency in LATENCIES:
        place.sandbox.set_delay(latency / 1000)
        sides = [[place.envctl("plan", "dev")], *([command] for command in commands.values())]
        rounds = in_rounds(sides, results.rounds(2), warm=not latency)
        ours, *their = ([together(each) for each in side] for side in rounds)
        for name, samples in zip(commands, their, strict=True):
            results.heed((*ours, *samples))
            results.ratio(f"envctl plan / {name}, {latency} ms", walls(ours), walls(samples), note=there[name].note)


def _commands(place: Place, peers: Mapping[str, Peer]) -> dict[str, Command]:
    stacks = list(place.shape.stacks)
    plain = _initialised(place, stacks)
    tools = place.folder / "bin"
    found: dict[str, Command] = {}
    for name, peer in peers.items():
        folder = plain.with_name(name)
        shutil.copytree(plain, folder, symlinks=True)
        peer.lay(folder, stacks)
        program = _found(peer.program) or ""
        path = os.pathsep.join((str(tools), str(Path(program).parent), place.plain.get("PATH", "")))
        found[name] = place.run([program, *peer.words], folder, {**peer.environment, **_shared(place), "PATH": path})
    return found


def _initialised(place: Place, stacks: list[str]) -> Path:
    """The stacks as somebody writes them who has no envctl."""
    tools = place.folder / "bin"
    tools.mkdir()
    terraform = tools / "terraform"
    words = " ".join(f"'{word}'" for word in find_program())
    terraform.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    terraform.chmod(0o755)
    plain = place.folder / "peers" / "plain"
    for stack in stacks:
        folder = plain / "dev" / stack
        folder.mkdir(parents=True)
        (folder / "backend.tf").write_text(_BACKEND.format(account=_ACCOUNT, stack=stack))
        (folder / "main.tf").write_text(_MAIN.format(account=_ACCOUNT, stack=stack))
        shutil.copy(place.work("dev", stack) / ".terraform.lock.hcl", folder)
        place.run([str(terraform), "init", "-input=false"], folder, _shared(place)).run()
    return plain


def _shared(place: Place) -> dict[str, str]:
    return {"TF_PLUGIN_CACHE_DIR": str(place.plugins)}


def _found(program: str) -> str | None:
    path = os.pathsep.join((os.environ.get(VARIABLE, ""), os.environ.get("PATH", "")))
    return shutil.which(program, path=path.strip(os.pathsep))
