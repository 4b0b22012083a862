"""Many stacks of an environment: what becomes of the others where one fails, is stopped, or is refused; and parts."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentFailed, DriftChecked
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.reading.reading import Reading
from envctl.domain.release.bundle import File
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.next_command import add_next_command
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import PlanAnswer, Ports
from tests.catching import catch
from tests.fakes.terminal import ScriptedPrompter
from tests.fakes.world import World, list_entries
from tests.usecases.deployment.test_promotion import events
from tests.usecases.steps import acting_as

NAMES = ("base", "mid", "top", "side", "alone")
TOML = """
[project]
name = "many"

[pipeline]
order = ["dev", "staging"]

[environments.dev]
[environments.staging]

[environments.staging.gates]
approvals = { peer = 1 }

[stacks.base]
module = "modules/part"

[stacks.mid]
module = "modules/part"
inputs = { of = "base.name" }

[stacks.top]
module = "modules/part"
inputs = { of = "mid.name" }

[stacks.side]
module = "modules/part"
after = ["base"]

[stacks.alone]
module = "modules/part"
"""
PART = """
variable "text" { type = string }
variable "of" {
  type    = string
  default = ""
}
output "name" { value = var.text }
"""
BOB = "bob@example.com"


@pytest.fixture
def world() -> World:
    found = World()
    found.tree.content.clear()
    found.edit("envctl.toml", TOML)
    found.edit("modules/part/main.tf", PART)
    for environment in ("dev", "staging"):
        found.edit(f"environments/{environment}/terraform.tfvars", 'text = "one"\n')
    return found


def says(world: World, text: str, environment: str = "dev") -> None:
    """Every stack is another one by that."""
    world.edit(f"environments/{environment}/terraform.tfvars", f'text = "{text}"\n')


def applied(world: World, environment: str = "dev") -> list[str]:
    return [stack for what, where, stack in world.terraform.calls if (what, where) == ("apply", environment)]


def account(error: EnvctlError) -> dict[str, str]:
    return {each.stack: " ".join((each.end, *each.because)) for each in error.stacks}


def part(*names: str, upstream: bool = False, downstream: bool = False) -> DeployOptions:
    return DeployOptions(selection=StackSelection(names, upstream, downstream))


def apply_part(world: World, *names: str, environment: str = "dev") -> DeploymentResult:
    return apply(world.ports, environment, part(*names))


def approves(world: World, *unseen: str) -> None:
    with acting_as(world, BOB):
        approve_plan(world.ports, "staging", "peer", unseen=unseen)


def proven(world: World, environment: str = "dev") -> bool:
    proof = journal.load(world.ports).find_environment(environment).current_evidence
    return proof is not None and proof.verified


def test_failed_stack_skips_dependents_and_next_run_resumes(world: World) -> None:
    world.terraform.fails_on.add(("dev", "base"))
    raised = catch(OperationFailedError, apply, world.ports, "dev")
    expected = {"base": "failed", "mid": "left base", "top": "left base", "side": "left base", "alone": "applied"}
    assert account(raised) == expected
    last = list_entries(world)[-1].event
    assert isinstance(last, DeploymentFailed)
    assert (last.stacks, last.interrupted, last.reason) == (("alone",), False, "E305 in stack base")

    world.terraform.fails_on.clear()
    world.terraform.calls.clear()
    apply(world.ports, "dev")
    assert applied(world) == ["base", "mid", "side", "top"]
    assert proven(world)


def test_all_failures_are_reported_with_worst_exit_code(world: World) -> None:
    world.terraform.fails_on.update({("dev", "mid"), ("dev", "alone")})
    raised = catch(OperationFailedError, apply, world.ports, "dev")
    assert [problem.message for problem in raised.problems] == ["mid said no", "alone said no"]
    assert raised.exit_code is ExitCode.FAILED
    expected = {"base": "applied", "mid": "failed", "top": "left mid", "side": "applied", "alone": "failed"}
    assert account(raised) == expected


def test_unplannable_stack_blocks_apply_but_not_plan(world: World) -> None:
    apply(world.ports, "dev")
    before = events(world)
    says(world, "two")
    world.terraform.unplannable.add(("dev", "mid"))
    shown, error = plan_environment(world.ports, "dev")
    assert [stack.stack for stack in shown.stacks if stack.changes] == ["base", "top", "side", "alone"]
    assert error and [problem.message for problem in error.problems] == ["mid can't be planned"]
    world.terraform.calls.clear()
    with pytest.raises(OperationFailedError, match="mid can't be planned"):
        apply(world.ports, "dev")
    assert (applied(world), events(world)) == ([], before)


def test_plan_fails_where_no_stack_can_be_planned(world: World) -> None:
    world.terraform.unplannable.update(("dev", name) for name in NAMES)
    with pytest.raises(OperationFailedError) as raised:
        plan_environment(world.ports, "dev", StackSelection(("base", "alone")))
    assert len(raised.value.problems) == 2


def test_interruption_reports_each_stack_and_earlier_failures(world: World) -> None:
    world.terraform.fails_on.add(("dev", "base"))
    world.terraform.interrupted.add(("dev", "alone"))
    raised = catch(InterruptedByUserError, apply, world.ports, "dev")
    assert [problem.code for problem in raised.problems] == ["E311", "E305"]
    expected = {"base": "failed", "mid": "left base", "top": "left base", "side": "left base", "alone": "stopped"}
    assert account(raised) == expected
    last = list_entries(world)[-1].event
    assert isinstance(last, DeploymentFailed)
    assert (last.stacks, last.interrupted, last.reason) == ((), True, "interrupted")


class Planting(ScriptedPrompter):
    """Someone writes into the working directory while the question stands there."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
        self._world.workspace.code[plan.environment] = {"modules/part/run.sh": File(b"something else")}
        return super().confirm_plan(plan, reading, again=again)


def test_files_changed_during_the_question_stop_apply(world: World) -> None:
    world.prompter = Planting(world)
    raised = catch(OperationFailedError, apply, world.ports, "dev")
    assert [problem.code for problem in raised.problems] == ["E353"]
    assert not list_entries(world)


def way_on(world: World, environment: str) -> str:
    return next(each.next for each in load_status(world.ports).environments if each.environment == environment)


def test_replanned_stack_may_not_exceed_approved_changes(world: World) -> None:
    world.terraform.hashes_upstream = True
    apply(world.ports, "dev")
    approves(world, "mid", "top", "side")
    promote(world.ports, "dev", "staging")
    # An own change of every stack was seen; but not what mid is made of once base is another one.
    says(world, "two", "staging")
    approves(world)
    world.terraform.calls.clear()
    raised = catch(RefusedError, apply, world.ports, "staging")
    assert [refusal.code for refusal in raised.refusals] == ["G302"]
    expected = {"base": "applied", "mid": "refused", "top": "left mid", "side": "applied", "alone": "applied"}
    assert account(raised) == expected
    assert raised.exit_code is ExitCode.REFUSED_FOR_NOW
    last = list_entries(world)[-1].event
    assert isinstance(last, DeploymentFailed) and set(last.stacks) == {"base", "side", "alone"}
    assert not proven(world, "staging")

    assert way_on(world, "staging").startswith("envctl approve staging --gate peer --release ")
    approves(world)
    assert way_on(world, "staging") == "envctl apply staging"
    # And by mid, top is another one.
    refuses(world, lambda ports: apply(ports, "staging"), "G302")
    approves(world)
    apply(world.ports, "staging")
    assert [applied(world, "staging").count(name) for name in NAMES] == [1] * 5
    assert proven(world, "staging")


def test_stack_waits_for_upstream_output_about_to_exist(world: World) -> None:
    apply(world.ports, "dev")
    says(world, "two")
    world.terraform.waits_for["dev", "mid"] = "base"
    shown, error = plan_environment(world.ports, "dev")
    assert error is None
    assert {stack.stack: stack.waits_for for stack in shown.stacks if stack.waits_for} == {"mid": ("base",)}
    assert apply(world.ports, "dev").deployment is not None
    assert proven(world)


def test_output_outside_of_selection_is_not_waited_for(world: World) -> None:
    apply(world.ports, "dev")
    says(world, "two")
    world.terraform.waits_for["dev", "mid"] = "base"
    for selection in (StackSelection(("mid",)), StackSelection(("mid", "alone"))):
        with pytest.raises(OperationFailedError, match="base does not put that out"):
            apply(world.ports, "dev", DeployOptions(selection=selection))


def test_recover_and_destroy_tolerate_missing_upstream_output(world: World) -> None:
    apply(world.ports, "dev")
    says(world, "two")
    world.terraform.waits_for["dev", "mid"] = "base"
    world.terraform.fails_on.add(("dev", "base"))
    with pytest.raises(OperationFailedError):
        apply(world.ports, "dev")
    assert recover(world.ports, "dev").unseen == ()
    world.terraform.fails_on.clear()
    destroy(world.ports, "dev")
    assert world.terraform.reality == {}


def test_partial_apply_is_no_evidence_until_complete(world: World) -> None:
    first = add_next_command(world.ports, apply(world.ports, "dev", part("mid", upstream=True)))
    assert (applied(world), first.only, first.next) == (["base", "mid"], ("base", "mid"), "envctl apply dev")
    assert first.deployment and first.deployment.outcome == "partial"
    assert first.verification is None
    assert not proven(world)
    refuses(world, lambda ports: promote(ports, "dev", "staging"), "G102")
    with pytest.raises(EnvctlError):
        verify(world.ports, "dev")

    world.terraform.calls.clear()
    apply_part(world, "top", "side")
    apply_part(world, "alone")
    # All is there by now, and nobody has seen it as one.
    assert not proven(world)
    whole = apply(world.ports, "dev")
    assert (whole.only, whole.up_to_date, applied(world)) == ((), False, ["top", "side", "alone"])
    assert proven(world)
    assert events(world)[-3:] == ["deployment started", "deployment succeeded", "verification passed"]


def test_partial_apply_revokes_evidence_of_the_release(world: World) -> None:
    apply(world.ports, "dev")
    assert proven(world)
    says(world, "two")
    apply_part(world, "alone")
    refuses(world, lambda ports: promote(ports, "dev", "staging"), "G102")
    says(world, "one")
    apply_part(world, "alone")
    # It is as it was, and that has to be shown.
    refuses(world, lambda ports: promote(ports, "dev", "staging"), "G102")
    apply(world.ports, "dev")
    assert proven(world)


def test_partial_apply_without_changes_records_no_deployment(world: World) -> None:
    apply(world.ports, "dev")
    before = events(world)
    assert apply_part(world, "alone").up_to_date
    assert events(world) == before
    assert proven(world)


def test_partial_apply_is_covered_by_whole_approval(world: World) -> None:
    apply(world.ports, "dev")
    approves(world, "mid", "top", "side")
    promote(world.ports, "dev", "staging")
    says(world, "two", "staging")
    refuses(world, lambda ports: apply(ports, "staging", part("alone")), "G106")
    approves(world)
    apply_part(world, "alone", environment="staging")
    assert not proven(world, "staging")


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        pytest.param(part("mid"), "E028", id="what it needs was never applied"),
        pytest.param(part("base", "mids"), "E029", id="there is no such stack"),
        pytest.param(part("base", "top"), "E028", id="what is between was never applied"),
    ],
)
def test_invalid_stack_selection_is_refused(world: World, wishes: DeployOptions, code: str) -> None:
    raised = catch(UsageError, apply, world.ports, "dev", wishes)
    assert [problem.code for problem in raised.problems] == [code]
    assert (applied(world), events(world)) == ([], [])


SELECTED = {
    "one": (StackSelection(("mid",)), ["mid"]),
    "with what it needs": (StackSelection(("top",), upstream=True), ["base", "mid", "top"]),
    "with what needs it": (StackSelection(("base",), downstream=True), ["base", "mid", "top", "side"]),
    "with both": (StackSelection(("mid",), upstream=True, downstream=True), ["base", "mid", "top"]),
    "several, in the order of the project": (StackSelection(("alone", "base")), ["base", "alone"]),
}


@pytest.mark.parametrize(("selection", "expected"), SELECTED.values(), ids=SELECTED.keys())
def test_selected_stacks_are_handled_alone(world: World, selection: StackSelection, expected: list[str]) -> None:
    apply(world.ports, "dev")
    shown, _ = plan_environment(world.ports, "dev", selection)
    assert [stack.stack for stack in shown.stacks] == expected
    (looked,) = check_drift(world.ports, ["dev"], selection).environments
    assert [stack.stack for stack in looked.stacks] == expected
    assert not looked.whole


def test_partial_drift_check_records_only_found_drift(world: World) -> None:
    apply(world.ports, "dev")
    before = events(world)
    check_drift(world.ports, ["dev"], StackSelection(("base",)))
    assert events(world) == before
    world.terraform.drifted.add(("dev", "base"))
    check_drift(world.ports, ["dev"], StackSelection(("alone",)))
    assert events(world) == before
    check_drift(world.ports, ["dev"], StackSelection(("base",)))
    assert isinstance(list_entries(world)[-1].event, DriftChecked)
    assert not proven(world)


def refuses(world: World, command: Callable[[Ports], object], code: str) -> None:
    assert code in [refusal.code for refusal in catch(RefusedError, command, world.ports).refusals]
