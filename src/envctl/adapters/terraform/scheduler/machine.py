"""Cores and free memory of this machine or container."""

import os
from pathlib import Path

from envctl.adapters.terraform.scheduler.capacity import Machine

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_KIB = 1024


def detect_machine() -> Machine:
    cores, free = _count_cores(), _read_free_memory()
    allowed = _read_cgroup_memory()
    known = [each for each in (free, allowed) if each is not None]
    return Machine(cores, min(known) if known else None)


def _count_cores() -> float:
    """Count the cores of this process, a fraction for some containers."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    quota, _, period = _read_optional(_CGROUP / "cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return min(cores, int(quota) / int(period))
    return cores


def _read_free_memory() -> int | None:
    for line in _read_optional(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    try:
        # Without /proc, free memory is unknown: assume half of the total.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return None


def _read_cgroup_memory() -> int | None:
    """Return the bytes left to this container. Cached files count as free: the kernel drops them on demand."""
    most, taken = _read_optional(_CGROUP / "memory.max").strip(), _read_optional(_CGROUP / "memory.current").strip()
    if not (most.isdecimal() and taken.isdecimal()):
        return None
    lines = _read_optional(_CGROUP / "memory.stat").splitlines()
    files = [int(line.split()[1]) for line in lines if line.startswith("file ")]
    return max(0, int(most) - int(taken) + sum(files))


def _read_optional(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
