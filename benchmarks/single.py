"""One environment of one stack, against what somebody types who has Terraform alone."""

from collections.abc import Sequence

from benchmarks import traces
from benchmarks.measure import Command, in_turn
from benchmarks.projects import Place, Shape, Yard, settle
from benchmarks.results import Results

STACK = "s01"


def run(results: Results, yard: Yard) -> None:
    with yard.place("single", Shape.even(1)) as place:
        results.theme("One environment of one stack of 8 resources, against plain Terraform")
        trace = place.folder / "trace.json"
        plan = place.envctl("plan", "dev")
        place.envctl("plan", "dev", "--trace", str(trace)).run()
        _against(results, "plan without changes", [plan], [place.plan("dev", STACK)], 1.08, 1.0)
        for line in traces.read(trace).lines():
            results.say(f"without changes: {line}")
        settle(place.folder, "dev", 2)
        saved = [
            place.terraform("dev", STACK, "plan", "-input=false", "-out=bench.tfplan"),
            place.terraform("dev", STACK, "show", "-json", "bench.tfplan"),
        ]
        _against(results, "plan with changes / terraform plan + show", [plan], saved, 1.08)
        cold = _cold(place)
        init = place.terraform("dev", STACK, "init", "-input=false")
        _against(results, "cold init + plan / terraform init + plan + show", [cold, plan], [cold, init, *saved], 1.10)


def _against(
    results: Results,
    what: str,
    ours: Sequence[Command],
    theirs: Sequence[Command],
    wall: float,
    cpu: float | None = None,
) -> None:
    mine, plain = in_turn(ours, theirs, results.rounds(15))
    results.heed((*mine, *plain))
    results.ratio(what, [each.wall for each in mine], [each.wall for each in plain], wall)
    if cpu is not None:
        results.ratio(f"{what}: CPU", [each.cpu for each in mine], [each.cpu for each in plain], cpu)


def _cold(place: Place) -> Command:
    return Command(["rm", "-rf", ".terraform", ".initialised"], place.work("dev", STACK), place.plain)
