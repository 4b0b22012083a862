"""The stages that ask: guards and the operator."""

from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from envctl.domain import errors
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.account import account_check
from envctl.usecases.deployment.progress import PlannedDeployment, Prepared, SelectedRelease
from envctl.usecases.ledger import journal

Selected = TypeVar("Selected", bound=SelectedRelease)


@dataclass(frozen=True)
class CheckGuards(Generic[Selected]):
    """Check all guards, as far as they need neither the account nor a plan."""

    action: Operation

    VERBS: ClassVar[dict[Operation, str]] = {
        "apply": "applied to",
        "promote": "promoted to",
        "rollback": "brought back to",
        "destroy": "taken out of",
    }

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"ask every guard whether this may be {self.VERBS[self.action]} {environment}",)

    def run(self, selected: Selected) -> Selected:
        present = journal.load(selected.request.context.ports)
        return replace(selected, guard_request=selected.guards.enforce_guards(selected.guard_request, present))


@dataclass(frozen=True)
class CheckAccount(Generic[Selected]):
    """Take the credentials of the environment, and check the guards needing them."""

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"take the credentials of {environment}, and ask what its own account alone can answer",)

    def run(self, selected: Selected) -> Selected:
        context, target, asked = selected.request.context, selected.request.target, selected.guard_request
        asked = selected.guards.enforce_account_guards(asked, selected.release, selected.settings)
        account_check.require_time_left(context.ports, asked.present, target, asked.caller)
        account_check.require_state_bucket(context, target)
        return replace(selected, guard_request=asked)


@dataclass(frozen=True)
class CheckPlan:
    """Check the guards about the plan, and all others again."""

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        return ("ask every guard about the plan: what it destroys, whether it was approved, whether it was rehearsed",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        prepared = planned.prepared
        present = journal.load(prepared.request.context.ports)
        prepared.guards.enforce_guards(prepared.guard_request, present, planned.plan)
        return planned


@dataclass(frozen=True)
class ConfirmPlan:
    """Show the plan, and ask the operator to confirm it."""

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        return ("show the plan and ask",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        confirm_plan(planned.prepared, planned.plan)
        return planned


def confirm_plan(prepared: Prepared, plan: EnvironmentPlan, *, before: str = "") -> None:
    """Ask the operator to confirm the plan. `before` names a stack replanned during the deployment.

    Raise OperationFailedError if files in the working directories changed meanwhile: an apply reads scripts and
    archives named by the plan. This is not checked for a replanned stack, since running stacks may write files.
    """
    if not plan.changes:
        return
    ports, target, command = prepared.request.context.ports, prepared.request.target, prepared.guard_request.command
    laid_out = ports.workspace.hash_layout(prepared.environment)
    if not ports.prompter.confirm_plan(plan, again=bool(before)):
        where = f"before stack {before}" if before else "nothing was changed"
        raise errors.InterruptedByUserError(errors.Problem("E310", f"stopped on your answer: {where}", command))
    if not before and ports.workspace.hash_layout(prepared.environment) != laid_out:
        message = f"files of {target} in .envctl/work changed while you were asked: nothing was changed"
        hint = f"find out what writes there; the same command lays them out anew: {command}"
        raise errors.OperationFailedError(errors.Problem("E353", message, hint))
