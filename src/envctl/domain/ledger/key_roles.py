"""Which key signs which entry: one table of all kinds of entries. docs/signatures.md has the same table.

No IAM role may sign with two of these keys: what deploys must not approve.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from envctl.domain.ledger import events, rule_events, state_events, traffic_events, waiver_events
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.release_events import ReleaseCreated

KeyRole = Literal["deployment", "people", "look"]
"""*deployment*: the key of what deploys. *people*: the key of those who approve and lock. *look*: the key of what only
looks."""
KEY_ROLES: Mapping[type[events.Event], KeyRole] = {
    ReleaseCreated: "deployment",
    events.DeploymentStarted: "deployment",
    events.DeploymentSucceeded: "deployment",
    events.DeploymentFailed: "deployment",
    events.DeploymentAbandoned: "deployment",
    events.VerificationPassed: "deployment",
    events.VerificationFailed: "deployment",
    events.HoldSet: "deployment",
    events.DriftChecked: "deployment",
    events.WaiverUsed: "deployment",
    traffic_events.RolloutStarted: "deployment",
    traffic_events.TrafficShiftStarted: "deployment",
    traffic_events.TrafficShifted: "deployment",
    state_events.ImportStarted: "deployment",
    state_events.ImportEnded: "deployment",
    state_events.StateMoved: "deployment",
    events.ApprovalGiven: "people",
    events.ApprovalWithdrawn: "people",
    events.EnvironmentLocked: "people",
    events.EnvironmentUnlocked: "people",
    events.HoldLifted: "people",
    waiver_events.WaiverGiven: "people",
    waiver_events.WaiverReviewed: "people",
    rule_events.RulesApproved: "people",
    rule_events.RulesResetRequested: "people",
    rule_events.RulesResetWithdrawn: "people",
    HistoryVouched: "people",
}
ALL_ROLES: tuple[KeyRole, ...] = get_args(KeyRole)


def is_look(event: events.Event) -> bool:
    """Check if the event is a drift check that only takes evidence away: the key for looks may sign it too."""
    return isinstance(event, events.DriftChecked) and (event.drifted > 0 or not event.locked)


def is_personal_event(event: events.Event) -> bool:
    """Check if the event is signed with the author's own credentials, not with those of a deployment."""
    return KEY_ROLES[type(event)] == "people"
