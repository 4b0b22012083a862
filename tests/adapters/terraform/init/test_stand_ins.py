"""Init with stand-ins ends as an init with the packages does: real Terraform, both ways, compared on the disk."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.init.package_hash import hash_package
from envctl.adapters.terraform.init.plugin_cache import parse_pinned
from envctl.adapters.terraform.init.stand_ins import StandIns, hash_stand_in, remove_stand_ins
from envctl.adapters.terraform.process.binary import find_embedded
from envctl.domain.errors import EnvctlError
from envctl.domain.terraform.provider_lock import merge_locks, split_provider_blocks
from envctl.domain.terraform.workdir_names import INIT_STAMP, LOCK_FILE
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Heard
from tests.adapters.terraform.init.test_install import WITH, Bench
from tests.faults.provider_mirror import ADDRESS, LOCAL_PLATFORM, serve_provider_mirror

pytestmark = pytest.mark.terraform

OTHER = "example.com/acme/other"
COMPARED = "comparison of packages"
NESTED = """
module "inner" {{
  source = "./inner"
}}
terraform {{
  required_providers {{
    tiny = {{
      source  = "{0}"
      version = "{1}"
    }}
    other = {{
      source = "{2}"
    }}
  }}
}}
"""
STATE = """{{
  "version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "3e1d", "outputs": {{}},
  "resources": [{{
    "mode": "managed", "type": "other_thing", "name": "left", "provider": "provider[\\"{0}\\"]",
    "instances": [{{"schema_version": 0, "attributes": {{"id": "1"}}}}]
  }}]
}}"""
CODE = {
    "one": WITH.format(ADDRESS, "~> 1.0"),
    "two": NESTED.format(ADDRESS, ">= 1.0, < 1.2", OTHER),
    "newer": WITH.format(ADDRESS, "~> 2.0"),
    "none": 'resource "terraform_data" "this" {}\n',
}


class Spans:
    """A trace that keeps the names of its spans."""

    def __init__(self) -> None:
        self.names: list[str] = []

    @contextmanager
    def span(self, name: str, lane: str = "") -> Iterator[None]:
        self.names.append(name)
        yield

    def record_value(self, name: str, value: float) -> None: ...


class Lab:
    """The stacks of CODE, in two environments: dev is for stand-ins, staging for the ordinary init."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.spans = Spans()
        self.heard = Heard()
        self.drivers = {"dev": self._create_driver(warm=True), "staging": self._create_driver(warm=False)}
        bench.init("two")
        # As the lock of a project is: of several stacks, with a line of envctl.
        self.lock = merge_locks(None, bench.lock("two"))

    def _create_driver(self, *, warm: bool) -> TerraformDriver:
        root, inherited = self.bench.root, self.bench.inherited
        return TerraformDriver(root, root / ".envctl", lambda _: inherited, self.heard, trace=self.spans, warm=warm)

    def folder(self, environment: str, stack: str) -> Path:
        return self.bench.root / ".envctl" / "work" / environment / stack

    def init(self, environment: str, stack: str, lock: bytes | None = None) -> Mapping[str, bytes]:
        """Initialize a stack that was never initialised, and return what is in its folder then."""
        folder = self.folder(environment, stack)
        for name in (".terraform", ".plugins"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / INIT_STAMP).unlink(missing_ok=True)
        self.drivers[environment].init(environment, PreparedStack(stack), lock or self.lock)
        return read_tree(folder)

    def refuse(self, environment: str, stack: str, lock: bytes) -> str:
        with pytest.raises(EnvctlError) as raised:
            self.init(environment, stack, lock)
        return "\n".join(f"{each.code} {each.message}" for each in raised.value.problems).replace("staging", "dev")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        bench = Bench(tmp_path / "project", mirror, CODE)
        for environment in ("dev", "staging"):
            inner = bench.root / ".envctl" / "work" / environment / ".code" / "modules" / "two" / "inner"
            inner.mkdir()
            (inner / "main.tf").write_text(WITH.format(ADDRESS, "!= 1.0.0"))
        yield Lab(bench)


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return the files by name: the content of a file, and the aim of a link."""
    found: dict[str, bytes] = {}
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            name = os.fspath(path.relative_to(folder))
            if path.is_symlink():
                found[name] = os.fsencode(path.readlink())
            elif path.is_file() and name not in (INIT_STAMP, ".running", "main.tf.json"):
                found[name] = path.read_bytes().replace(b"staging", b"dev")
    return found


@pytest.mark.parametrize("stack", ["one", "two"])
def test_init_with_stand_ins_leaves_the_same_files(lab: Lab, stack: str) -> None:
    found = lab.init("dev", stack)
    assert lab.spans.names == [COMPARED, "init"]
    wanted = lab.init("staging", stack)
    # The backend has the path of its state, and so its own hash.
    record = ".terraform/terraform.tfstate"
    assert found.keys() == wanted.keys()
    assert {name: each for name, each in found.items() if name != record} == {
        name: each for name, each in wanted.items() if name != record
    }
    assert found[f".terraform/providers/{ADDRESS}/1.1.0/{LOCAL_PLATFORM}"] == os.fsencode(
        lab.bench.plugins / ADDRESS / "1.1.0" / LOCAL_PLATFORM
    )
    assert lab.bench.mirror.fetched == {f"{name} {v} {LOCAL_PLATFORM}": 1 for name, v in FETCHED.items()}


FETCHED = {"tiny": "1.1.0", "other": "2.0.0"}


def test_lock_keeps_hashes_of_all_platforms(lab: Lab) -> None:
    zipped = b'    "zh:' + b"ab" * 32 + b'",\n'
    lab.lock = lab.lock.replace(b"  ]\n", zipped + b"  ]\n")
    assert lab.init("dev", "two")[LOCK_FILE] == lab.init("staging", "two")[LOCK_FILE]
    assert lab.init("dev", "one")[LOCK_FILE] == lab.init("staging", "one")[LOCK_FILE]
    assert lab.spans.names[:2] == [COMPARED, "init"]


def test_refused_version_is_refused_in_the_same_words(lab: Lab) -> None:
    assert "does not match configured version constraint ~> 2.0" in lab.refuse("dev", "newer", lab.lock)
    assert lab.spans.names == [COMPARED, "init", "init", "init"]
    assert lab.refuse("dev", "newer", lab.lock) == lab.refuse("staging", "newer", lab.lock)
    locks = [(lab.folder(each, "newer") / LOCK_FILE).read_bytes() for each in ("dev", "staging")]
    assert locks[0] == locks[1]


def test_provider_missing_in_the_lock_is_fetched(lab: Lab) -> None:
    lock = lab.lock.replace(split_provider_blocks(lab.lock)[OTHER], b"")
    found = lab.init("dev", "two", lock)
    assert lab.spans.names == [COMPARED, "init", "init", "init"]
    assert OTHER in split_provider_blocks(found[LOCK_FILE])
    assert found[LOCK_FILE] == lab.init("staging", "two", lock)[LOCK_FILE]


def test_provider_of_the_state_alone_is_installed(lab: Lab) -> None:
    for environment in ("dev", "staging"):
        file = lab.bench.root / ".envctl" / "state" / environment / "one.tfstate"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STATE.format(OTHER))
    found, wanted = lab.init("dev", "one"), lab.init("staging", "one")
    assert OTHER in split_provider_blocks(found[LOCK_FILE])
    assert found[LOCK_FILE] == wanted[LOCK_FILE]
    assert found.keys() == wanted.keys()


def test_stand_ins_of_killed_init_are_removed(lab: Lab) -> None:
    lab.init("dev", "one")
    folder = lab.folder("dev", "one")
    package = folder / ".terraform" / "providers" / ADDRESS / "1.1.0" / LOCAL_PLATFORM
    (tiny,) = (each for each in parse_pinned((folder / LOCK_FILE).read_bytes()) if each.address == ADDRESS)
    lock = StandIns((folder / LOCK_FILE).read_bytes(), {tiny: package}, folder).build_lock()
    (folder / LOCK_FILE).write_bytes(lock)
    (folder / INIT_STAMP).unlink()
    package.unlink()
    package.mkdir()
    (package / "terraform-provider-tiny").touch()
    assert hash_package(package) == hash_stand_in(ADDRESS)
    with pytest.raises(EnvctlError):
        # The provider does nothing but end.
        lab.drivers["dev"].plan("dev", PreparedStack("one"))
    assert (folder / LOCK_FILE).read_bytes() == remove_stand_ins(lock) != lock
    assert package.is_symlink()


def test_changed_package_is_found_and_fetched_again(lab: Lab) -> None:
    package = lab.bench.plugins / ADDRESS / "1.1.0" / LOCAL_PLATFORM
    program = package / "terraform-provider-tiny_v1.1.0"
    status = program.stat()
    program.write_bytes(program.read_bytes()[:-2] + b"!\n")
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))
    lab.init("dev", "one")
    assert "ordinary init: the package of example.com/acme/tiny does not match the lock" in lab.spans.names
    assert hash_package(package) in split_provider_blocks(lab.lock)[ADDRESS].decode()


def test_unusual_lock_takes_the_ordinary_init(lab: Lab) -> None:
    lab.lock = lab.lock.replace(b"  hashes = [\n", b"  # by hand\n  hashes = [\n")
    lab.init("dev", "one")
    assert lab.spans.names == ["init"]


def test_script_as_terraform_takes_the_ordinary_init(lab: Lab) -> None:
    program = lab.bench.root / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(find_embedded())} "$@"\n')
    program.chmod(0o755)
    lab.init("dev", "one")
    assert lab.spans.names == [COMPARED, "ordinary init: the program is a script", "init"]
