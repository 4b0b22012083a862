"""What three environments of twelve stacks take at their peak: as envctl reports it, and as it is seen from outside."""

import statistics

from benchmarks.projects import STACKS, Place, Yard
from benchmarks.results import Results, Row
from benchmarks.sampling import Sampled, sampled

_MIB = 1 << 20
_LIMITS = {"as it is": ((), None), "--memory 1G": (("--memory", "1G"), 1024.0)}
PYTHON = 60.0


# Of one environment, to that without warm providers.
MEMORY = 0.9


def run(results: Results, yard: Yard) -> None:
    place = yard.large
    for latency in (0, 200):
        place.sandbox.set_delay(latency / 1000)
        results.theme(f"Memory of envctl drift, 3 environments of {STACKS} stacks, {latency} ms in front of the API")
        for told, (words, most) in _LIMITS.items():
            _looked_at(results, place, told, words, most)
        _compare_ways(results, place, latency)


def _looked_at(results: Results, place: Place, told: str, words: tuple[str, ...], most: float | None) -> None:
    command = place.envctl("--json", *words, "drift")
    command.run()
    found = [sampled(command) for _ in range(results.rounds(2))]
    at_once = max(each.at_once for each in found)
    _row(results, f"{told}: peak, as reported", [each.reported for each in found], most, f"{at_once} at once at most")
    _row(results, f"{told}: peak, from outside, by the kernel's shares", [each.peaks.shares for each in found], most)
    outside = [each.reported / each.peaks.own for each in found]
    results.add(Row(f"{told}: reported / counted alike from outside", statistics.median(outside), min(outside)))
    _row(results, f"{told}: envctl's own Python", [each.peaks.python for each in found], PYTHON)
    _seconds(results, told, found)


def _compare_ways(results: Results, place: Place, latency: int) -> None:
    """A plan of one environment, with warm providers and without, in turn."""
    results.theme(f"Peak memory of a plan of {STACKS} stacks to that of --no-warm, {latency} ms in front of the API")
    warm, ordinary = (place.envctl("--json", *words, "plan", "dev") for words in ((), ("--no-warm",)))
    for command in (warm, ordinary):
        command.run()
    pairs = [(sampled(warm), sampled(ordinary)) for _ in range(results.rounds(3))]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    shares, others = ([each.peaks.shares for each in side] for side in (ours, theirs))
    note = f"{max(shares) / _MIB:.0f} and {max(others) / _MIB:.0f} MiB at most"
    results.ratio("peak, from outside, by the kernel's shares", shares, others, MEMORY, note)
    results.ratio("peak, as reported", [each.reported for each in ours], [each.reported for each in theirs])
    results.ratio("wall time", [each.wall for each in ours], [each.wall for each in theirs])


def _row(results: Results, what: str, sizes: list[int], most: float | None, note: str = "") -> None:
    """Of memory the median and the least; it is the most that may not be more than the target."""
    told = f"{note}{', ' if note else ''}{max(sizes) / _MIB:.0f} MiB at most"
    results.add(Row(what, statistics.median(sizes) / _MIB, min(sizes) / _MIB, most, " MiB", told))


def _seconds(results: Results, told: str, found: list[Sampled]) -> None:
    results.say(f"{told}: {statistics.median(each.wall for each in found):.1f} s")
