"""Rows of results: printed as they are found, and in the end written as tables for docs/performance-results.md."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import CORES, Sample, compared


@dataclass(frozen=True)
class Row:
    """`median` and `minimum` are ratios where `unit` is empty. A row without a target only tells."""

    what: str
    median: float
    minimum: float
    target: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def reached(self) -> str:
        if self.target is None:
            return ""
        return "yes" if self.median <= self.target else "by the minima" if self.minimum <= self.target else "**no**"

    def cells(self) -> tuple[str, ...]:
        return (
            self.what,
            f"{self.median:.2f}{self.unit}",
            f"{self.minimum:.2f}{self.unit}",
            "" if self.target is None else f"≤ {self.target:.2f}{self.unit}",
            self.reached,
            self.note,
        )


def tell_aim(aim: float) -> str:
    """The note of a row that could be better still; none for 0."""
    return f"aim {aim:.2f}" if aim else ""


_HEAD = ("what", "median", "minimum", "target", "reached", "")


@dataclass
class Results:
    """`at_most` rounds are run of each row, where that is said: few show only that it works. `program` is the Terraform
    of both sides.
    """

    at_most: int | None = None
    program: str = ""
    tables: dict[str, list[Row]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    _others: list[tuple[float, float]] = field(default_factory=list)
    _theme: str = ""

    def theme(self, title: str) -> None:
        self._theme = title
        print(f"\n{title}", flush=True)

    def rounds(self, wanted: int) -> int:
        return wanted if self.at_most is None else min(wanted, self.at_most)

    def add(self, row: Row) -> None:
        self.tables.setdefault(self._theme, []).append(row)
        what, median, minimum, target, reached, note = row.cells()
        told = f"  {what:<66} median {median:>8}  min {minimum:>8}  {target:>8}  {reached}"
        print(f"{told.rstrip()}{'   ' if note else ''}{note}", flush=True)

    def ratio(
        self,
        what: str,
        ours: Sequence[float],
        theirs: Sequence[float],
        target: float | None = None,
        note: str = "",
    ) -> None:
        self.add(Row(what, *compared(ours, theirs), target, note=note))

    def say(self, text: str) -> None:
        self.texts.setdefault(self._theme, []).append(text)
        print(f"  {text}", flush=True)

    def heed(self, samples: Sequence[Sample]) -> None:
        """What others did meanwhile is told in the end: a ratio of a busy machine is worth little."""
        self._others += [(each.others, each.wall) for each in samples]

    def disturbance(self) -> float:
        """How many cores others took on average."""
        wall = sum(wall for _, wall in self._others)
        return sum(others for others, _ in self._others) / wall if wall else 0.0

    def quietness(self) -> str:
        machine = f"{CORES} cores, {platform.machine()}, Linux {os.uname().release}"
        return f"{machine}; meanwhile others kept {self.disturbance():.2f} cores busy on average"

    def write(self, file: Path) -> None:
        parts = [f"Measured with {self.program} on both sides, on {self.quietness()}.\n"]
        for theme in dict.fromkeys((*self.tables, *self.texts)):
            parts.append(f"### {theme}\n")
            if rows := self.tables.get(theme):
                parts.append(_table(rows))
            if said := self.texts.get(theme):
                parts.append("\n".join(f"- {each}" for each in said) + "\n")
        file.write_text("\n".join(parts))


def _table(rows: Sequence[Row]) -> str:
    lines = [_HEAD, *(row.cells() for row in rows)]
    if not any(line[-1] for line in lines):
        lines = [line[:-1] for line in lines]
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join((head, "|" + "---|" * len(lines[0]), *rest)) + "\n"
