"""The result of a deployment."""

from dataclasses import dataclass

from envctl.domain.guards import Refusal
from envctl.domain.ledger.state import Deployment, GivenWaiver
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.deployment.rollout_model import RolledOut
from envctl.usecases.deployment.verification import Verification


@dataclass(frozen=True, kw_only=True)
class DeploymentResult:
    """The result of a deployment; a dry run fills `stages` alone."""

    environment: str
    release: str
    action: Operation = "apply"
    stages: tuple[str, ...] = ()
    plan: EnvironmentPlan | None = None
    deployment: Deployment | None = None
    verification: Verification | None = None
    warnings: tuple[Refusal, ...] = ()  # remarks of guards without a refusal
    waived: tuple[Refusal, ...] = ()  # refusals overridden by break-glass
    given: GivenWaiver | None = None  # the waiver of a person that it used
    held: str = ""  # the release put on hold by a rollback
    up_to_date: bool = False  # true if neither a change nor an entry was needed
    dry_run: bool = False
    only: tuple[str, ...] = ()  # the deployed stacks, if not all of the release
    rollouts: tuple[RolledOut, ...] = ()  # stacks with traffic moved to another color
    lost: tuple[str, ...] = ()  # destroyed stacks with a lost state; their resources may remain
    next: str = ""
    forgotten: tuple[str, ...] = ()  # stacks no longer tracked by envctl; their resources may remain
    # label and held_label: what people know the two releases by; None if not recorded.
    label: ReleaseLabel | None = None
    held_label: ReleaseLabel | None = None
