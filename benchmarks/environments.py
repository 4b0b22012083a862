"""`envctl drift` over three environments: of one stack against plain plans in a row, of twelve against the bound."""

from benchmarks import traces
from benchmarks.measure import CORES, together, walls
from benchmarks.projects import ALL, STACKS, Place, Yard
from benchmarks.results import Results, tell_aim
from benchmarks.stacks import LATENCIES, against_bound, alone, measured

# By latency: what is to be reached, and what would be better still.
TARGETS = {0: (0.48, 0.40), 50: (0.40, 0.34), 200: (0.36, 0.32)}
# Thirty-six stacks, against the bound: what was reached when Terraform started all providers itself.
MANY = {0: 0.90, 50: 0.90, 200: 1.03}


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
    target, aim = TARGETS[latency]
    results.ratio(f"{latency} ms", walls(ours), walls(theirs), target, tell_aim(aim))
    # What no order of the same work beats: all cores are busy from the first moment to the last, the sandbox's share
    # included. Of latency, plain plans wait three times as much.
    full = [each.all_cpu / CORES for each in ours]
    results.ratio(f"{latency} ms: its processor time ÷ {CORES} cores", full, walls(theirs))
    place.sandbox.set_delay(0)


def _many(results: Results, place: Place, latency: int) -> None:
    """The environments have the same stacks: those of one are measured, and count three times."""
    place.sandbox.set_delay(latency / 1000)
    trace = place.folder / "trace.json"
    drift = place.envctl("drift", "--trace", str(trace))
    loop, (ours,) = measured(results, [alone(place, ALL[0]), [drift]], 3, warm=not latency)
    against_bound(results, f"{latency} ms: envctl drift", ours, loop, (MANY[latency], 0.0), times=len(ALL))
    for line in traces.read(trace).lines():
        results.say(f"{latency} ms: {line}")
    place.sandbox.set_delay(0)
