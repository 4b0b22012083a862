"""Limits of parallel units (runs of one stack) on this machine: by cores, memory and measured use of the units.

A plan is busy while it starts, and then mostly waits for AWS. So the number of cores limits the first units, and idle
cores admit more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Bytes assumed for a unit before any measurement: Terraform with a large provider, and a margin.
DEFAULT_UNIT_MEMORY = 1 << 30
# Bytes shared by all units, before a measurement: envctl itself, and the code of Terraform and a provider.
DEFAULT_SHARED_MEMORY = 256 << 20
# Fewer leave a core idle if a unit waits; more only wait for each other.
UNITS_PER_CORE = 2
# Of many units, while they keep the cores busy: a unit does while it starts, and more only take memory.
BUSY_UNITS_PER_CORE = 1
# The share of all cores from which on the units keep them busy. Below, they wait, or other programs take the cores.
BUSY_SHARE = 0.7
# Limit for idle cores too: each unit is at least two processes.
MAX_UNITS_PER_CORE = 8
PROCESSES_PER_UNIT = 2
MIN_HEAP, MAX_HEAP = 192 << 20, 768 << 20
# Idle cores needed for one more unit. Less may be chance.
MIN_IDLE_CORES = 0.2


@dataclass(frozen=True)
class Limits:
    """Limits set by the user: `parallelism` units at once, `memory` in bytes for all of them together."""

    parallelism: int | None = None
    memory: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True)
class Machine:
    cores: float  # a fraction in some containers
    memory: int | None = None  # bytes; None if unknown

    def memory_budget(self, limits: Limits) -> int | None:
        """Return the bytes for all units together, or None without a limit. A fifth of free memory stays free."""
        if limits.memory is not None:
            return limits.memory
        return None if self.memory is None else self.memory * 4 // 5


@dataclass(frozen=True)
class Usage:
    at_once: int  # units at once
    memory: int  # bytes of all processes together, envctl included; 0 if not measured


@dataclass(frozen=True)
class Load:
    needs: Sequence[int] = ()  # peak bytes of each running unit, by this or an earlier measurement
    idle: float | None = None  # cores idle lately; None if this system does not tell
    shared: int = 0  # bytes taken once, shared by all units
    units: int = 0  # all units of this command so far, ended ones too
    used: float | None = None  # cores used by the running units lately; None before the first sample


def can_start_unit(load: Load, need: int, machine: Machine, limits: Limits) -> bool:
    """Return True if one more unit, with `need` bytes at its peak, may start now."""
    running = len(load.needs)
    if running == 0:
        return True
    if limits.parallelism is not None and running >= limits.parallelism:
        return False
    budget = machine.memory_budget(limits)
    if budget is not None and load.shared + sum(load.needs) + need > budget:
        return False
    if limits.parallelism is not None or running < _count_units_at_first(load, machine):
        return True
    return running < _scale_cores(machine, MAX_UNITS_PER_CORE) and load.idle is not None and load.idle > MIN_IDLE_CORES


def _count_units_at_first(load: Load, machine: Machine) -> int:
    usual = _scale_cores(machine, UNITS_PER_CORE)
    is_busy = load.used is None or load.used >= machine.cores * BUSY_SHARE
    # Few units start together: otherwise the last one would run alone, and leave a core idle.
    if load.idle is None or load.units <= usual or not is_busy:
        return usual
    return _scale_cores(machine, BUSY_UNITS_PER_CORE)


def count_usual_units(machine: Machine, limits: Limits) -> int:
    """Return how many units mostly run at once: more than at first, since each waits for AWS in between."""
    return limits.parallelism or _scale_cores(machine, UNITS_PER_CORE)


def _scale_cores(machine: Machine, each: int) -> int:
    return max(each, round(machine.cores * each))


def share_cores(machine: Machine, limits: Limits, units: int) -> int | None:
    """Return how many cores each process of `units` side by side keeps busy (GOMAXPROCS), or None for all of them.

    With more, the threads of all these processes take turns on the same cores, which costs about 8 % of their time.
    """
    at_once = max(1, min(units, count_usual_units(machine, limits)))
    each = max(1, int(machine.cores / at_once))
    return each if each < machine.cores else None


def choose_heap_limit(machine: Machine, limits: Limits) -> int:
    """Return the heap bytes of a process before it collects garbage (GOMEMLIMIT), between MIN_HEAP and MAX_HEAP.

    Below, a process would collect all the time; above, memory costs more than it saves.
    """
    at_once = count_usual_units(machine, limits)
    budget = machine.memory_budget(limits)
    wanted = MAX_HEAP if budget is None else budget // at_once // PROCESSES_PER_UNIT
    return min(MAX_HEAP, max(MIN_HEAP, wanted))
