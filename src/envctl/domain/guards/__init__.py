"""Guards: pure rules that answer *why not*. All are asked, and all refusals are shown at once."""

from envctl.domain.guards.access import account, allowed
from envctl.domain.guards.approvals import approvals, makers
from envctl.domain.guards.artifact import artifact
from envctl.domain.guards.both_documents import check_twice, list_views
from envctl.domain.guards.both_gates import count_asked, find_who, gates
from envctl.domain.guards.evidence import drift, max_age, soak, verified
from envctl.domain.guards.older import older
from envctl.domain.guards.order import order, provenance
from envctl.domain.guards.plan import known_state, protection, rehearsed, same_plan
from envctl.domain.guards.removed import removed
from envctl.domain.guards.request import Bundle, Guard, Refusal, RefusedError, Request
from envctl.domain.guards.rules import rules
from envctl.domain.guards.secrets import secrets
from envctl.domain.guards.settings import clean, parity, settings
from envctl.domain.guards.target import busy, lock, window

__all__ = [
    "GUARDS",
    "Bundle",
    "Guard",
    "Refusal",
    "RefusedError",
    "Request",
    "ask",
    "check_twice",
    "count_asked",
    "find_who",
    "gates",
    "list_views",
    "makers",
    "refusals",
    "unwaived",
    "warnings",
]

GUARDS: tuple[Guard, ...] = (
    Guard("G101", "order", order),
    Guard("G102", "provenance", provenance),
    Guard("G103", "verified", verified, rests_on="G102"),
    Guard("G104", "soak", soak, rests_on="G103"),
    Guard("G105", "max_age", max_age, rests_on="G103"),
    Guard("G106", "approvals", approvals),
    Guard("G107", "window", window),
    Guard("G108", "lock", lock),
    Guard("G109", "busy", busy),
    Guard("G110", "drift", drift),
    Guard("G111", "older", older),
    Guard("G112", "rules", rules),
    Guard("G201", "artifact", artifact, of_access=True),
    Guard("G202", "secrets", secrets, of_access=True),
    Guard("G203", "account", account, of_access=True, of_plan=True),
    Guard("G204", "settings", settings),
    Guard("G205", "parity", parity),
    Guard("G206", "clean", clean),
    Guard("G207", "allowed", allowed),
    Guard("G301", "protection", protection, of_plan=True),
    Guard("G302", "same_plan", same_plan, rests_on="G106", of_plan=True),
    Guard("G303", "rehearsed", rehearsed, of_plan=True),
    Guard("G304", "known_state", known_state, of_plan=True),
    Guard("G305", "removed", removed),
)


def ask(request: Request) -> tuple[Refusal, ...]:
    """What every guard has to say, warnings too, in the order of the guards. Each is asked with the rules of the tree
    and with the recorded ones.
    """
    views = list_views(request)
    return tuple(refusal for guard in GUARDS if (refusal := check_twice(guard.check, views)))


def refusals(request: Request) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in ask(request) if not refusal.warns)


def warnings(request: Request) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in ask(request) if refusal.warns)


def unwaived(request: Request, refused: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Those that even break-glass does not override there: it overrides what both documents list."""
    views = list_views(request)
    return tuple(r for r in refused if not r.waivable or any(r.code not in view.rules.waivable for view in views))
