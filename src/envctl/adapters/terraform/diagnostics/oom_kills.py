"""How many processes the kernel has killed for want of memory: it counts them, for a group of processes by itself where
it can, and for the whole machine where nobody says more.
"""

from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
_COUNTED = "oom_kill"


def kills(root: Path = _ROOT) -> int | None:
    """As many as there were so far among the processes that live here; None where the kernel does not tell."""
    return next((count for file in _counters(root) if (count := _count(file)) is not None), None)


def grew(before: int | None, root: Path = _ROOT) -> bool:
    now = kills(root)
    return before is not None and now is not None and now > before


def _counters(root: Path) -> Iterator[Path]:
    """Of this process's own control group, of the group that a container shows as its root, and of the machine."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
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


def _count(file: Path) -> int | None:
    fields = (line.split() for line in _text(file).splitlines())
    return next((int(value) for name, value in fields if name == _COUNTED), None)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
