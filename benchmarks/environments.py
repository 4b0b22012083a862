"""`envctl drift` over three environments: of one stack against plain plans in a row, of twelve against the bound."""

from benchmarks import traces
from benchmarks.measure import together, walls
from benchmarks.projects import ALL, STACKS, Place, Yard
from benchmarks.results import Results
from benchmarks.stacks import LATENCIES, against_bound, alone, measured

TARGETS = {0: 0.62, 50: 0.50, 200: 0.42}


def run(results: Results, yard: Yard) -> None:
    results.theme("Three environments of one stack, envctl drift against three plain plans in a row")
    for latency in LATENCIES:
        _three(results, yard.small, latency)
    results.theme(f"Three environments of {STACKS} stacks, envctl drift")
    for latency in LATENCIES:
        _many(results, yard.large, latency)


def _three(results: Results, place: Place, latency: int) -> None:
    place.sandbox.set_delay(latency / 1000)
    plans = [place.plan(name, stack) for name in ALL for stack in place.shape.stacks]
    row, (ours,) = measured(results, [plans, [place.envctl("drift")]], 7, warm=not latency)
    theirs = [together(each) for each in row]
    results.ratio(f"{latency} ms", walls(ours), walls(theirs), TARGETS[latency])
    place.sandbox.set_delay(0)


def _many(results: Results, place: Place, latency: int) -> None:
    """The environments have the same stacks: those of one are measured, and count three times."""
    place.sandbox.set_delay(latency / 1000)
    trace = place.folder / "trace.json"
    drift = place.envctl("drift", "--trace", str(trace))
    loop, (ours,) = measured(results, [alone(place, ALL[0]), [drift]], 3, warm=not latency)
    against_bound(results, f"{latency} ms: envctl drift", ours, loop, times=len(ALL))
    for line in traces.read(trace).lines():
        results.say(f"{latency} ms: {line}")
    place.sandbox.set_delay(0)
