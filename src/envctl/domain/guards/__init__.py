"""Registry of the guards: pure rules, all checked together, each with a refusal as its answer."""

from envctl.domain.guards.approvals import check_approvals, list_makers
from envctl.domain.guards.artifact import check_artifact
from envctl.domain.guards.availability import check_lock, check_unfinished, check_window
from envctl.domain.guards.evidence import check_drift, check_max_age, check_soak, check_verified
from envctl.domain.guards.gate_views import count_missing_at_gates, count_required_approvals, describe_approvers
from envctl.domain.guards.identity import check_account, check_permission
from envctl.domain.guards.order import check_order, check_provenance
from envctl.domain.guards.plan import check_known_state, check_protection, check_rehearsed, check_same_plan
from envctl.domain.guards.release_age import check_older
from envctl.domain.guards.removed import check_removed
from envctl.domain.guards.request import BundleState, Guard, Refusal, RefusedError, Request
from envctl.domain.guards.rule_views import check_all_views, list_views
from envctl.domain.guards.rules import check_rules
from envctl.domain.guards.secrets import check_secrets
from envctl.domain.guards.settings import check_committed, check_parity, check_settings

__all__ = [
    "GUARDS",
    "BundleState",
    "Guard",
    "Refusal",
    "RefusedError",
    "Request",
    "check_all_views",
    "check_guards",
    "count_missing_at_gates",
    "count_required_approvals",
    "describe_approvers",
    "list_makers",
    "list_refusals",
    "list_unwaivable",
    "list_views",
]

GUARDS: tuple[Guard, ...] = (
    Guard("G101", "order", check_order),
    Guard("G102", "provenance", check_provenance),
    Guard("G103", "verified", check_verified, depends_on="G102"),
    Guard("G104", "soak", check_soak, depends_on="G103"),
    Guard("G105", "max_age", check_max_age, depends_on="G103"),
    Guard("G106", "approvals", check_approvals),
    Guard("G107", "window", check_window),
    Guard("G108", "lock", check_lock),
    Guard("G109", "busy", check_unfinished),
    Guard("G110", "drift", check_drift),
    Guard("G111", "older", check_older),
    Guard("G112", "rules", check_rules),
    Guard("G201", "artifact", check_artifact, needs_account=True),
    Guard("G202", "secrets", check_secrets, needs_account=True),
    Guard("G203", "account", check_account, needs_account=True, needs_plan=True),
    Guard("G204", "settings", check_settings),
    Guard("G205", "parity", check_parity),
    Guard("G206", "clean", check_committed),
    Guard("G207", "allowed", check_permission),
    Guard("G301", "protection", check_protection, needs_plan=True),
    Guard("G302", "same_plan", check_same_plan, depends_on="G106", needs_plan=True),
    Guard("G303", "rehearsed", check_rehearsed, needs_plan=True),
    Guard("G304", "known_state", check_known_state, needs_plan=True),
    Guard("G305", "removed", check_removed),
)


def check_guards(request: Request) -> tuple[Refusal, ...]:
    """Return the refusals and warnings of all guards, in order, under the rules of the tree and the recorded ones."""
    views = list_views(request)
    return tuple(refusal for guard in GUARDS if (refusal := check_all_views(guard.check, views)))


def list_refusals(request: Request) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in check_guards(request) if not refusal.warns)


def list_unwaivable(request: Request, refused: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals beyond break-glass: it overrides only guards listed as waivable in both rules documents."""
    views = list_views(request)
    return tuple(r for r in refused if not r.waivable or any(r.code not in view.rules.waivable for view in views))
