"""`envctl rules reset ENV`: the way on where the people whom the recorded rules ask for have left.

It is recorded at once and shown everywhere, counts after a delay, and can be withdrawn until then.
"""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request
from envctl.domain.guards.both_documents import RESET_DELAY, find_recorded_document
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.people.person_names import is_same_person
from envctl.domain.ledger.people.principals import may_at_gate
from envctl.domain.ledger.recorded_rules import RulesReset
from envctl.domain.ledger.rule_events import RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state import Present
from envctl.domain.rules.document import rules_of
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.store_clock import check_clock
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


@dataclass(frozen=True)
class RulesResetState:
    """Attributes:

    reset: what was asked for; None where there is nothing to withdraw.
    counts_from: from then on the recorded rules count no longer, unless it is withdrawn.
    already: it had been asked for before; the delay runs from then on.
    withdrawn: it is over, and the recorded rules go on.
    """

    environment: str
    reset: RulesReset | None
    counts_from: datetime | None
    already: bool
    withdrawn: bool
    next: str


def reset_rules(ports: Ports, environment: str, reason: str) -> RulesResetState:
    """Records the request. Raises UsageError (E488) where no rules were recorded."""
    _, target, request = _ask(ports, environment)
    if not reason.strip():
        raise UsageError(Problem("E008", "a reason can't be empty", 'say why: --reason "…"'))
    recorded = _require_recorded(request)

    def decide(present: Present) -> Event | None:
        here = present.of(target)
        return None if here.rules_reset else RulesResetRequested(target, recorded, reason)

    after, entry = journal.append(ports, decide)
    reset = after.of(target).rules_reset
    due = reset.at + RESET_DELAY if reset else None
    following = f"envctl rules reset {target} --withdraw"
    return RulesResetState(target, reset, due, entry is None, withdrawn=False, next=following)


def withdraw_reset(ports: Ports, environment: str, reason: str = "") -> RulesResetState:
    """Records that the recorded rules go on. Raises RefusedError (G207) for a person whom they do not let approve."""
    _, target, request = _ask(ports, environment)
    recorded, reset = _require_recorded(request), request.here.rules_reset
    if reset is not None:
        _check_may_withdraw(request, reset)

    def decide(present: Present) -> Event | None:
        return RulesResetWithdrawn(target, recorded, reason) if present.of(target).rules_reset else None

    _, entry = journal.append(ports, decide)
    return RulesResetState(target, reset, None, entry is None, withdrawn=True, next=f"envctl rules {target}")


def _ask(ports: Ports, environment: str) -> tuple[object, str, Request]:
    ports.store.foresee_time()
    project, target = load.seen_from(ports, environment)
    check_clock(ports)
    return project, target, rules_store.request_for(ports, project, journal.present(ports), target)


def _require_recorded(request: Request) -> str:
    """The digest of the recorded rules; their document may be gone, and that is a reason for a reset."""
    if request.here.rules is None:
        rules_store.read_recorded(request)
    return request.recorded_digest


def _check_may_withdraw(request: Request, reset: RulesReset) -> None:
    """A person who may approve at one of the recorded gates, and the one who asked for it."""
    document = find_recorded_document(request)
    asked = rules_of(document) if document else request.rules
    patterns = [asked.who_approves(gate) for gate in asked.approvals]
    if is_same_person(request.actor, reset.by) or any(may_at_gate(each, request.actor) for each in patterns):
        return
    listed = " or ".join(dict.fromkeys(pattern for each in patterns for pattern in each))
    message = f"{request.actor} may not withdraw the reset of the rules of {request.target}: that may {listed}"
    hint = f"as one of them: envctl rules reset {request.target} --withdraw"
    raise RefusedError((Refusal("G207", "allowed", message, hint, waivable=False),))
