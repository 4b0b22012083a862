"""The stages that change an environment, and prove the change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover, has_created_or_deleted
from envctl.usecases.deployment import apply_stacks, drift_undo, verification
from envctl.usecases.deployment.apply_stacks import Needs
from envctl.usecases.deployment.ledger_entries import record_deployment, set_hold
from envctl.usecases.deployment.progress import Attempt, PlannedDeployment
from envctl.usecases.deployment.stages.prepare import describe_stacks

SUMMARY_LENGTH = 200


@dataclass(frozen=True)
class SetHold:
    """Put the release abandoned by a rollback on hold."""

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"put the release that is left on hold in {environment}",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        return replace(planned, held=set_hold(planned))


@dataclass(frozen=True)
class ApplyStacks:
    """Record the start, apply each stack after its upstream stacks, refresh the states, and record the end.

    Attributes:
        needs: in order of application; reversed for a destruction.
        rolled: descriptions of the rollouts, by stack; a rollout runs if the artifact of its stack changes.
        changeover: leaving and renamed stacks.
    """

    needs: Needs
    destroys: bool = False
    rolled: Mapping[str, str] = field(default_factory=dict)
    changeover: Changeover = NO_CHANGEOVER

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        applied = tuple(line for name in self.needs for line in self._describe_stack(name))
        moved = tuple(f"move the state of {old} to {new}" for new, old in self.changeover.moves.items())
        left = tuple(_describe_leaving(name, fate) for name, fate in self.changeover.leaving.items())
        stacks = describe_stacks(tuple(self.needs))
        refresh = f"where something came, went or drifted, let the state of {stacks} take in what came of it"
        return (
            "record in the ledger that the deployment starts",
            *((*left, *applied) if self.destroys else (*moved, *applied, *left, refresh)),
            "record in the ledger how it ended",
        )

    def run(self, planned: PlannedDeployment) -> Attempt:
        with record_deployment(planned) as attempt:
            apply_stacks.apply_in_order(attempt, self.needs)
            if not self.destroys:
                _refresh_states(attempt, self.needs)
        return attempt

    def _describe_stack(self, name: str) -> tuple[str, ...]:
        needs = self.needs[name]
        after = f", once {' and '.join(needs)} {'is' if len(needs) == 1 else 'are'} done" if needs else ""
        if self.destroys:
            return (f"take away all that {name} holds{after}",)
        applied = f"apply {name}{after}{' (planned anew where that has changed something)' if needs else ''}"
        if name not in self.rolled:
            return (applied,)
        return (applied, f"{name}, where it is to run another artifact than it does: {self.rolled[name]}")


@dataclass(frozen=True)
class Verify:
    """Run the project's checks, and record their results."""

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"run the checks of {environment}, and record what they say",)

    def run(self, attempt: Attempt) -> Attempt:
        context, environment = attempt.request.context, attempt.prepared.environment
        attempt.verification = verification.verify_prepared(context, environment)
        return attempt


def _describe_leaving(stack: str, fate: str) -> str:
    if fate == "forget":
        return f"forget {stack}, which the release no longer has: its resources and its state stay"
    return f"destroy all that {stack} holds, which the release no longer has"


def _refresh_states(attempt: Attempt, needs: Needs) -> None:
    """Refresh the states after creates, deletes or unplanned drift.

    Other stacks carry created and deleted resources in their attributes. The refresh accepts unplanned drift; with
    `--fix`, find the remaining drift before it.
    """
    request, drifted, plans = attempt.request, attempt.planned.drifted, attempt.plans.values()
    unplanned = drift_undo.list_unplanned(drifted, plans)
    if not (unplanned or has_created_or_deleted(attempt.list_finished_plans())):
        return
    observer = request.context.ports.observer
    if unplanned and request.options.undo:
        attempt.remaining = drift_undo.find_remaining(attempt, drift_undo.find_unplanned(drifted, plans))
    elif unplanned:
        where = f"what has drifted in {request.target} and is in no plan"
        observer.on_message(f"{where} is taken into the state as it is: {unplanned}")
    for name, error in apply_stacks.refresh_states(attempt, tuple(needs)).items():
        # Harmless after a complete apply: at worst, the next drift check reports its side effects.
        why = error.problems[0].message.partition("\n")[0][:SUMMARY_LENGTH]
        observer.on_message(f"the state of {name} could not be read once more: {why}")
