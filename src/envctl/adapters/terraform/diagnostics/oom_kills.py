"""Out-of-memory kills as counted by the kernel: by control group if possible, for the whole machine otherwise."""

from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
_COUNTER_NAME = "oom_kill"


def count_kills(root: Path = _ROOT) -> int | None:
    """Return the number of kills so far in the narrowest group with a counter; None without any counter."""
    return next((count for file in _list_counters(root) if (count := _read_count(file)) is not None), None)


def has_new_kills(before: int | None, root: Path = _ROOT) -> bool:
    now = count_kills(root)
    return before is not None and now is not None and now > before


def _list_counters(root: Path) -> Iterator[Path]:
    """Yield the counters of this process's control group, of the root group of its container, and of the machine."""
    groups = root / "sys/fs/cgroup"
    for line in _read_text(root / "proc/self/cgroup").splitlines():
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


def _read_count(file: Path) -> int | None:
    fields = (line.split() for line in _read_text(file).splitlines())
    return next((int(value) for name, value in fields if name == _COUNTER_NAME), None)


def _read_text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
