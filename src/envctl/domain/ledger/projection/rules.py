"""Which rules an environment was deployed with, and what people said against them, as a part of the fold."""

from dataclasses import replace

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import Deployment, EnvironmentPresent

# Of how many approvals of rules an environment knows.
APPROVALS = 50


def record_rules(there: EnvironmentPresent, done: Deployment) -> EnvironmentPresent:
    """The environment after a whole release came to its end there. Under a waiver the rules of the tree were not
    approved: those of before go on.
    """
    if not done.rules or done.waiver:
        return there
    known, before = there.rules, done.rules_before
    if known is not None and known.digest == done.rules:
        # They are known since the deployment that they came with; what they were before that is told still.
        return replace(there, rules_approvals=(), rules_reset=None)
    rules = RulesRecord(done.rules, done.seq, done.ended_at or done.started_at, before)
    # What was said of the rules of before is over.
    return replace(there, rules=rules, rules_approvals=(), rules_reset=None)


def follow_rules(
    there: EnvironmentPresent, entry: Entry, event: RulesApproved | RulesResetRequested | RulesResetWithdrawn
) -> EnvironmentPresent:
    recorded = there.rules.digest if there.rules else ""
    if event.recorded != recorded:
        # It speaks of rules that do not count any more.
        return there
    match event:
        case RulesApproved():
            given = RulesApproval(event.gate, event.recorded, event.rules, entry.actor, entry.at)
            return replace(there, rules_approvals=(*there.rules_approvals, given)[-APPROVALS:])
        case RulesResetRequested():
            if there.rules_reset is not None:
                # The delay runs from the first one on.
                return there
            reset = RulesReset(entry.seq, event.recorded, entry.actor, entry.at, event.reason)
            return replace(there, rules_reset=reset)
        case RulesResetWithdrawn():
            return replace(there, rules_reset=None)
