"""An environment of twelve stacks: against the bound, a shell loop, and xargs."""

from pathlib import Path

from benchmarks import bound, traces
from benchmarks.bound import Bound
from benchmarks.measure import Command, Sample, in_rounds, together, walls
from benchmarks.projects import STACKS, Place, Yard, find_program, settle
from benchmarks.results import Results, tell_aim

LATENCIES = (0, 50, 200)
AT_ONCE = (2, 4, 12)
# Against the bound of plain plans, by latency: what is to be reached, and what would be better still.
TARGETS = {0: (0.62, 0.55), 50: (0.75, 0.65), 200: (0.95, 0.85)}
# With changes: what was reached when Terraform started all providers itself.
CHANGING = 0.85


def run(results: Results, yard: Yard) -> None:
    place = yard.large
    for latency in LATENCIES:
        _behind(results, place, latency)
    _nothing_to_do(results, place)
    _changing(results, place)


def _behind(results: Results, place: Place, latency: int) -> None:
    results.theme(f"One environment of {STACKS} stacks, {latency} ms in front of the API")
    place.sandbox.set_delay(latency / 1000)
    trace = place.folder / "trace.json"
    sides = [alone(place, "dev"), [place.envctl("plan", "dev", "--trace", str(trace))]]
    sides += [[by_xargs(place, number)] for number in AT_ONCE]
    loop, (ours, *others) = measured(results, sides, 3, warm=not latency)
    against_bound(results, "envctl plan", ours, loop, TARGETS[latency])
    results.ratio("envctl plan / a shell loop", walls(ours), walls([together(each) for each in loop]))
    for number, samples in zip(AT_ONCE, others, strict=True):
        results.ratio(f"envctl plan / xargs -P {number}", walls(ours), walls(samples))
    for line in traces.read(trace).lines():
        results.say(line)
    place.sandbox.set_delay(0)


def measured(
    results: Results, sides: list[list[Command]], rounds: int, *, warm: bool
) -> tuple[list[list[Sample]], list[list[Sample]]]:
    """Of the first side each command of each round, of the others each round as a whole."""
    loop, *others = in_rounds(sides, results.rounds(rounds), warm=warm)
    whole = [[together(each) for each in side] for side in others]
    for samples in (*loop, *whole):
        results.heed(samples)
    return loop, whole


def against_bound(
    results: Results,
    what: str,
    ours: list[Sample],
    loop: list[list[Sample]],
    targets: tuple[float, float],
    *,
    times: int = 1,
) -> None:
    """Two bounds: by the processor time that plain Terraform takes, and by what envctl's own run took. The second tells
    how much of the cores is left idle, however cheap the plans are. `times` as in `bound.of`.
    """
    plain = [bound.of(each, times) for each in loop]
    own = [Bound(each.longest, mine.all_cpu) for each, mine in zip(plain, ours, strict=True)]
    target, aim = targets
    note = ", ".join(filter(None, (tell_aim(aim), bound.told(plain))))
    results.ratio(f"{what} / bound", walls(ours), [each.seconds for each in plain], target, note)
    results.ratio(f"{what} / bound of its own run", walls(ours), [each.seconds for each in own], note=bound.told(own))


def alone(place: Place, environment: str) -> list[Command]:
    """Each stack for itself, as a shell loop has them."""
    return [place.plan(environment, stack) for stack in place.shape.stacks]


def by_xargs(place: Place, at_once: int) -> Command:
    names = place.folder / "names"
    names.write_text("\n".join(place.shape.stacks) + "\n")
    plan = [*find_program(), "-chdir={}", "plan", "-input=false"]
    return place.run(["xargs", "-a", str(names), "-I{}", "-P", str(at_once), *plan], _above(place))


def _above(place: Place) -> Path:
    return place.work("dev", "any").parent


def _nothing_to_do(results: Results, place: Place) -> None:
    results.theme("Nothing changed since the last plan")
    trace = place.folder / "trace.json"
    place.envctl("plan", "dev", "--trace", str(trace)).run()
    ran = traces.read(trace).commands()
    told = ", ".join(f"{count} {name}" for name, count in ran.items())
    results.say(f"Terraform processes of the second `envctl plan` of {STACKS} stacks: {told}; `init`: {ran['init']}")


def _changing(results: Results, place: Place) -> None:
    results.theme(f"One environment of {STACKS} stacks, all of them with changes")
    settle(place.folder, "dev", 2)
    place.envctl("plan", "dev").run()
    plain = [
        place.terraform("dev", stack, *words)
        for stack in place.shape.stacks
        for words in (("plan", "-input=false", "-out=bench.tfplan"), ("show", "-json", "bench.tfplan"))
    ]
    each, (ours,) = measured(results, [plain, [place.envctl("plan", "dev")]], 3, warm=False)
    loop = [[together(found[at : at + 2]) for at in range(0, len(found), 2)] for found in each]
    against_bound(results, "envctl plan / plan + show", ours, loop, (CHANGING, 0.0))
    settle(place.folder, "dev", 1)
