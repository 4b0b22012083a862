"""How the code of modules is fetched: by the real Terraform, from a registry on loopback, from git, from an archive."""

import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
from envctl.adapters.terraform.modules.fetch import TerraformModules
from envctl.adapters.terraform.process.program_finder import ProgramFinder
from envctl.adapters.terraform.warm.package import FileHashes
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import ResolvedModule
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.variables import ModuleCall, Variable
from tests.module_registry import HOST, ModuleRegistry, commit_repository, serve_registry
from tests.programs import SYSTEM_PATH

pytestmark = pytest.mark.terraform

MAIN = "modules/network/main.tf"
NEEDED = Variable(
    name="cidr",
    type_text="string",
    has_default=False,
    default=None,
    nullable=False,
    sensitive=False,
    description="",
    location=Location(MAIN, 1),
)
WIRING = Wiring(
    project="shop",
    terraform="",
    stacks={"network": StackWiring(module="modules/network")},
    artifacts={},
    schema={"network": (NEEDED,)},
    outputs={},
)


class Bench:
    def __init__(self, root: Path, server: ModuleRegistry) -> None:
        self.root = root
        self.server = server
        self.environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(root),
            "TF_CLI_CONFIG_FILE": str(server.write_cli_config(root)),
            "TF_DATA_DIR": "/nowhere",
            "GOGC": "off",
        }
        self.remarks: list[str] = []
        self.modules = self.waiting(60)

    def waiting(self, patience: float) -> TerraformModules:
        surroundings = EnvironmentFilter(self.remarks.append)
        programs = ProgramFinder(self.root, lambda: None, FileHashes(self.root / "terraform.json").hash_file)
        return TerraformModules(
            self.root / "cache", lambda: self.environment, surroundings, programs, patience=patience
        )

    def fetch(
        self, code: str, known: Mapping[str, ResolvedModule] | None = None, modules: TerraformModules | None = None
    ) -> Mapping[str, ResolvedModule]:
        """Each call stands on a line of its own, and is called `a` on the first one, `b` on the next."""
        lines = code.splitlines()
        called_at = {f"network.{'abcdefghij'[at]}": Location(MAIN, at + 1) for at in range(len(lines))}
        files = {
            MAIN: File(code.encode()),
            "modules/network/variables.tf": File(b'variable "cidr" {}\n'),
            "modules/own/main.tf": File(b""),
        }
        return (modules or self.modules).fetch_modules("", Release(WIRING, files), known or {}, called_at)

    def fails(self, *sources: str, modules: TerraformModules | None = None) -> EnvctlError:
        code = "".join(f"{call('abcdefghij'[at], source)}\n" for at, source in enumerate(sources))
        with pytest.raises(EnvctlError) as raised:
            self.fetch(code, modules=modules)
        assert not list((self.root / "cache").glob("fetching-*"))
        return raised.value


def call(name: str, source: str) -> str:
    """A version stands behind a blank. HCL takes one argument in a block of one line."""
    address, _, version = source.partition(" ")
    if version:
        return f'module "{name}" {{\n  source = "{address}"\n  version = "{version}"\n}}'
    return f'module "{name}" {{ source = "{address}" }}'


def told(error: EnvctlError) -> list[tuple[str, int | None, str]]:
    return [
        (problem.code, problem.location.line if problem.location else None, problem.message)
        for problem in error.problems
    ]


@pytest.fixture
def server() -> Iterator[ModuleRegistry]:
    with serve_registry() as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: ModuleRegistry) -> Bench:
    return Bench(tmp_path, server)


VPC = {
    "main.tf": 'module "sub" {\n  source = "./modules/sub/"\n}\n',
    "modules/sub/main.tf": 'variable "x" {\n  default = 1\n}\n',
    "templates/a.tpl": "a",
    "tests/a.tftest.hcl": "left out",
}


def test_every_called_module_is_fetched_completely(bench: Bench) -> None:
    vpc = bench.server.publish_module("acme/vpc/aws", "5.1.0", VPC)
    bench.server.publish_module("acme/vpc/aws", "5.2.0", {"main.tf": "", "modules/sub/main.tf": ""})
    label = bench.root / "label"
    (label / "bin").mkdir(parents=True)
    (label / "bin" / "run.sh").write_text("#!/bin/sh\n")
    (label / "bin" / "run.sh").chmod(0o755)
    (label / "link.tf").symlink_to("inner/main.tf")
    commit_repository(
        label, {"main.tf": call("deep", f"{vpc}//modules/sub ~> 5.0"), "inner/main.tf": "", "tests/x/a.tf": ""}
    )
    found = bench.fetch(
        "\n".join(
            [
                call("vpc", f"{vpc} ~> 5.0, < 5.2"),
                call("label", f"git::file://{label}?ref=v1"),
                call("tested", f"git::file://{label}//tests/x?ref=v1"),
                call("own", "../own"),
            ]
        )
    )
    assert {key: (module.source, module.version, module.folder) for key, module in found.items()} == {
        "network.vpc": (vpc, "5.1.0", "."),
        "network.vpc.sub": ("./modules/sub", "", "modules/sub"),
        "network.label": (f"git::file://{label}?ref=v1", "", "."),
        "network.label.deep": (f"{vpc}//modules/sub", "5.2.0", "modules/sub"),
        "network.tested": (f"git::file://{label}//tests/x?ref=v1", "", "tests/x"),
        "network.own": ("../own", "", "modules/own"),
    }
    files = {key: sorted(module.package.files) for key, module in found.items() if module.package}
    assert files["network.vpc"] == ["main.tf", "modules/sub/main.tf", "templates/a.tpl"]
    assert files["network.label"] == ["bin/run.sh", "inner/main.tf", "link.tf", "main.tf"]
    assert files["network.tested"] == [*files["network.label"], "tests/x/a.tf"]
    package = found["network.label"].package
    assert package
    assert [name for name, file in package.files.items() if file.executable] == ["bin/run.sh"]
    assert found["network.own"].package is None
    assert found["network.vpc.sub"].package is found["network.vpc"].package


ALIASES = """
terraform {
  required_providers {
    aws  = { source = "hashicorp/aws", configuration_aliases = [aws.other] }
    dogs = { source = "acme/dogs", configuration_aliases = [dogs.eu, dogs.us] }
  }
}
"""


def test_module_with_aliases_is_fetched(bench: Bench) -> None:
    bench.server.publish_module("acme/vpc/aws", "5.1.0", {"main.tf": ""})
    wired = StackWiring(module="modules/network", providers={name: {} for name in ("aws.other", "dogs.eu", "dogs.us")})
    providers = {"dogs": {"source": "acme/dogs", "version": "~> 1.0"}}
    wiring = replace(WIRING, stacks={"network": wired}, providers=providers)
    code = call("a", f"{HOST}/acme/vpc/aws 5.1.0") + ALIASES + 'variable "cidr" {}\n'
    release = Release(wiring, {MAIN: File(code.encode())})
    found = bench.modules.fetch_modules("", release, {}, {"network.a": Location(MAIN, 1)})
    assert found["network.a"].version == "5.1.0"


def test_top_folder_of_archive_is_omitted(bench: Bench) -> None:
    bench.server.modules["acme/vpc/aws"] = {"5.1.0": {f"vpc-5.1.0/{name}": text for name, text in VPC.items()}}
    found = bench.fetch(call("a", f"{bench.server.url}/archives/acme/vpc/aws/5.1.0.tar.gz//*?archive=tar.gz"))
    assert {key: module.folder for key, module in found.items()} == {"network.a": ".", "network.a.sub": "modules/sub"}
    assert {key: module.top for key, module in found.items()} == {"network.a": "vpc-5.1.0", "network.a.sub": ""}
    address = ModuleCall("a", "acme/vpc/aws", Location(MAIN), "5.1.0")
    bench.modules.save_cached("", address, found["network.a"])
    assert bench.modules.load_cached("", address) == found["network.a"]
    again = bench.fetch(call("a", f"{bench.server.url}/archives/acme/vpc/aws/5.1.0.tar.gz//*?archive=tar.gz"), found)
    assert again == found
    package = found["network.a"].package
    assert package
    assert sorted(package.files) == ["main.tf", "modules/sub/main.tf", "templates/a.tpl"]


def test_cached_module_is_not_fetched_but_its_ranges(bench: Bench) -> None:
    vpc = bench.server.publish_module(
        "acme/vpc/aws", "5.1.0", {**VPC, "more.tf": call("label", f"{HOST}/acme/label/null")}
    )
    bench.server.publish_module("acme/label/null", "1.0.0", {"main.tf": ""})
    first = bench.fetch(call("a", f"{vpc} 5.1.0"))
    bench.modules.save_cached("", ModuleCall("a", vpc, Location(MAIN), "5.1.0"), first["network.a"])
    kept = bench.modules.load_cached("", ModuleCall("other", vpc, Location(MAIN), "5.1.0"))
    assert kept == first["network.a"]
    bench.server.asked.clear()
    bench.server.publish_module("acme/label/null", "1.1.0", {"main.tf": ""})
    again = bench.fetch(call("a", f"{vpc} 5.1.0"), {"network.a": kept})
    assert not [path for path in bench.server.asked if "vpc" in path]
    assert again["network.a"] == first["network.a"]
    assert again["network.a.sub"] == first["network.a.sub"]
    assert [each["network.a.label"].version for each in (first, again)] == ["1.0.0", "1.1.0"]


def test_every_unavailable_address_is_reported_with_its_line(bench: Bench) -> None:
    vpc = bench.server.publish_module("acme/vpc/aws", "5.1.0", VPC)
    commit_repository(
        bench.root / "label", {"main.tf": "", "nested/main.tf": call("gone", f"git::file://{bench.root}/gone")}
    )
    label = f"git::file://{bench.root}/label"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/vpc.zip"
    wrong = bench.fails(
        f"{HOST}/acme/unknown/aws",
        f"{vpc}//nowhere",
        f"{label}?ref=v7",
        f"{label}//nested",
        f"{label}//nowhere",
        f"git::file://{bench.root}/gone",
        f"{bench.server.url}/gone.zip",
        nobody,
        "git::https://ann:secret@127.0.0.1:1/label.git",
    )
    assert isinstance(wrong, OperationFailedError)
    found = sorted(told(wrong), key=lambda each: each[1] or 0)
    assert [(code, line) for code, line, _ in found] == [
        ("E341", 1),
        ("E342", 2),
        ("E342", 3),
        ("E342", 4),
        ("E342", 5),
        ("E342", 6),
        ("E342", 7),
        ("E340", 8),
        ("E340", 9),
    ]
    messages = [message for _, _, message in found]
    assert messages[0].startswith("network.a: Module not found: ")
    assert messages[2] == 'network.c: Failed to download module: invalid ref: "v7"'
    assert messages[3].startswith("network.d.gone: Failed to download module: ")
    assert messages[6] == "network.g: Failed to download module: bad response code: 404"
    assert not [message for message in messages if "secret" in message or "\n" in message]


def test_unknown_version_is_reported(bench: Bench) -> None:
    vpc = bench.server.publish_module("acme/vpc/aws", "5.1.0", VPC)
    ((code, line, message),) = told(bench.fails(f"{vpc} 6.0.0"))
    assert (code, line) == ("E341", 1)
    assert message.endswith("The newest available version is 5.1.0")


def test_invalid_address_is_a_configuration_error(bench: Bench) -> None:
    wrong = bench.fails("vpc")
    assert isinstance(wrong, ConfigurationError)
    assert [(code, line) for code, line, _ in told(wrong)] == [("E111", 1)]


def test_missing_git_is_reported(bench: Bench) -> None:
    bench.environment["PATH"] = "/nowhere"
    (problem,) = bench.fails("git::file:///srv/label").problems
    assert (problem.code, problem.location) == ("E342", Location(MAIN, 1))
    assert problem.message.endswith("git must be available and on the PATH")
    assert problem.hint.startswith("install it")


def test_other_terraform_error_is_reported_with_line(bench: Bench) -> None:
    with pytest.raises(OperationFailedError) as raised:
        bench.fetch(call("a", "git::file:///gone") + '\nresource "x" {}\n')
    assert [(problem.code, problem.location) for problem in raised.value.problems] == [("E305", Location(MAIN, 2))]


STRAY = {
    "a file of this machine": ("/etc/passwd", "link"),
    "a folder above": ("../..", "deep/link"),
}


@pytest.mark.parametrize(("target", "link"), STRAY.values(), ids=STRAY)
def test_link_out_of_the_module_is_refused(bench: Bench, target: str, link: str) -> None:
    label = bench.root / "label"
    (label / link).parent.mkdir(parents=True, exist_ok=True)
    (label / link).symlink_to(target)
    (label / "tests").mkdir()
    (label / "tests" / "link").symlink_to("/etc/passwd")
    commit_repository(label, {"main.tf": ""})
    ((code, line, message),) = told(bench.fails(f"git::file://{label}"))
    assert (code, line) == ("E343", 1)
    assert message == f"network.a: in its code, {link} is a link to a place outside, or to itself"


def test_local_folder_outside_of_project_is_refused(bench: Bench) -> None:
    commit_repository(bench.root / "label", {"main.tf": call("inner", "./inner"), "inner/main.tf": ""})
    ((code, line, message),) = told(bench.fails(str(bench.root / "label")))
    assert (code, line) == ("E343", 1)
    assert message == "network.a takes its code from a folder of this machine outside the project"


def test_endless_module_recursion_is_refused(bench: Bench) -> None:
    label = bench.root / "label"
    commit_repository(label, {"main.tf": call("again", f"git::file://{label}")})
    ((code, line, message),) = told(bench.fails(f"git::file://{label}"))
    assert (code, line) == ("E342", 1)
    assert message.startswith("modules call each other in a circle: network.a.again.again")


def test_silent_server_is_waited_for_with_timeout(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/vpc.zip"
        begun = time.monotonic()
        ((code, line, message),) = told(bench.fails(url, modules=bench.waiting(0.5)))
    assert time.monotonic() - begun < 30
    assert (code, line) == ("E340", 1)
    assert message.endswith("while it fetched network.a")


def test_unwritable_cache_is_reported(bench: Bench) -> None:
    (bench.root / "cache").write_text("in the way")
    with pytest.raises(OperationFailedError) as raised:
        bench.fetch(call("a", "git::file:///gone"))
    assert [problem.code for problem in raised.value.problems] == ["E406"]


def test_damaged_cache_entry_is_ignored(bench: Bench) -> None:
    label = bench.root / "label"
    commit = commit_repository(label, {"main.tf": "", "run.sh": ""})
    address = ModuleCall("a", f"git::file://{label}?ref={commit}", Location(MAIN))
    found = bench.fetch(call("a", address.source))["network.a"]
    bench.modules.save_cached("", address, found)
    shutil.rmtree(label)
    assert bench.modules.load_cached("", address) == found
    assert bench.modules.load_cached("", ModuleCall("a", address.source, Location(MAIN), "1")) is None
    (kept,) = (bench.root / "cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:-30])
    assert bench.modules.load_cached("", address) is None


def test_remains_of_killed_fetches_are_removed(bench: Bench) -> None:
    commit_repository(bench.root / "label", {"main.tf": ""})
    left, others = bench.root / "cache" / "fetching-old", bench.root / "cache" / "fetching-new"
    for folder in (left, others):
        (folder / "root").mkdir(parents=True)
    os.utime(left, (0, 0))
    bench.fetch(call("a", f"git::file://{bench.root}/label"))
    assert list((bench.root / "cache").iterdir()) == [others]
