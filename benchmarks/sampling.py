"""The memory of a command and of all that it started, looked at from outside while it runs."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Command

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.04
# Looking at shares makes the kernel walk all pages: each so many looks.
_SHARES_EVERY = 5


@dataclass
class Peaks:
    """In bytes. `own` is what nobody else has mapped, and once the most that is shared, as envctl counts it; `shares`
    gives each process its share of what several have mapped, as the kernel counts it. `python` is envctl itself.
    """

    own: int = 0
    shares: int = 0
    python: int = 0


@dataclass(frozen=True)
class Sampled:
    """`reported` and `at_once` are what the command itself says in `usage`."""

    wall: float
    peaks: Peaks
    reported: int
    at_once: int


def sampled(command: Command) -> Sampled:
    """Of a command with `--json`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.words,
            cwd=command.directory,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
        )
        with _watched(process.pid) as peaks:
            code = process.wait()
        wall = time.perf_counter() - start
        out.seek(0)
        errors.seek(0)
        if code != command.expected:
            raise SystemExit(f"{command.words} ended with {code}:\n{errors.read().decode()}")
        usage = json.load(out)["usage"]
    return Sampled(wall, peaks, usage["memory"], usage["at_once"])


@contextlib.contextmanager
def _watched(process: int) -> Iterator[Peaks]:
    peaks, over = Peaks(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(process, peaks, over), daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def _watch(process: int, peaks: Peaks, over: threading.Event) -> None:
    looks = 0
    while not over.wait(_EVERY):
        tree = family(process)
        sizes = [_size(each) for each in tree]
        peaks.own = max(peaks.own, sum(own for own, _ in sizes) + max((shared for _, shared in sizes), default=0))
        peaks.python = max(peaks.python, _kilobytes(process, "status", "VmHWM:") << 10)
        if looks % _SHARES_EVERY == 0:
            peaks.shares = max(peaks.shares, sum(_kilobytes(each, "smaps_rollup", "Pss:") << 10 for each in tree))
        looks += 1


def family(process: int) -> list[int]:
    """The process and its descendants, by what each says of its parent."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _text(entry / "stat").rpartition(")")[2].split()):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [process]
    for each in found:
        found += children.get(each, [])
    return found


def _size(process: int) -> tuple[int, int]:
    fields = _text(Path(f"/proc/{process}/statm")).split()
    return ((int(fields[1]) - int(fields[2])) * _PAGE, int(fields[2]) * _PAGE) if fields else (0, 0)


def _kilobytes(process: int, file: str, name: str) -> int:
    for line in _text(Path(f"/proc/{process}/{file}")).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
