"""What no way of running the same plans on these cores can beat."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import CORES, Sample


@dataclass(frozen=True)
class Bound:
    """`longest` is the wall time of the longest plan when it is alone, and `cpu` the processor time of all of them
    together: of Terraform, its providers, and of the sandbox that answers them on the same cores.
    """

    longest: float
    cpu: float
    cores: int = CORES

    @property
    def seconds(self) -> float:
        return max(self.longest, self.cpu / self.cores)


def of(alone: Sequence[Sample], times: int = 1) -> Bound:
    """Of plain plans that were run one after the other, each alone; `times` as many where there are more like them."""
    return Bound(max(each.wall for each in alone), sum(each.all_cpu for each in alone) * times)


def told(bounds: Sequence[Bound]) -> str:
    longest, cpu = (statistics.median(values) for values in zip(*((b.longest, b.cpu) for b in bounds), strict=True))
    return f"longest {longest:.2f} s, {cpu:.1f} s CPU ÷ {bounds[0].cores}"
