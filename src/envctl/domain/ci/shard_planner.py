"""Which job looks at which units: as even as measured durations allow, and an environment in as few jobs as that needs.

A unit is one stack of one environment. Where the stacks of an environment can't be named, the environment is one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

JOBS = 20
MOST_JOBS = 256
"""GitHub makes no more jobs of one matrix."""


@dataclass(frozen=True, order=True)
class Unit:
    environment: str
    stack: str = ""

    def __str__(self) -> str:
        return f"{self.environment}/{self.stack}" if self.stack else self.environment


@dataclass(frozen=True)
class Costs:
    """In seconds. `job` is what a job takes before it looks at anything: a machine, the checkout, the packages.
    `environment` is what each environment takes in each job: its role, its release, and a provider that starts.
    """

    job: float = 40.0
    environment: float = 3.0
    unmeasured: float = 10.0


USUAL = Costs()


@dataclass(frozen=True)
class Shard:
    """The stacks that one job looks at, by environment, none where it is the whole environment; and how many seconds
    that is thought to take.
    """

    units: Mapping[str, tuple[str, ...]]
    seconds: float = 0.0

    @property
    def count(self) -> int:
        return sum(max(1, len(stacks)) for stacks in self.units.values())


def sharded(
    units: Collection[Unit], measured: Mapping[Unit, float], at_most: int = JOBS, costs: Costs = USUAL
) -> tuple[Shard, ...]:
    """Every unit in one shard, and no shard without any. No job is begun that would work for less time than it takes to
    begin. The longest pieces are given away first, each to the job that ends earliest with it: no job then takes
    longer than the mean and one piece, and a piece is a third of the mean, or one unit.
    """
    durations = _durations(units, measured, costs)
    total = sum(durations.values()) + costs.environment * len({unit.environment for unit in units})
    jobs = max(1, min(at_most, int(total // max(costs.job, 1))))
    pieces = _pieces(durations, total / jobs / 3, costs)
    loads = [_Load(costs) for _ in range(jobs)]
    for piece in sorted(pieces, key=lambda piece: (-piece.seconds, piece.units)):
        min(loads, key=lambda load: load.with_it(piece)).add(piece)
    return tuple(load.shard(units) for load in loads if load.units)


def _durations(units: Collection[Unit], measured: Mapping[Unit, float], costs: Costs) -> dict[Unit, float]:
    """What was never measured takes as long as the others, for all that is known."""
    known = {unit: measured[unit] for unit in units if unit in measured}
    usual = median(known.values()) if known else median(measured.values()) if measured else costs.unmeasured
    return {unit: known.get(unit, usual) for unit in sorted(units)}


@dataclass(frozen=True)
class _Piece:
    """Units of one environment that stay together."""

    units: tuple[Unit, ...]
    seconds: float

    @property
    def environment(self) -> str:
        return self.units[0].environment


def _pieces(durations: Mapping[Unit, float], longest: float, costs: Costs) -> list[_Piece]:
    pieces = []
    for _, group in groupby(durations, key=lambda unit: unit.environment):
        together: list[Unit] = []
        seconds = costs.environment
        for unit in group:
            if together and seconds + durations[unit] > longest:
                pieces.append(_Piece(tuple(together), seconds))
                together, seconds = [], costs.environment
            together.append(unit)
            seconds += durations[unit]
        pieces.append(_Piece(tuple(together), seconds))
    return pieces


@dataclass
class _Load:
    """What a job has got so far."""

    costs: Costs
    seconds: float = 0.0
    units: set[Unit] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)

    def with_it(self, piece: _Piece) -> float:
        # An environment that it prepares anyway is not prepared twice.
        spared = self.costs.environment if piece.environment in self.environments else 0.0
        return self.seconds + piece.seconds - spared

    def add(self, piece: _Piece) -> None:
        self.seconds = self.with_it(piece)
        self.units.update(piece.units)
        self.environments.add(piece.environment)

    def shard(self, order: Collection[Unit]) -> Shard:
        """In the order in which the units came."""
        return Shard(by_environment(unit for unit in order if unit in self.units), round(self.seconds, 1))


def by_environment(units: Iterable[Unit]) -> dict[str, tuple[str, ...]]:
    """The stacks of each environment; none where it is looked at as a whole."""
    found: dict[str, list[str]] = {}
    for unit in units:
        found.setdefault(unit.environment, []).append(unit.stack)
    return {name: () if "" in stacks else tuple(dict.fromkeys(stacks)) for name, stacks in found.items()}
