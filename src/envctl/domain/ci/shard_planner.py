"""Plan the shards of a matrix run: balance jobs by measured durations, and split an environment across few jobs.

A unit is one stack of one environment, or a whole environment if its stacks are unknown.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

DEFAULT_JOBS = 20
MAX_JOBS = 256
"""GitHub's limit for one matrix."""


@dataclass(frozen=True, order=True)
class Unit:
    environment: str
    stack: str = ""

    def __str__(self) -> str:
        return f"{self.environment}/{self.stack}" if self.stack else self.environment


@dataclass(frozen=True)
class DurationEstimates:
    """Durations in seconds."""

    job: float = 40.0  # startup of a job: machine, checkout, packages
    environment: float = 3.0  # startup of an environment in a job: role, release, provider
    unmeasured: float = 10.0  # a unit without any measurement


DEFAULT_ESTIMATES = DurationEstimates()


@dataclass(frozen=True)
class Shard:
    """The stacks of one job by environment (empty for all of it), and their estimated seconds."""

    units: Mapping[str, tuple[str, ...]]
    seconds: float = 0.0

    @property
    def unit_count(self) -> int:
        return sum(max(1, len(stacks)) for stacks in self.units.values())


def plan_shards(
    units: Collection[Unit],
    measured: Mapping[Unit, float],
    at_most: int = DEFAULT_JOBS,
    costs: DurationEstimates = DEFAULT_ESTIMATES,
) -> tuple[Shard, ...]:
    """Assign each unit to one shard; no shard is empty, and no job works for less time than its startup takes.

    Pieces are assigned longest first, each to the job ending earliest with it. A job takes at most the mean plus one
    piece; a piece is a third of the mean, or one unit.
    """
    durations = _estimate_durations(units, measured, costs)
    total = sum(durations.values()) + costs.environment * len({unit.environment for unit in units})
    jobs = max(1, min(at_most, int(total // max(costs.job, 1))))
    pieces = _split_into_pieces(durations, total / jobs / 3, costs)
    loads = [_JobLoad(costs) for _ in range(jobs)]
    for piece in sorted(pieces, key=lambda piece: (-piece.seconds, piece.units)):
        load = min(loads, key=lambda load: load.seconds_with(piece))
        load.seconds = load.seconds_with(piece)
        load.units.update(piece.units)
        load.environments.add(piece.environment)
    return tuple(
        Shard(group_by_environment(unit for unit in units if unit in load.units), round(load.seconds, 1))
        for load in loads
        if load.units
    )


def _estimate_durations(
    units: Collection[Unit], measured: Mapping[Unit, float], costs: DurationEstimates
) -> dict[Unit, float]:
    """Return seconds by unit; the median of the measured units stands in for the others."""
    known = {unit: measured[unit] for unit in units if unit in measured}
    usual = median(known.values()) if known else median(measured.values()) if measured else costs.unmeasured
    return {unit: known.get(unit, usual) for unit in sorted(units)}


@dataclass(frozen=True)
class _Piece:
    """Units of one environment to keep in one job."""

    environment: str
    units: tuple[Unit, ...]
    seconds: float


def _split_into_pieces(durations: Mapping[Unit, float], longest: float, costs: DurationEstimates) -> list[_Piece]:
    pieces = []
    for environment, group in groupby(durations, key=lambda unit: unit.environment):
        piece: list[Unit] = []
        seconds = costs.environment
        for unit in group:
            if piece and seconds + durations[unit] > longest:
                pieces.append(_Piece(environment, tuple(piece), seconds))
                piece, seconds = [], costs.environment
            piece.append(unit)
            seconds += durations[unit]
        pieces.append(_Piece(environment, tuple(piece), seconds))
    return pieces


@dataclass
class _JobLoad:
    """The units assigned to a job so far."""

    costs: DurationEstimates
    seconds: float = 0.0
    units: set[Unit] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)

    def seconds_with(self, piece: _Piece) -> float:
        # An environment is prepared once in a job.
        saved = self.costs.environment if piece.environment in self.environments else 0.0
        return self.seconds + piece.seconds - saved


def group_by_environment(units: Iterable[Unit]) -> dict[str, tuple[str, ...]]:
    """Return stacks by environment; empty for a whole environment."""
    found: dict[str, list[str]] = {}
    for unit in units:
        found.setdefault(unit.environment, []).append(unit.stack)
    return {name: () if "" in stacks else tuple(dict.fromkeys(stacks)) for name, stacks in found.items()}
