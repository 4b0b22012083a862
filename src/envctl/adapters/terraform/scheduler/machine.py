"""What this machine, or the container that this runs in, has: cores, and memory that is free."""

import os
from pathlib import Path

from envctl.adapters.terraform.scheduler.capacity import Machine

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_KIB = 1024


def machine() -> Machine:
    cores, free = _cores(), _free()
    allowed = _allowed()
    known = [each for each in (free, allowed) if each is not None]
    return Machine(cores, min(known) if known else None)


def _cores() -> float:
    """Those that this process may use: a container's share may be less than one."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return min(cores, int(quota) / int(period))
    return cores


def _free() -> int | None:
    for line in _read(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    try:
        # Elsewhere than on Linux nobody says what is free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return None


def _allowed() -> int | None:
    """What a container may still take. Files that were read count as taken, and are given back when there is need."""
    most, taken = _read(_CGROUP / "memory.max").strip(), _read(_CGROUP / "memory.current").strip()
    if not (most.isdecimal() and taken.isdecimal()):
        return None
    files = [int(line.split()[1]) for line in _read(_CGROUP / "memory.stat").splitlines() if line.startswith("file ")]
    return max(0, int(most) - int(taken) + sum(files))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
