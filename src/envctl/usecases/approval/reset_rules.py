"""`envctl rules reset ENV`: a reset of recorded rules whose approvers have left.

The request is recorded and shown at once. It counts after a delay, and can be withdrawn until then.
"""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request
from envctl.domain.guards.rules import RESET_DELAY
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.people.person_names import is_same_person
from envctl.domain.ledger.people.principals import can_approve_at
from envctl.domain.ledger.recorded_rules import RulesReset
from envctl.domain.ledger.rule_events import RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rules.document import to_rules
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.ledger_store import check_clock
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context

ASKS = RECORDS_ONLY


@dataclass(frozen=True)
class RulesResetState:
    """A requested or withdrawn reset."""

    environment: str
    reset: RulesReset | None  # the request; None if there is none to withdraw
    counts_from: datetime | None  # the end of the delay; the recorded rules count until then
    already: bool  # the reset had been requested before, and its delay runs since then
    withdrawn: bool  # the reset is over, and the recorded rules stay
    next: str


def reset_rules(ports: Ports, environment: str, reason: str) -> RulesResetState:
    """Record the request. Raises UsageError (E488) if no rules were recorded."""
    request = _load_request(ports, environment)
    target = request.target
    if not reason.strip():
        raise UsageError(Problem("E008", "the reason is empty", 'give a reason: --reason "…"'))
    recorded = _require_recorded_digest(request)

    def decide(present: LedgerState) -> Event | None:
        here = present.find_environment(target)
        return None if here.rules_reset else RulesResetRequested(target, recorded, reason)

    after, entry = journal.append(ports, decide)
    reset = after.find_environment(target).rules_reset
    due = reset.at + RESET_DELAY if reset else None
    next_command = format_command("rules reset", target, withdraw=True)
    return RulesResetState(target, reset, due, entry is None, withdrawn=False, next=next_command)


def withdraw_reset(ports: Ports, environment: str, reason: str = "") -> RulesResetState:
    """Record a withdrawal. Raises RefusedError (G207) unless the recorded rules let the actor approve."""
    request = _load_request(ports, environment)
    target = request.target
    recorded, reset = _require_recorded_digest(request), request.target_state.rules_reset
    if reset is not None:
        _check_may_withdraw(request, reset)

    def decide(present: LedgerState) -> Event | None:
        return RulesResetWithdrawn(target, recorded, reason) if present.find_environment(target).rules_reset else None

    _, entry = journal.append(ports, decide)
    return RulesResetState(target, reset, None, entry is None, withdrawn=True, next=format_command("rules", target))


def _load_request(ports: Ports, environment: str) -> Request:
    ports.store.prefetch_time()
    context, target = load_context(ports, environment)
    check_clock(ports)
    return rules_store.build_rules_request(context, journal.load(ports), target)


def _require_recorded_digest(request: Request) -> str:
    """Return the digest of the recorded rules, even if their document is missing."""
    if request.target_state.rules is None:
        rules_store.load_recorded_rules(request)
    return request.recorded_digest


def _check_may_withdraw(request: Request, reset: RulesReset) -> None:
    """Check that the actor requested the reset or may approve at a recorded gate; raise RefusedError otherwise."""
    document = request.recorded_document
    asked = to_rules(document) if document else request.rules
    patterns = [asked.list_approver_patterns(gate) for gate in asked.approvals]
    if is_same_person(request.actor, reset.by) or any(can_approve_at(each, request.actor) for each in patterns):
        return
    listed = " or ".join(dict.fromkeys(pattern for each in patterns for pattern in each))
    message = f"{request.actor} may not withdraw the reset of the rules of {request.target}: only {listed} may"
    hint = f"as one of them: {format_command('rules reset', request.target, withdraw=True)}"
    raise RefusedError((Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False),))
