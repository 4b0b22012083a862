"""How many units a machine bears at once: by its cores, by its memory, and by what is known of the units themselves.

A plan is busy while it starts, and then mostly waits for the answers of AWS. So the cores say how many begin at once,
and whatever is idle after that how many follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# What a unit is taken to need until one was measured: Terraform with a large provider, and room to spare.
UNMEASURED = 1 << 30
# What envctl itself takes, and the code of Terraform and a provider, until that was measured: all units share it.
BESIDES = 256 << 20
# Fewer would leave a core idle whenever one waits, more would only make them wait for each other.
A_CORE = 2
# However idle the cores are, each unit is two processes at least.
AT_MOST_A_CORE = 8
PROCESSES = 2
LEAST_HEAP, MOST_HEAP = 192 << 20, 768 << 20
# Of a core: less is what other processes leave by chance.
IDLE = 0.2


@dataclass(frozen=True)
class Limits:
    """What the person at work allows: `parallelism` units at once, `memory` in bytes for all of them together."""

    parallelism: int | None = None
    memory: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True)
class Machine:
    """`cores` may be a fraction in a container. `memory` is in bytes, what is free for new processes; None where the
    machine does not say.
    """

    cores: float
    memory: int | None = None

    def budget(self, limits: Limits) -> int | None:
        """Bytes for all units together. Some of what is free is left to everybody else."""
        if limits.memory is not None:
            return limits.memory
        return None if self.memory is None else self.memory * 4 // 5


@dataclass(frozen=True)
class Usage:
    """What a command took: how many units ran at once, and the bytes of all processes together at their peak, envctl's
    own among them; 0 where nobody could measure it.
    """

    at_once: int
    memory: int


@dataclass(frozen=True)
class Load:
    """`needs` are the bytes that each running unit is known, or was measured before, to take at its peak, and `besides`
    those that are taken once, however many run; `idle` is how many cores had nothing to do lately, None where nobody
    has looked yet.
    """

    needs: Sequence[int] = ()
    idle: float | None = None
    besides: int = 0


def admits(load: Load, need: int, machine: Machine, limits: Limits) -> bool:
    """Whether one more unit, which takes `need` bytes at its peak, may begin now."""
    running = len(load.needs)
    if running == 0:
        return True
    if limits.parallelism is not None and running >= limits.parallelism:
        return False
    budget = machine.budget(limits)
    if budget is not None and load.besides + sum(load.needs) + need > budget:
        return False
    if limits.parallelism is not None or running < _for_cores(machine, A_CORE):
        return True
    return running < _for_cores(machine, AT_MOST_A_CORE) and load.idle is not None and load.idle > IDLE


def _for_cores(machine: Machine, each: int) -> int:
    return max(each, round(machine.cores * each))


def heap(machine: Machine, limits: Limits) -> int:
    """How many bytes each process may let lie about before it collects its garbage. A unit is two processes at least;
    less than what they live on would have them do nothing else, and more than a plan ever needs costs more than it
    saves.
    """
    at_once = limits.parallelism or _for_cores(machine, A_CORE)
    budget = machine.budget(limits)
    wanted = MOST_HEAP if budget is None else budget // at_once // PROCESSES
    return min(MOST_HEAP, max(LEAST_HEAP, wanted))
