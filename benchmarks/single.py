"""One environment of one stack, against what somebody types who has Terraform alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import traces
from benchmarks.measure import Command, in_turn, walls
from benchmarks.projects import Place, Yard, find_program, settle
from benchmarks.results import Results, tell_aim

STACK = "s01"
# Of plain Terraform: what is to be reached, and what would be better still.
PLAN, PLAN_AIM, CPU, CPU_AIM = 0.68, 0.62, 0.70, 0.60
CHANGES, CHANGES_AIM, COLD, COLD_AIM = 0.70, 0.62, 0.80, 0.70
# The same where Terraform starts its providers itself.
ORDINARY, ORDINARY_CPU = 1.08, 1.0


@dataclass(frozen=True)
class Target:
    """Wall time, and processor time where that is not 0. An aim of 0 is none."""

    wall: float
    aim: float = 0.0
    cpu: float = 0.0
    cpu_aim: float = 0.0


def run(results: Results, yard: Yard) -> None:
    _run_modules(results, yard.small)
    _run_root(results, yard.root)


def _run_modules(results: Results, place: Place) -> None:
    results.theme("One environment of one stack of 8 resources, against plain Terraform")
    trace = place.folder / "trace.json"
    plan = place.envctl("plan", "dev")
    plain = [place.plan("dev", STACK)]
    _against(results, "plan without changes", [plan], plain, Target(PLAN, PLAN_AIM, CPU, CPU_AIM))
    ordinary = [place.envctl("plan", "dev", "--no-warm")]
    _against(results, "plan without changes, --no-warm", ordinary, plain, Target(ORDINARY, cpu=ORDINARY_CPU))
    place.envctl("plan", "dev", "--trace", str(trace)).run()
    for line in traces.read(trace).lines():
        results.say(f"without changes: {line}")
    settle(place.folder, "dev", 2)
    saved = [
        place.terraform("dev", STACK, "plan", "-input=false", "-out=bench.tfplan"),
        place.terraform("dev", STACK, "show", "-json", "bench.tfplan"),
    ]
    _against(results, "plan with changes / terraform plan + show", [plan], saved, Target(CHANGES, CHANGES_AIM))
    cold = _cold(place)
    shared = {"TF_PLUGIN_CACHE_DIR": str(place.plugins)}
    init = place.run([*find_program(), "init", "-input=false"], place.work("dev", STACK), shared)
    _against(
        results,
        "cold init + plan / terraform init + plan + show",
        [cold, plan],
        [cold, init, *saved],
        Target(COLD, COLD_AIM),
    )
    settle(place.folder, "dev", 1)


def _run_root(results: Results, place: Place) -> None:
    results.theme("One environment of one root module of 8 resources, as it is, against plain Terraform")
    plain = place.plan("dev", STACK)
    _against(
        results,
        "root: plan without changes",
        [place.envctl("plan", "dev")],
        [plain],
        Target(PLAN, PLAN_AIM, CPU, CPU_AIM),
    )


def _against(results: Results, what: str, ours: Sequence[Command], theirs: Sequence[Command], target: Target) -> None:
    mine, plain = in_turn(ours, theirs, results.rounds(11))
    results.heed((*mine, *plain))
    results.ratio(what, walls(mine), walls(plain), target.wall, tell_aim(target.aim))
    if target.cpu:
        ours_cpu, plain_cpu = ([each.cpu for each in side] for side in (mine, plain))
        results.ratio(f"{what}: CPU", ours_cpu, plain_cpu, target.cpu, tell_aim(target.cpu_aim))


def _cold(place: Place) -> Command:
    """Nothing is left of an init but the lock file, and the cache of plugins, which both use."""
    return Command(["rm", "-rf", ".terraform", ".initialised", ".plugins"], place.work("dev", STACK), place.plain)
