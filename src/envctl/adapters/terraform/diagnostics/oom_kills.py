"""Out-of-memory kills as counted by the kernel: by control group if possible, for the whole machine otherwise."""

from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.terraform.scheduler.machine import read_system_file

_ROOT = Path("/")


def count_kills(root: Path = _ROOT) -> int | None:
    """Return the number of kills so far in the narrowest group with a counter; None without any counter."""
    for file in _list_counters(root):
        for name, value in map(str.split, read_system_file(file).splitlines()):
            if name == "oom_kill":
                return int(value)
    return None


def has_new_kills(before: int | None, root: Path = _ROOT) -> bool:
    now = count_kills(root)
    return before is not None and now is not None and now > before


def _list_counters(root: Path) -> Iterator[Path]:
    """Yield the counters of this process's control group, of the root group of its container, and of the machine."""
    groups = root / "sys/fs/cgroup"
    for line in read_system_file(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            unified, file = groups, "memory.events"
        elif "memory" in controllers.split(","):
            unified, file = groups / "memory", "memory.oom_control"
        else:
            continue
        yield unified / path.lstrip("/") / file
        yield unified / file
    yield root / "proc/vmstat"
