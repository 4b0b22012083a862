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
    quota, _, period = read_system_file(_CGROUP / "cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return min(cores, int(quota) / int(period))
    return cores


def _read_free_memory() -> int | None:
    for line in read_system_file(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    try:
        # Without /proc, free memory is unknown: assume half of the total.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return None


def _read_cgroup_memory() -> int | None:
    """Return the bytes left to this container. Cached files count as free: the kernel drops them on demand."""
    most, taken = read_system_file(_CGROUP / "memory.max").strip(), read_system_file(_CGROUP / "memory.current").strip()
    if not (most.isdecimal() and taken.isdecimal()):
        return None
    lines = read_system_file(_CGROUP / "memory.stat").splitlines()
    files = [int(line.split()[1]) for line in lines if line.startswith("file ")]
    return max(0, int(most) - int(taken) + sum(files))


def read_system_file(path: Path) -> str:
    """Return the text of a file of the kernel; empty if this system has none."""
    try:
        return path.read_text()
    except OSError:
        return ""
