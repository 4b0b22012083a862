"""`envctl recover ENV`: close an interrupted deployment, repair locks and states, and show the remaining work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envctl.domain.errors import Problem, StateLock
from envctl.domain.ledger.state import Deployment
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.deployment.pipeline import Pipeline
from envctl.usecases.deployment.recovery.stages import (
    AskGuards,
    CloseDeployment,
    ClosedRecovery,
    ImportResources,
    InspectStacks,
    Interruption,
    RequireRestored,
)
from envctl.usecases.deployment.rollout.abort import RestoredTraffic
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release.next_steps import build_adviser


@dataclass(frozen=True, kw_only=True)
class RecoveryResult:
    """The result of a recovery."""

    environment: str
    deployment: Deployment | None  # the abandoned deployment; None if all had ended
    next: str
    broken: tuple[StateLock, ...] = ()  # the broken Terraform locks
    rescued: tuple[str, ...] = ()  # stacks with an unsaved state, now saved
    left: tuple[StackPlan, ...] = ()  # the plans to complete the deployment
    unseen: tuple[Problem, ...] = ()  # errors of the inspection
    back: tuple[RestoredTraffic, ...] = ()  # stacks with restored traffic
    taken_in: tuple[str, ...] = ()  # addresses of the resources imported now
    abandoned_imports: tuple[str, ...] = ()  # addresses of earlier imports without a recorded end
    stages: tuple[str, ...] = ()  # what a recovery does, in order; a dry run fills them alone


def recover(
    ports: Ports, environment: str, existing: Sequence[tuple[str, str]] = (), *, dry_run: bool = False
) -> RecoveryResult:
    """Close an interrupted deployment, and import `existing`: addresses as in `find_import_target`, with ids.

    Raise LockHeldError if the deployment is still running here or, according to Terraform's lock, elsewhere.
    """
    context, target = load_context(ports, environment)
    pipeline = build_recovery_pipeline(tuple(existing))
    if dry_run:
        return RecoveryResult(environment=target, deployment=None, next="", stages=pipeline.describe(target))
    with lock_target(ports, target, "recover"):
        return to_result(pipeline.run_to_end(Interruption(context, target, journal.load(ports))))


def build_recovery_pipeline(existing: tuple[tuple[str, str], ...]) -> Pipeline[Interruption, ClosedRecovery]:
    return (
        Pipeline[Interruption, Interruption]()
        .then(AskGuards())
        .then(InspectStacks())
        .then(ImportResources(existing))
        .then(CloseDeployment())
        .then(RequireRestored())
    )


def to_result(closed: ClosedRecovery) -> RecoveryResult:
    repaired, found = closed.repaired, closed.repaired.interruption
    here = closed.present.find_environment(found.environment)
    result = RecoveryResult(
        environment=found.environment,
        deployment=here.last if closed.is_recorded else None,
        next=build_adviser(found.context, closed.present).follow(found.environment).advice,
        taken_in=repaired.taken_in,
        abandoned_imports=repaired.abandoned_imports,
        **vars(repaired.findings),
    )
    return result if closed.is_recorded else replace(result, left=())
