"""One environment of one stack, against what somebody types who has Terraform alone."""

from collections.abc import Sequence

from benchmarks import traces
from benchmarks.measure import Command, in_turn, walls
from benchmarks.projects import Place, Yard, settle
from benchmarks.results import Results
from envctl.adapters.terraform.process.binary import find_embedded

STACK = "s01"


def run(results: Results, yard: Yard) -> None:
    _run_modules(results, yard.small)
    _run_root(results, yard.root)


def _run_modules(results: Results, place: Place) -> None:
    results.theme("One environment of one stack of 8 resources, against plain Terraform")
    trace = place.folder / "trace.json"
    plan = place.envctl("plan", "dev")
    _against(results, "plan without changes", [plan], [place.plan("dev", STACK)], 1.08, cpu=1.0)
    place.envctl("plan", "dev", "--trace", str(trace)).run()
    for line in traces.read(trace).lines():
        results.say(f"without changes: {line}")
    settle(place.folder, "dev", 2)
    saved = [
        place.terraform("dev", STACK, "plan", "-input=false", "-out=bench.tfplan"),
        place.terraform("dev", STACK, "show", "-json", "bench.tfplan"),
    ]
    _against(results, "plan with changes / terraform plan + show", [plan], saved, 1.08)
    cold = _cold(place)
    shared = {"TF_PLUGIN_CACHE_DIR": str(place.plugins)}
    init = place.run([*find_embedded(), "init", "-input=false"], place.work("dev", STACK), shared)
    _against(results, "cold init + plan / terraform init + plan + show", [cold, plan], [cold, init, *saved], 1.10)
    settle(place.folder, "dev", 1)


def _run_root(results: Results, place: Place) -> None:
    results.theme("One environment of one root module of 8 resources, as it is, against plain Terraform")
    plain = place.plan("dev", STACK)
    _against(results, "root: plan without changes", [place.envctl("plan", "dev")], [plain], 1.08, cpu=1.0)


def _against(
    results: Results, what: str, ours: Sequence[Command], theirs: Sequence[Command], wall: float, *, cpu: float = 0.0
) -> None:
    mine, plain = in_turn(ours, theirs, results.rounds(11))
    results.heed((*mine, *plain))
    results.ratio(what, walls(mine), walls(plain), wall)
    if cpu:
        results.ratio(f"{what}: CPU", [each.cpu for each in mine], [each.cpu for each in plain], cpu)


def _cold(place: Place) -> Command:
    """Nothing is left of an init but the lock file, and the cache of plugins, which both use."""
    return Command(["rm", "-rf", ".terraform", ".initialised", ".plugins"], place.work("dev", STACK), place.plain)
