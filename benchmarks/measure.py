"""Ratios of commands that are run in turn, so that whatever else the machine does weighs on both."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """Seconds of wall time, and of processor time of the process and all that it started."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Command:
    words: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    expected: int = 0

    def run(self) -> Sample:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            self.words,
            cwd=self.directory,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != self.expected:
            raise SystemExit(
                f"{self.words} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}"
            )
        return Sample(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def in_turn(first: Sequence[Command], second: Sequence[Command], rounds: int) -> tuple[list[Sample], list[Sample]]:
    """Each side is a sequence of commands that counts as one; the sides take turns."""
    for command in (*first, *second):
        command.run()
    samples: tuple[list[Sample], list[Sample]] = ([], [])
    for _ in range(rounds):
        for side, commands in zip(samples, (first, second), strict=True):
            ran = [command.run() for command in commands]
            side.append(Sample(sum(s.wall for s in ran), sum(s.cpu for s in ran)))
    return samples


def report(name: str, ours: list[Sample], theirs: list[Sample], wall: float, cpu: float | None = None) -> None:
    """One line: the ratio of the medians, the ratio of the minima, and the target."""
    line = f"{name:<44} wall {_ratios(ours, theirs, 'wall')} (target {wall:.2f})"
    if cpu is not None:
        line += f"   cpu {_ratios(ours, theirs, 'cpu')} (target {cpu:.2f})"
    print(line)


def _ratios(ours: list[Sample], theirs: list[Sample], what: str) -> str:
    a, b = ([getattr(sample, what) for sample in side] for side in (ours, theirs))
    return f"median {statistics.median(a) / statistics.median(b):5.2f}  min {min(a) / min(b):5.2f}"


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would change what is measured."""
    left_out = ("TF_", "AWS_", "GOGC", "PYTHONDONTWRITEBYTECODE", "ENVCTL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
