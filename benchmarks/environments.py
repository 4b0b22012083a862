"""`envctl drift` over three environments: of one stack each, against plain plans in a row; of twelve, against the bound."""

from benchmarks import traces
from benchmarks.measure import together
from benchmarks.projects import ALL, Place, Shape, Yard
from benchmarks.results import Results
from benchmarks.stacks import LATENCIES, against_bound, alone, measured, walls

STACKS = 12
TARGETS = {0: 0.62, 50: 0.50, 200: 0.42}


def run(results: Results, yard: Yard) -> None:
    with yard.place("three", Shape.even(1, environments=ALL)) as place:
        results.theme("Three environments of one stack, envctl drift against three plain plans in a row")
        for latency in LATENCIES:
            _three(results, place, latency)
    with yard.place("three-of-twelve", Shape.even(STACKS, environments=ALL)) as place:
        results.theme(f"Three environments of {STACKS} stacks, envctl drift")
        for latency in LATENCIES:
            _many(results, place, latency)


def _three(results: Results, place: Place, latency: int) -> None:
    place.sandbox.answers_after(latency / 1000)
    row, (ours,) = measured(results, [alone(place, *ALL), [place.envctl("drift")]], 11, warm=not latency)
    theirs = [together(each) for each in row]
    results.ratio(f"{latency} ms", walls(ours), walls(theirs), TARGETS[latency])
    place.sandbox.answers_after(0)


def _many(results: Results, place: Place, latency: int) -> None:
    place.sandbox.answers_after(latency / 1000)
    trace = place.folder / "trace.json"
    drift = place.envctl("drift", "--trace", str(trace))
    loop, (ours,) = measured(results, [alone(place, *ALL), [drift]], 3, warm=not latency)
    against_bound(results, f"{latency} ms: envctl drift", ours, loop)
    for line in traces.read(trace).lines():
        results.say(f"{latency} ms: {line}")
    place.sandbox.answers_after(0)
