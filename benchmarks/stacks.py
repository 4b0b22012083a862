"""An environment of twelve stacks: against the bound, a shell loop, xargs, and the peers that are there."""

import tempfile
from pathlib import Path

from benchmarks import bound, peers, traces
from benchmarks.bound import Bound
from benchmarks.measure import Command, Sample, in_rounds, together
from benchmarks.projects import ALL, Place, Shape, Yard, settle
from benchmarks.results import Results
from envctl.adapters.terraform.binary import embedded

STACKS = 12
LATENCIES = (0, 50, 200)
AT_ONCE = (2, 4, 12)
TARGET = 1.15


def run(results: Results, yard: Yard) -> None:
    with yard.place("twelve", Shape.even(STACKS, environments=ALL)) as place:
        for latency in LATENCIES:
            _behind(results, place, latency)
        _nothing_to_do(results, place)
        _changing(results, place)


def _behind(results: Results, place: Place, latency: int) -> None:
    results.theme(f"One environment of {STACKS} stacks, {latency} ms in front of the API")
    place.sandbox.answers_after(latency / 1000)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        others = {f"xargs -P {number}": [by_xargs(place, number)] for number in AT_ONCE}
        others |= {name: [command] for name, command in peers.commands(place, "dev").items()}
        sides = [alone(place, "dev"), [place.envctl("plan", "dev", "--trace", str(trace))], *others.values()]
        loop, (ours, *their) = _measured(results, sides, warm=not latency)
        against_bound(results, "envctl plan", ours, loop)
        results.ratio("envctl plan / a shell loop", _walls(ours), _walls([together(each) for each in loop]))
        for name, samples in zip(others, their, strict=True):
            results.ratio(f"envctl plan / {name}", _walls(ours), _walls(samples))
        for line in traces.read(trace).lines():
            results.say(line)
    for name in peers.missing():
        results.say(f"{name}: not installed")
    place.sandbox.answers_after(0)


def _measured(results: Results, sides: list[list[Command]], *, warm: bool) -> tuple[list[list[Sample]], list[list[Sample]]]:
    """Of the first side each command, of the others each as a whole."""
    loop, *others = in_rounds(sides, results.rounds(5), warm=warm)
    whole = [[together(each) for each in side] for side in others]
    for samples in (*loop, *whole):
        results.heed(samples)
    return loop, whole


def against_bound(results: Results, what: str, ours: list[Sample], loop: list[list[Sample]]) -> None:
    """Two bounds: by the processor time that plain Terraform takes, and by what envctl's own run took. The second tells
    how much of the cores is left idle, however cheap the plans are.
    """
    plain = [bound.of(alone) for alone in loop]
    own = [Bound(each.longest, mine.all_cpu) for each, mine in zip(plain, ours, strict=True)]
    walls = _walls(ours)
    results.ratio(f"{what} / bound", walls, [each.seconds for each in plain], TARGET, bound.told(plain))
    results.ratio(f"{what} / bound of its own processes", walls, [each.seconds for each in own], note=bound.told(own))


def alone(place: Place, environment: str) -> list[Command]:
    """Each stack for itself, as a shell loop has them."""
    return [place.plan(environment, stack) for stack in place.shape.stacks]


def by_xargs(place: Place, at_once: int) -> Command:
    names = place.folder / "names"
    names.write_text("\n".join(place.shape.stacks) + "\n")
    plan = [*embedded(), "-chdir={}", "plan", "-input=false"]
    return place.run(["xargs", "-a", str(names), "-I{}", "-P", str(at_once), *plan], place.work("dev", "s01").parent)


def _nothing_to_do(results: Results, place: Place) -> None:
    results.theme("Nothing changed since the last plan")
    trace = place.folder / "trace.json"
    place.envctl("plan", "dev", "--trace", str(trace)).run()
    commands = traces.read(trace).commands()
    results.say(f"Terraform processes of a second envctl plan of {STACKS} stacks: {dict(commands)}; init: {commands['init']}")


def _changing(results: Results, place: Place) -> None:
    results.theme(f"One environment of {STACKS} stacks, all of them with changes")
    settle(place.folder, "dev", 2)
    place.envctl("plan", "dev").run()
    pairs = [
        (place.terraform("dev", stack, "plan", "-input=false", "-out=b.tfplan"), place.terraform("dev", stack, "show", "-json", "b.tfplan"))
        for stack in place.shape.stacks
    ]
    sides = [[command for pair in pairs for command in pair], [place.envctl("plan", "dev")]]
    each, (ours,) = _measured(results, sides, warm=False)
    loop = [[together(found[at : at + 2]) for at in range(0, len(found), 2)] for found in each]
    against_bound(results, "envctl plan / plan + show", ours, loop)
    settle(place.folder, "dev", 1)


def _walls(samples: list[Sample]) -> list[float]:
    return [each.wall for each in samples]
