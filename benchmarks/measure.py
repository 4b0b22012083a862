"""Commands that are run in turn, so that whatever else the machine does weighs on all of them; and what they took."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.process.binary import VARIABLE as PROGRAM_VARIABLE

TICKS = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
# Seconds after which a command is taken to hang.
_TOO_LONG = 900.0


@dataclass(frozen=True)
class Sample:
    """Seconds of wall time, and of processor time of the process and all that it started. `served` is what the sandbox
    took to answer meanwhile, on the same cores, and `others` what everybody else on the machine did.
    """

    wall: float
    cpu: float
    served: float = 0.0
    others: float = 0.0

    @property
    def all_cpu(self) -> float:
        return self.cpu + self.served


@dataclass(frozen=True)
class Command:
    """`server` is the process of the sandbox, where the command talks to one."""

    words: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    expected: int = 0
    server: int | None = None

    def run(self) -> Sample:
        before, start = self._clocks(), time.perf_counter()
        self.said()
        wall, after = time.perf_counter() - start, self._clocks()
        cpu, served, busy = (b - a for a, b in zip(before, after, strict=True))
        return Sample(wall, cpu, served, max(0.0, busy - cpu - served))

    def said(self) -> str:
        done = subprocess.run(
            self.words,
            cwd=self.directory,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TOO_LONG,
        )
        if done.returncode != self.expected:
            raise SystemExit(
                f"{self.words} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}"
            )
        return done.stdout.decode()

    def _clocks(self) -> tuple[float, float, float]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime, taken(self.server) if self.server else 0.0, busy()


def taken(process: int) -> float:
    """Seconds of processor time of a process so far; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy() -> float:
    """Seconds of all cores together in which they had something to do, since the machine was started."""
    user, nice, system, _, _, irq, soft, steal, *_ = (
        int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft + steal) / TICKS


def together(samples: Sequence[Sample]) -> Sample:
    """Of commands that were run one after the other."""
    return Sample(
        sum(each.wall for each in samples),
        sum(each.cpu for each in samples),
        sum(each.served for each in samples),
        sum(each.others for each in samples),
    )


def walls(samples: Sequence[Sample]) -> list[float]:
    return [each.wall for each in samples]


def in_rounds(sides: Sequence[Sequence[Command]], rounds: int, *, warm: bool = True) -> list[list[list[Sample]]]:
    """By side and by round the samples of its commands. The sides take turns; each is run once before, unless all that
    could still be cold is warm already.
    """
    for command in (command for side in sides for command in side if warm):
        command.run()
    samples: list[list[list[Sample]]] = [[] for _ in sides]
    for _ in range(rounds):
        for found, commands in zip(samples, sides, strict=True):
            found.append([command.run() for command in commands])
    return samples


def in_turn(first: Sequence[Command], second: Sequence[Command], rounds: int) -> tuple[list[Sample], list[Sample]]:
    """Each side is a sequence of commands that counts as one."""
    ours, theirs = in_rounds((first, second), rounds)
    return [together(each) for each in ours], [together(each) for each in theirs]


def compared(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The ratio of the medians, and that of the minima."""
    return statistics.median(ours) / statistics.median(theirs), min(ours) / min(theirs)


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would change what is measured."""
    left_out = ("TF_", "AWS_", "GOGC", "GOMEMLIMIT", "GOMAXPROCS", "PYTHONDONTWRITEBYTECODE", "ENVCTL_")
    return {
        name: value for name, value in os.environ.items() if name == PROGRAM_VARIABLE or not name.startswith(left_out)
    }
