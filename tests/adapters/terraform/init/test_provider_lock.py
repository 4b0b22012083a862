"""The provider lock for all stacks and platforms, as real Terraform writes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.domain.errors import OperationFailedError
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.rendering import lockfile_root
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.provider_lock import list_constraints, read_hashes, read_version, split_provider_blocks
from envctl.usecases.ports.terraform import HashedProviders, PreparedStack
from tests import provider_start
from tests.adapters.terraform.conftest import Heard
from tests.faults.provider_mirror import ADDRESS, ProviderMirror, serve_provider_mirror

pytestmark = pytest.mark.terraform

OTHER = "example.com/acme/other"
LINUX, MAC, WINDOWS = "linux_amd64", "darwin_arm64", "windows_amd64"


class Bench:
    """Stacks with modules that each ask for providers, by their names and constraints."""

    def __init__(self, root: Path, mirror: ProviderMirror) -> None:
        self.mirror = mirror
        self.inherited = {"PATH": str(root / "bin"), "HOME": str(root), **mirror.surroundings}
        self.workspace = DirectoryWorkspace(root, root / ".envctl" / "work", "test")
        home, warm = root / ".envctl", provider_start.is_warm()
        self.driver = TerraformDriver(root, home, lambda _: self.inherited, Heard(), warm=warm)

    def lay(self, **stacks: dict[str, str]) -> None:
        code = {f"modules/{stack}/main.tf": File(module(asked).encode()) for stack, asked in stacks.items()}
        wired = {stack: StackWiring(module=f"modules/{stack}") for stack in stacks}
        wiring = Wiring(
            project="shop",
            terraform=">= 1.10",
            stacks=wired,
            artifacts={},
            schema=dict.fromkeys(stacks, ()),
            outputs={stack: {} for stack in stacks},
        )
        releases = {"": Release(wiring, code)}
        self.workspace.write_code(lockfile_root.ENVIRONMENT_NAME, lockfile_root.collect_code(releases))
        self.workspace.write_stack(
            lockfile_root.ENVIRONMENT_NAME, lockfile_root.STACK_NAME, lockfile_root.render_lockfile_root(releases, ())
        )

    def hashed(self, known: bytes, *platforms: str) -> HashedProviders:
        return self.driver.hash_providers(
            lockfile_root.ENVIRONMENT_NAME, PreparedStack(lockfile_root.STACK_NAME), known, platforms
        )


def module(asked: dict[str, str]) -> str:
    entries = "".join(f'    {n} = {{\n source = "example.com/acme/{n}"\n {v}\n}}\n' for n, v in asked.items())
    return f"terraform {{\n  required_providers {{\n{entries}  }}\n}}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        yield Bench(tmp_path / "project", mirror)


def test_one_version_satisfies_all_stacks_and_platforms(bench: Bench) -> None:
    bench.lay(web={"tiny": 'version = "~> 1.0"'}, jobs={"tiny": 'version = ">= 1.0, < 1.1"', "other": ""})
    found = bench.hashed(b"", LINUX, MAC)
    tiny = split_provider_blocks(found.lock)[ADDRESS]
    assert (read_version(tiny), list_constraints(tiny), len(read_hashes(tiny))) == (
        "1.0.0",
        [">= 1.0.0", "~> 1.0", "< 1.1.0"],
        2,
    )
    assert read_version(split_provider_blocks(found.lock)[OTHER]) == "2.0.0"
    assert found.needed == (OTHER, ADDRESS)
    assert found.lacking == {}


def test_locked_version_is_kept_and_unneeded_provider_removed(bench: Bench) -> None:
    bench.mirror.versions = ("1.0.0",)
    bench.lay(web={"tiny": "", "other": ""})
    before = bench.hashed(b"", LINUX).lock
    bench.mirror.versions = ("1.0.0", "1.1.0")
    bench.lay(web={"tiny": ""})
    found = bench.hashed(before, MAC)
    assert list(split_provider_blocks(found.lock)) == [ADDRESS]
    block = split_provider_blocks(found.lock)[ADDRESS]
    assert read_version(block) == "1.0.0"
    assert set(read_hashes(block)) > set(read_hashes(split_provider_blocks(before)[ADDRESS]))


def test_unavailable_platform_does_not_block_others(bench: Bench) -> None:
    bench.lay(web={"tiny": "", "other": ""})
    found = bench.hashed(b"", LINUX, WINDOWS, MAC)
    assert found.lacking == {ADDRESS: (WINDOWS,), OTHER: (WINDOWS,)}
    assert [len(read_hashes(block)) for block in split_provider_blocks(found.lock).values()] == [2, 2]


def refused(bench: Bench, known: bytes = b"") -> tuple[str, str, str]:
    with pytest.raises(OperationFailedError) as raised:
        bench.hashed(known, LINUX)
    (problem,) = raised.value.problems
    return problem.code, problem.message, problem.hint


def test_stacks_without_common_version_are_named(bench: Bench) -> None:
    bench.lay(web={"tiny": 'version = "~> 1.0"'}, jobs={"tiny": 'version = ">= 2.0"'}, any={"tiny": ""})
    code, message, _ = refused(bench)
    assert code == "E349"
    assert message.endswith("matches all stacks: jobs asks for >= 2.0.0; web asks for ~> 1.0")


def test_unsuitable_lock_names_the_stack(bench: Bench) -> None:
    bench.lay(web={"tiny": 'version = "~> 1.0"'})
    known = bench.hashed(b"", LINUX).lock
    bench.lay(web={"tiny": ""}, jobs={"tiny": 'version = ">= 2.0"'})
    upgrade = "envctl lock-providers --upgrade"
    pinned = f"the lock pins {ADDRESS} 1.1.0, but not all stacks accept it: jobs asks for >= 2.0.0"
    assert refused(bench, known) == ("E348", pinned, upgrade)
    bench.mirror.versions = ("2.0.0",)
    gone = f"{ADDRESS} 1.1.0 in the lock is not available from the provider source"
    bench.lay(web={"tiny": ""})
    assert refused(bench, known) == ("E348", gone, upgrade)


def test_partial_filesystem_mirror_is_used_for_its_providers(bench: Bench, tmp_path: Path) -> None:
    """`providers lock` heeds no configuration, and takes one place for all that it is asked for at once."""
    package = tmp_path / "folder" / OTHER / "3.0.0" / LINUX
    package.mkdir(parents=True)
    (package / "terraform-provider-other_v3.0.0").write_text("program")
    some = f'  filesystem_mirror {{\n    path = "{tmp_path}/folder"\n    include = ["{OTHER}"]\n  }}\n'
    rest = f'  network_mirror {{\n    url = "{bench.mirror.url}"\n  }}\n'
    Path(bench.inherited["TF_CLI_CONFIG_FILE"]).write_text(f"provider_installation {{\n{some}{rest}}}\n")
    bench.lay(web={"tiny": "", "other": ""})
    found = bench.hashed(b"", LINUX, MAC)
    assert {address: read_version(block) for address, block in split_provider_blocks(found.lock).items()} == {
        OTHER: "3.0.0",
        ADDRESS: "2.0.0",
    }
    assert found.lacking == {OTHER: (MAC,)}


def test_stacks_without_providers_have_an_empty_lock(bench: Bench) -> None:
    bench.lay(web={})
    found = bench.hashed(b"", LINUX)
    assert (found.needed, split_provider_blocks(found.lock)) == ((), {})
    assert bench.mirror.asked == 0
