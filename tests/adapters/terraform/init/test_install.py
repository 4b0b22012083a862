"""Providers are installed once: real Terraform, many stacks and processes on one plugin cache, and what goes wrong."""

import json
import multiprocessing
import os
import resource
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.init.package_hash import hash_package
from envctl.adapters.terraform.init.plugin_cache import remove_path
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.domain.errors import OperationFailedError
from envctl.domain.release.bundle import File
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.remote_modules import encode_module_record, to_record_entry
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.provider_lock import read_hashes, split_provider_blocks
from envctl.domain.terraform.workdir_names import INIT_STAMP as STAMP
from envctl.domain.terraform.workdir_names import LOCK_FILE, PLUGIN_VIEW_FOLDER
from envctl.usecases.ports.terraform import PreparedStack
from tests import provider_start
from tests.adapters.terraform.conftest import Heard
from tests.faults.provider_mirror import ADDRESS, LOCAL_PLATFORM, ProviderMirror, serve_provider_mirror
from tests.modules.aws6 import provider

pytestmark = pytest.mark.terraform

NAMES = tuple(f"stack{number}" for number in range(6))
PACKAGE = f"{ADDRESS}/1.1.0/{LOCAL_PLATFORM}"
PROGRAM = "terraform-provider-tiny_v1.1.0"
WITH = """
terraform {{
  required_providers {{
    tiny = {{
      source  = "{0}"
      version = "{1}"
    }}
  }}
}}
"""
FETCHED = f"tiny 1.1.0 {LOCAL_PLATFORM}"
SECONDS = 30


class Bench:
    """Stacks that need a provider which does nothing, in the environments dev and staging."""

    def __init__(self, root: Path, mirror: ProviderMirror, code: Mapping[str, str]) -> None:
        self.root = root
        self.mirror = mirror
        self.heard = Heard()
        self.inherited = {"PATH": str(root / "bin"), "HOME": str(root), **mirror.surroundings}
        self.driver = driver(root, self.inherited, self.heard)
        self.workspace = DirectoryWorkspace(root, root / ".envctl" / "work", "test")
        self.plugins = root / ".envctl" / "cache" / "plugins"
        stacks = {name: StackWiring(module=f"modules/{name}") for name in code}
        wiring = Wiring(
            project="shop",
            terraform=">= 1.10",
            stacks=stacks,
            artifacts={},
            schema=dict.fromkeys(code, ()),
            outputs={name: {} for name in code},
        )
        for environment in ("dev", "staging"):
            files = {f"modules/{name}/main.tf": File(text.encode()) for name, text in code.items()}
            self.workspace.write_code(environment, files)
            for name in code:
                root_module = render_root_module(
                    wiring, name, Place(environment=environment, backend=Backend("local", {}, environment)), {}
                )
                self.workspace.write_stack(environment, name, root_module.encode())

    def directory(self, stack: str = "stack0") -> Path:
        return self.root / ".envctl" / "work" / "dev" / stack

    def init(self, stack: str = "stack0", lock: bytes | None = None, environment: str = "dev") -> None:
        self.driver.init(environment, PreparedStack(stack), lock)

    def asks(self, stack: str = "stack0") -> bool:
        """Something for which Terraform looks at the providers, and starts none."""
        return self.driver.has_state("dev", PreparedStack(stack))

    def lock(self, stack: str = "stack0") -> bytes:
        return self.workspace.read_provider_lock("dev", stack) or b""

    def whole(self) -> bool:
        """Whether the package in the cache is what the lock pins."""
        return hash_package(self.plugins / PACKAGE) in read_hashes(split_provider_blocks(self.lock())[ADDRESS])

    def inits(self) -> int:
        return self.heard.phases().count("init")


def driver(root: Path, inherited: Mapping[str, str], heard: Heard) -> TerraformDriver:
    return TerraformDriver(root, root / ".envctl", lambda _: inherited, heard, warm=provider_start.is_warm())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        yield Bench(tmp_path / "project", mirror, dict.fromkeys(NAMES, WITH.format(ADDRESS, "~> 1.0")))


@pytest.fixture
def locked(bench: Bench) -> tuple[Bench, bytes]:
    """One stack is initialised, and so the versions are known; nothing was counted yet."""
    bench.init()
    lock = bench.lock()
    bench.mirror.fetched.clear()
    bench.mirror.asked = 0
    return bench, lock


def test_cached_provider_is_linked_without_network(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    bench.init("stack1", lock)
    bench.init("stack0", lock, "staging")
    assert bench.mirror.asked == 0
    assert bench.lock("stack1") == lock
    installed = bench.directory("stack1") / ".terraform" / "providers" / PACKAGE
    assert installed.resolve() == (bench.plugins / PACKAGE).resolve()
    assert bench.asks("stack1") is False
    assert bench.inits() == 3


def test_second_init_is_skipped_unless_something_is_missing(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    gone = (
        PLUGIN_VIEW_FOLDER,
        ".terraform/providers",
        ".terraform/modules",
        ".terraform/terraform.tfstate",
        ".terraform",
        LOCK_FILE,
    )
    for number, what in enumerate(gone, start=2):
        bench.init(lock=lock)
        assert bench.inits() == number - 1
        remove_path(bench.directory() / what)
        bench.init(lock=lock)
        assert bench.inits() == number, what
        assert bench.asks() is False
    assert bench.mirror.asked == 0


def test_emptied_cache_is_filled_again(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    shutil.rmtree(bench.plugins)
    bench.init(lock=lock)
    bench.init("stack1", lock)
    assert bench.mirror.fetched == {FETCHED: 1}
    assert bench.asks() is bench.asks("stack1") is False


def test_six_concurrent_inits_fetch_provider_once(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    shutil.rmtree(bench.plugins)
    bench.mirror.package_seconds = 0.3
    at_once(bench, lock, "dev")
    assert bench.mirror.fetched == {FETCHED: 1}
    assert bench.whole()


def at_once(bench: Bench, lock: bytes, environment: str) -> None:
    """Every stack, each in a thread; raises what went wrong in any."""
    failed: list[BaseException] = []

    def init(name: str) -> None:
        try:
            bench.init(name, lock, environment)
        except BaseException as error:  # noqa: BLE001 (it is told by the thread that waits)
            failed.append(error)

    threads = [threading.Thread(target=init, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def in_a_process(root: Path, inherited: Mapping[str, str], environment: str, lock: bytes) -> None:
    """All stacks of an environment, as an envctl of its own would."""
    failed = []

    def init(name: str) -> None:
        try:
            driver(root, inherited, Heard()).init(environment, PreparedStack(name), lock)
        except BaseException as error:  # noqa: BLE001 (it is told by the exit code)
            failed.append(error)

    threads = [threading.Thread(target=init, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(len(failed))


@contextmanager
def another_envctl(bench: Bench, environment: str, lock: bytes) -> Iterator[multiprocessing.context.SpawnProcess]:
    arguments = (bench.root, bench.inherited, environment, lock)
    process = multiprocessing.get_context("spawn").Process(target=in_a_process, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.night
@pytest.mark.slow
def test_two_processes_on_cold_cache_fetch_once(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    shutil.rmtree(bench.plugins)
    shutil.rmtree(bench.directory() / ".terraform")
    bench.mirror.package_seconds = 1.0
    with another_envctl(bench, "dev", lock) as one, another_envctl(bench, "staging", lock) as other:
        one.join(SECONDS)
        other.join(SECONDS)
        assert (one.exitcode, other.exitcode) == (0, 0)
    assert bench.mirror.fetched == {FETCHED: 1}
    assert bench.whole()
    assert bench.asks("stack5") is False


@pytest.mark.slow
def test_killed_download_leaves_no_complete_package(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    shutil.rmtree(bench.plugins)
    bench.mirror.package_seconds = 5.0
    with another_envctl(bench, "staging", lock) as killed:
        wait_for(lambda: bench.mirror.asked >= 3)
        killed.kill()
    for file in (bench.root / ".envctl" / "work" / "staging").glob("*/.running"):
        if file.read_text().strip().isdecimal():
            # Terraform itself goes too: it would go on alone, into a folder that nobody looks at.
            with_its_group(int(file.read_text()))
    assert not (bench.plugins / PACKAGE).exists()
    bench.mirror.package_seconds = 0.0
    bench.init(lock=lock)
    assert bench.whole()
    assert bench.mirror.fetched[FETCHED] >= 1
    at_once(bench, lock, "staging")


def with_its_group(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def truncate(package: Path) -> None:
    os.truncate(package / PROGRAM, 10)


def alter(package: Path) -> None:
    """Nothing of it can be seen from outside."""
    status = (package / PROGRAM).stat()
    (package / PROGRAM).write_bytes((package / PROGRAM).read_bytes()[:-2] + b"!\n")
    os.utime(package / PROGRAM, ns=(status.st_atime_ns, status.st_mtime_ns))


def empty(package: Path) -> None:
    (package / PROGRAM).unlink()


def add(package: Path) -> None:
    (package / "half").write_text("of another one")


DAMAGES: tuple[Callable[[Path], object], ...] = (truncate, alter, empty, add, shutil.rmtree)


@pytest.mark.parametrize(
    "damages",
    [pytest.param((alter, add, shutil.rmtree), id="some"), pytest.param(DAMAGES, id="all", marks=pytest.mark.night)],
)
def test_damaged_package_is_removed_and_fetched_again(
    locked: tuple[Bench, bytes], damages: tuple[Callable[[Path], object], ...]
) -> None:
    bench, lock = locked
    bench.init("stack1", lock)
    for number, damage in enumerate(damages, start=1):
        bench.heard.messages.clear()
        damage(bench.plugins / PACKAGE)
        # Whoever asks notices it, initialises again, and asks once more.
        assert bench.asks() is False
        assert bench.whole()
        assert bench.mirror.fetched == {FETCHED: number}, damage
        told = [said for said in bench.heard.messages if "does not match the lock" in said]
        assert len(told) == (0 if damage is shutil.rmtree else 1), damage
        bench.init("stack1", lock)
        assert bench.asks("stack1") is False
        assert bench.mirror.fetched == {FETCHED: number}, damage


@pytest.mark.night
def test_damage_found_by_terraform_is_fetched_again(locked: tuple[Bench, bytes]) -> None:
    """Nobody has used it since, and what is remembered of it speaks for it."""
    bench, lock = locked
    alter(bench.plugins / PACKAGE)
    bench.init("stack1", lock)
    assert bench.whole()
    assert bench.mirror.fetched == {FETCHED: 1}
    assert [said for said in bench.heard.messages if "does not match the lock" in said]


def test_running_provider_survives_package_replacement(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    program = bench.plugins / PACKAGE / PROGRAM
    with program.open("rb") as running:
        before = running.read(10)
        (bench.plugins / PACKAGE / "half").write_text("damaged")
        bench.init(lock=lock)
        assert bench.inits() == 2
        running.seek(0)
        assert running.read(10) == before
        assert os.fstat(running.fileno()).st_ino != program.stat().st_ino


@pytest.mark.night
def test_lock_without_hash_for_this_platform_fetches(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    foreign = lock.replace(read_hashes(split_provider_blocks(lock)[ADDRESS])[0].encode(), b"zh:" + b"0" * 64)
    with pytest.raises(OperationFailedError) as raised:
        bench.init("stack1", foreign)
    # Nothing that was fetched fits it, and what others use stays.
    (problem,) = raised.value.problems
    assert problem.code == "E347"
    assert bench.whole()
    bench.init("stack1", lock)
    assert bench.mirror.fetched == {FETCHED: 1}


@pytest.mark.night
def test_init_without_lock_keeps_the_cached_package(locked: tuple[Bench, bytes]) -> None:
    bench, _ = locked
    before = (bench.plugins / PACKAGE / PROGRAM).stat().st_ino
    bench.init("stack1")
    assert bench.mirror.fetched == {FETCHED: 1}
    assert (bench.plugins / PACKAGE / PROGRAM).stat().st_ino == before
    assert (bench.directory("stack1") / PLUGIN_VIEW_FOLDER / PACKAGE).is_symlink()


def test_full_disk_is_reported_and_leaves_no_files(locked: tuple[Bench, bytes]) -> None:
    bench, _ = locked
    shutil.rmtree(bench.plugins)
    bench.mirror.package_bytes = 1 << 20
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, before[1]))
    try:
        with pytest.raises(OperationFailedError) as raised:
            bench.init("stack1", None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (problem,) = raised.value.problems
    assert problem.code == "E346"
    assert "is full: file too large" in problem.message
    assert "TF_PLUGIN_CACHE_DIR" in problem.hint
    assert not (bench.directory("stack1") / PLUGIN_VIEW_FOLDER).exists()
    assert not (bench.directory("stack1") / STAMP).exists()
    assert not (bench.plugins / PACKAGE).exists()
    bench.init("stack1", None)
    assert bench.asks("stack1") is False


def test_plugin_cache_of_user_is_used_with_locks(locked: tuple[Bench, bytes], tmp_path: Path) -> None:
    bench, lock = locked
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    bench.inherited["TF_PLUGIN_CACHE_DIR"] = str(theirs)
    bench.driver = driver(bench.root, bench.inherited, bench.heard)
    bench.init("stack1", lock)
    assert (theirs / PACKAGE / PROGRAM).is_file()
    assert (theirs / ".envctl" / "locks").is_dir()
    bench.init("stack2", lock)
    assert bench.mirror.fetched == {FETCHED: 1}


@pytest.mark.night
def test_stack_without_plugin_cache_installs_its_own_provider(locked: tuple[Bench, bytes]) -> None:
    bench, lock = locked
    bench.inherited["TF_PLUGIN_CACHE_DIR"] = ""
    bench.driver = driver(bench.root, bench.inherited, bench.heard)
    bench.init("stack1", lock)
    assert (bench.directory("stack1") / ".terraform" / "providers" / PACKAGE / PROGRAM).is_file()
    assert not (bench.directory("stack1") / ".terraform" / "providers" / PACKAGE).is_symlink()


USED = """
resource "terraform_data" "this" {
  input = "here"
}
"""
SCHEMAS: dict[str, object] = {
    "provider_schemas": {
        ADDRESS: {
            "provider": {"block": {"attributes": {}, "block_types": {}}},
            "resource_schemas": {},
            "data_source_schemas": {},
        }
    }
}


@pytest.mark.slow
def test_plan_and_apply_repair_a_damaged_cache(tmp_path: Path) -> None:
    """With a provider that can be started: whoever plans wants to know what it offers."""
    schemas = tmp_path / "schemas.json"
    schemas.write_text(json.dumps(SCHEMAS))
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        mirror.program = shlex.join(["exec", sys.executable, provider.__file__, str(schemas)])
        bench = Bench(tmp_path / "project", mirror, {"stack0": WITH.format(ADDRESS, "~> 1.0") + USED})
        bench.init()
        truncate(bench.plugins / PACKAGE)
        assert bench.driver.plan("dev", PreparedStack("stack0")).changes
        truncate(bench.plugins / PACKAGE)
        bench.driver.apply("dev", PreparedStack("stack0"))
        truncate(bench.plugins / PACKAGE)
        bench.driver.refresh_state("dev", PreparedStack("stack0"))
        assert not bench.driver.plan("dev", PreparedStack("stack0")).changes
        assert mirror.fetched == {FETCHED: 4}


CALLING = """
module "here" {
  source = "git::https://example.com/here.git"
}

module "there" {
  source = "git::https://example.com/there.git"
}
"""


def test_bundled_modules_are_not_fetched(tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / "main.tf").write_text("")
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        bench = Bench(tmp_path / "project", mirror, {"stack0": CALLING})
        own = "../.code/modules/stack0"
        entries = [to_record_entry("", "", "", "."), to_record_entry("stack0", own, "", own)]
        with pytest.raises(OperationFailedError, match="Failed to download module"):
            bench.init()
        for name in ("here", "there"):
            entries.append(
                to_record_entry(f"stack0.{name}", f"git::https://example.com/{name}.git", "", os.fspath(carried))
            )
            bench.workspace.write_module_record("dev", "stack0", encode_module_record(entries))
            if name == "here":
                with pytest.raises(OperationFailedError, match="Module not installed"):
                    bench.init()
        bench.init()
