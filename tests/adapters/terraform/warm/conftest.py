"""Provider packages whose program is a copy of bash: it runs the script that BASH_ENV names, like a native program."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envctl.adapters.terraform.init.package_hash import hash_package
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.warm.package import CheckedPackage, FileHashes, open_package
from tests.programs import SYSTEM_PATH

ADDRESS, VERSION = "example.com/acme/tiny", "1.0.0"
PROGRAM = f"terraform-provider-tiny_v{VERSION}"
READY = 'echo "1|5|unix|$PLUGIN_UNIX_SOCKET_DIR/plugin1|grpc|"\n'
WAIT = "exec sleep 600\n"


@dataclass(frozen=True)
class TinyPackage:
    """A package in a folder, and the variables with which its program runs `script`."""

    folder: Path
    script: Path
    hashes: FileHashes

    @property
    def program(self) -> Path:
        return self.folder / PROGRAM

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": SYSTEM_PATH, "BASH_ENV": str(self.script)}

    def pin(self) -> PinnedProvider:
        return PinnedProvider(ADDRESS, VERSION, frozenset({hash_package(self.folder)}))

    def open(self, pinned: PinnedProvider | None = None) -> CheckedPackage:
        return open_package(pinned or self.pin(), self.folder, self.hashes)


@pytest.fixture
def tiny(tmp_path: Path) -> TinyPackage:
    folder = tmp_path / "package"
    folder.mkdir()
    shutil.copyfile("/bin/bash", folder / PROGRAM)
    (folder / PROGRAM).chmod(0o755)
    (folder / "LICENSE").write_text("free")
    script = tmp_path / "script"
    script.write_text(READY + WAIT)
    return TinyPackage(folder, script, FileHashes(tmp_path / "cache" / "hashes.json"))


def install_tally(folder: Path) -> dict[str, str]:
    """Put the provider of `tally_provider.py` into a mirror, and return the variables that lead Terraform there.

    What Terraform asks of it is in the file `log`.
    """
    from tests.adapters.terraform.warm import tally_provider
    from tests.faults import python_provider

    program = python_provider.add_package(folder / "mirror", tally_provider.ADDRESS, tally_provider.VERSION)
    command = python_provider.format_program(tally_provider)
    return {
        **python_provider.install_native(program, command, folder / "script"),
        "TALLY": os.fspath(folder / "log"),
        **python_provider.write_configuration(folder / "rc", folder / "mirror"),
    }


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@dataclass
class Trace:
    """What the trace of a command records."""

    names: list[str] = field(default_factory=list)

    @contextmanager
    def span(self, name: str, lane: str = "") -> Iterator[None]:
        self.names.append(name)
        yield

    def record_value(self, name: str, value: float) -> None: ...

    @property
    def reasons(self) -> list[str]:
        return [each.partition(": ")[2] for each in self.names if each.startswith("ordinary start")]


def list_keepers(root: Path) -> list[int]:
    """Return the keepers that work below a folder.

    The child of a keeper has its words too, until it becomes the provider: it is none.
    """
    parents = {}
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                words = (each / "cmdline").read_bytes().split(b"\0")
                is_keeper = words[1:2] and any(word.endswith(b"warm/keeper.py") for word in words)
                if is_keeper and (each / "cwd").readlink().is_relative_to(root):
                    parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    return [keeper for keeper, parent in parents.items() if parent not in parents]
