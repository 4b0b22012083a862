"""What shells are offered: through their protocol, in this process and in one of its own, and through bash itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from envctl.adapters.toml import load_project
from envctl.cli.command_table import COMMANDS
from envctl.cli.completion.known_releases import (
    MAX_RELEASES,
    add_known_releases,
    find_release_names,
    load_known_releases,
)
from envctl.cli.entry import run
from envctl.cli.options.global_options import FLAGS
from envctl.domain.config.sandbox import to_sandbox_project
from envctl.usecases.deployment.apply import apply
from envctl.usecases.ledger import journal
from tests.cli.loading import loaded
from tests.fakes.checkpoints import encode_state
from tests.fakes.project_files import project_files
from tests.fakes.world import World
from tests.programs import SYSTEM_PATH

Offered = Callable[..., list[str]]


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return laid_out(tmp_path, project_files())


@pytest.fixture
def offered(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Offered:
    """What bash is offered for the last word."""

    def ask(*words: str) -> list[str]:
        for name, value in protocol(words).items():
            monkeypatch.setenv(name, value)
        assert run([]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        return said.out.splitlines()

    return ask


def protocol(words: Iterable[str]) -> dict[str, str]:
    line = ["envctl", *words]
    return {"_ENVCTL_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(line), "COMP_CWORD": str(len(line) - 1)}


def with_releases(project: Path, number: int = 1) -> list[str]:
    """Their names, oldest first, in a store on disk."""
    world = World()
    for each in range(number):
        world.edit("modules/network/main.tf", f"{project_files()['modules/network/main.tf'].decode()}# {each}\n")
        apply(world.ports, "dev")
    laid_out(project / ".envctl" / "store", world.store.content)
    known = journal.load(world.ports).releases.values()
    return [each.release[:12] for each in sorted(known, key=lambda each: each.seq)]


ENVIRONMENTS = ["dev", "staging", "prod"]
LINES = {
    "an environment": (["apply", ""], ENVIRONMENTS),
    "an environment that is begun": (["apply", "st"], ["staging"]),
    "an environment of any command": (["history", ""], ENVIRONMENTS),
    "an environment to run a command in": (["exec", ""], ENVIRONMENTS),
    "the source of a promotion": (["promote", ""], ["dev", "staging"]),
    "its target, which is the next one": (["promote", "dev", ""], ["staging"]),
    "no target where the source is the last one": (["promote", "prod", ""], []),
    "its target behind options": (["promote", "--sandbox", "staging", "--yes", ""], ["prod"]),
    "where people have to approve": (["approve", ""], ["prod"]),
    "the gates of an environment": (["approve", "prod", "--gate", ""], ["peer", "business"]),
    "the gates of all, where none is named yet": (["approve", "--gate", ""], ["peer", "business"]),
    "no gates where there are none": (["approve", "dev", "--gate", ""], []),
    "an output": (["output", "dev", ""], ["network.subnet"]),
    "what many jobs look for, and where": (["matrix", ""], [*ENVIRONMENTS, "drift", "plan"]),
    "where many jobs look for it": (["matrix", "plan", "d"], ["dev"]),
    "an output by its name alone": (["output", "dev", "su"], ["subnet"]),
    "an output of a stack": (["output", "dev", "network."], ["network.subnet"]),
    "a platform": (["lock-providers", "--platform", "darwin"], ["darwin_amd64", "darwin_arm64"]),
    "a shell": (["completion", ""], ["bash", "zsh", "fish"]),
    "a template": (["init", "blog", "--template", ""], ["minimal", "web", "ecs", "eks", "platform"]),
    "nothing for the name of a new project": (["init", ""], []),
    "a command of a group": (["ledger", ""], ["verify", "keys", "sign", "export"]),
    "an environment of a command of a group": (["secrets", "list", ""], ENVIRONMENTS),
    "an environment whose ledger is exported": (["ledger", "export", ""], ENVIRONMENTS),
    "nothing of what belongs to another program": (["exec", "dev", "--", "app", "de"], []),
    "no folder, of which shells know more": (["apply", "--project", ""], []),
    "nothing behind what is complete": (["plan", "dev", ""], []),
}


@pytest.mark.parametrize(("words", "expected"), LINES.values(), ids=LINES)
def test_completion_offers(offered: Offered, words: list[str], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_all_commands_are_offered(offered: Offered) -> None:
    assert sorted(offered("")) == sorted(COMMANDS)


def test_codes_to_explain_are_offered(offered: Offered) -> None:
    assert {"E321", "G102"} < set(offered("explain", ""))
    assert offered("explain", "G11") == ["G110", "G111", "G112", "G113", "G114"]


def test_options_of_all_commands_are_offered_behind_any(offered: Offered) -> None:
    shown = offered("apply", "dev", "--json", "--")
    assert {*FLAGS, "--project", "--no-verify"} - set(shown) == {"--json"}
    assert len(shown) == len(set(shown))
    assert set(FLAGS) < set(offered("--"))


def test_every_environment_argument_is_completed(offered: Offered) -> None:
    without = {
        "init",
        "fmt",
        "schema",
        "report",
        "release",
        "collect",
        "lock-providers",
        "secrets",
        "ledger",
        "approval",
    }
    without |= {"ci", "completion", "explain", "images", "sandbox", "terraform"}
    for command in COMMANDS.keys() - without:
        assert "prod" in offered(command, "") or command in {"promote", "eject"}, command


@pytest.mark.parametrize(
    ("environment", "said"), [("prod", "approvals = { peer = 1, business = 2 }"), ("staging", "approvals = {}")]
)
def test_usual_gates_are_offered_where_none_are_written(
    project: Path, offered: Offered, environment: str, said: str
) -> None:
    text = (project / "envctl.toml").read_text()
    (project / "envctl.toml").write_text(text.replace(said, ""))
    assert offered("approve", environment, "--gate", "") == ["peer", "business", "quality"]


def test_no_gates_are_offered_for_the_entry(offered: Offered) -> None:
    assert offered("approve", "dev", "--gate", "") == []


def test_project_option_is_respected_anywhere(
    project: Path, offered: Offered, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.fspath(project)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert offered("apply", "") == []
    assert offered("--project", there, "apply", "") == ENVIRONMENTS
    assert offered("apply", "--project", there, "") == ENVIRONMENTS
    assert offered(f"--project={there}", "apply", "") == ENVIRONMENTS


RELEASES = {
    "to be promoted": ["promote", "dev", "staging", "--release", ""],
    "to be shown": ["release", "show", ""],
    "to be approved": ["approve", "prod", "--release", ""],
    "to be asked about": ["why", "prod", "--release", ""],
    "to go back to": ["rollback", "dev", "--to", ""],
    "that is on hold": ["unlock", "dev", "--release", ""],
}


@pytest.mark.parametrize("words", RELEASES.values(), ids=RELEASES)
def test_releases_are_offered(project: Path, offered: Offered, words: list[str]) -> None:
    assert offered(*words) == []
    names = with_releases(project, 3)
    assert offered(*words) == names[::-1]
    assert offered(*words[:-1], names[0][:5]) == [names[0]]


def test_only_entries_after_checkpoint_are_read(project: Path, offered: Offered) -> None:
    names = with_releases(project, 3)
    ledger = project / ".envctl" / "store" / "ledger"
    last = sorted(ledger.iterdir())[-4]
    world = World()
    world.store.content = {
        f"ledger/{file.name}": file.read_bytes() for file in ledger.iterdir() if file.name <= last.name
    }
    kept = encode_state(journal.load(world.ports))
    laid_out(project / ".envctl" / "store", {f"checkpoints/{last.name}.gz": kept})
    for file in ledger.iterdir():
        if file.name <= last.name:
            file.write_text("nobody reads it")
    assert sorted(offered("rollback", "dev", "--to", "")) == sorted(names)


@pytest.mark.parametrize(
    ("store", "words", "home"),
    [
        ("s3://shop-store/x", ["rollback", "dev", "--to", ""], ".envctl"),
        ("s3://shop-envctl-store", ["--sandbox", "rollback", "dev", "--to", ""], ".envctl/sandbox"),
    ],
    ids=["in S3", "in the sandbox"],
)
def test_cached_releases_are_offered_for_remote_store(
    project: Path, offered: Offered, store: str, words: list[str], home: str
) -> None:
    with (project / "envctl.toml").open("a") as file:
        file.write('[store]\nurl = "s3://shop-store/x"\n')
    assert offered(*words) == []
    (project / home).mkdir(parents=True)
    add_known_releases(
        project / home, store, [b'{"event": {"kind": "release created", "release": "abcdef0123456789"}}']
    )
    assert offered(*words) == ["abcdef012345"]
    add_known_releases(project / home, "s3://another", [])
    (project / home / "known-releases.json").write_text("damaged")
    assert offered(*words) == []


def test_sandbox_store_has_the_expected_url() -> None:
    assert to_sandbox_project(load_project(project_files()["envctl.toml"])).store.url == "s3://shop-envctl-store"


def entry(release: str) -> bytes:
    return f'{{"event": {{"release": "{release}"}}}}'.encode()


def test_releases_are_cached_once_up_to_a_limit(tmp_path: Path) -> None:
    add_known_releases(tmp_path, "s3://a", map(entry, ("one", "two", "one")))
    add_known_releases(tmp_path, "s3://a", map(entry, ("two", "three")))
    assert load_known_releases(tmp_path, "s3://a") == ["one", "two", "three"]
    assert load_known_releases(tmp_path, "s3://b") == []
    add_known_releases(tmp_path, "s3://a", map(entry, map(str, range(2 * MAX_RELEASES))))
    assert load_known_releases(tmp_path, "s3://a") == [str(number) for number in range(MAX_RELEASES, 2 * MAX_RELEASES)]
    add_known_releases(tmp_path / "nowhere", "s3://a", [entry("one")])


def test_invalid_entries_name_no_release() -> None:
    assert find_release_names([b"", b"[]", b"{}", b'{"event": 3}', b'{"present": {"releases": [3]}}', b"\xff"]) == []


BROKEN = {
    "it is missing": None,
    "it is empty": b"",
    "it is no TOML": b"[pipeline\norder = ",
    "it is no text": b"\xff\xfe\x00",
    "it is a list where a table should be": b"pipeline = []\nenvironments = 3\nstacks = 'a'\nstore = 1\n",
    "its names are no text": b"[pipeline]\norder = [1, {}, []]\n[stacks.a]\nmodule = 3\n",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_nothing_is_offered_when(project: Path, offered: Offered, data: bytes | None) -> None:
    (project / "envctl.toml").unlink()
    if data is not None:
        (project / "envctl.toml").write_bytes(data)
    for words in (
        ["apply", ""],
        ["promote", "dev", ""],
        ["approve", "prod", "--gate", ""],
        ["output", "dev", ""],
        ["why", "prod", "--release", ""],
    ):
        assert offered(*words) == []


def test_name_unsafe_in_a_shell_is_not_offered(project: Path, offered: Offered) -> None:
    hostile = ["$(touch ran)", "`touch ran`", "a;touch ran", "a b", 'x\\";touch ran;', "-rf", "ok"]
    quoted = ", ".join(f"'''{name}'''" for name in hostile)
    (project / "envctl.toml").write_text(f"[pipeline]\norder = [{quoted}]\n")
    assert offered("apply", "") == ["ok"]


@pytest.mark.parametrize("instruction", ["complete_tcsh", "complete", "bash", "source_bash", ""])
def test_unknown_completion_instruction_prints_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], instruction: str
) -> None:
    monkeypatch.setenv("_ENVCTL_COMPLETE", instruction)
    assert run(["--version"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("" if instruction else said.out, "")


def answered(project: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "envctl"],
        cwd=project,
        env={"PATH": SYSTEM_PATH, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_zsh_gets_its_own_format(project: Path) -> None:
    asked = {"_ENVCTL_COMPLETE": "complete_zsh"}
    told = answered(project, **asked, _TYPER_COMPLETE_ARGS="envctl promote ")
    assert (told.stdout, told.stderr) == ('_arguments \'*: :(("dev"\n"staging"))\'\n', "")
    told = answered(project, **asked, _TYPER_COMPLETE_ARGS="envctl apply dev --pro")
    described = "The project\N{RIGHT SINGLE QUOTATION MARK}s folder. Default\\\\: this one, or the nearest above."
    assert told.stdout == f'_arguments \'*: :(("--project":"{described}"))\'\n'
    told = answered(project, **asked, _TYPER_COMPLETE_ARGS="envctl plan dev ")
    assert told.stdout == "_files\n"


def test_fish_gets_one_line_each_with_description(project: Path) -> None:
    asked = {"_ENVCTL_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": "envctl re"}
    told = answered(project, **asked, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert told.stdout.splitlines() == [
        "releases\tList the releases, and where they run.",
        "report\tWrite an HTML report: one file, without scripts.",
        "render\tShow root modules and Kubernetes objects.",
        "recover\tClose an interrupted deployment.",
        "review\tReview the use of a waiver.",
        "release\tShow one release: commit, content, environments.",
    ]
    assert answered(project, **asked, _TYPER_COMPLETE_FISH_ACTION="is-args").returncode == 0
    nothing = {**asked, "_TYPER_COMPLETE_ARGS": "envctl plan dev "}
    assert answered(project, **nothing, _TYPER_COMPLETE_FISH_ACTION="is-args").returncode == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_no_heavy_modules(project: Path, shell: str) -> None:
    heavy = ("boto3", "botocore", "pydantic", "rich", "obstore", "subprocess_of_terraform", "python_terraform")
    words = protocol(["promote", ""]) | {"_ENVCTL_COMPLETE": f"complete_{shell}"}
    words |= {"_TYPER_COMPLETE_ARGS": "envctl promote ", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    found, done = loaded([], heavy, project, words)
    assert "dev" in done.stdout
    assert (found, done.stderr.strip()) == (set(), "")


BASH = """
source <(envctl completion bash)
complete -p envctl
ask() { COMP_WORDS=(envctl "$@"); COMP_CWORD=$#; COMPREPLY=(); _envctl_completion envctl; echo "${COMPREPLY[*]}"; }
ask promote ''
ask promote dev ''
ask approve prod --gate b
ask plan dev ''
"""


def test_bash_itself_completes(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bin")
    (folder / "envctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m envctl "$@"\n')
    (folder / "envctl").chmod(0o755)
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        cwd=project,
        env={"PATH": f"{folder}:{SYSTEM_PATH}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "complete -o default -F _envctl_completion envctl",
        "dev staging",
        "staging",
        "business",
        "",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(project: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert run(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert f"_ENVCTL_COMPLETE=complete_{shell}" in said
    assert run(["completion", "tcsh"]) == 64


def test_project_above_is_completed(project: Path) -> None:
    below = project / "modules" / "network"
    asked = {"_ENVCTL_COMPLETE": "complete_bash", "COMP_WORDS": "envctl apply ", "COMP_CWORD": "2"}
    assert "dev" in answered(below, **asked).stdout.split()
