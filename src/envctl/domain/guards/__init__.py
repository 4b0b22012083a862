"""The guards: pure rules, each with a refusal as its answer, all checked together.

A guard reads a `Request` (`request.py`) and returns a `Refusal` or None. Each has a row in `GUARDS`, below.
Every guard is asked twice: under the rules of the working tree, and under the recorded ones (`rules.py`).

Begin with `request.py`: `Request`, `Refusal`; then `check_guards` below, and `provenance.py` as an example.
Out of scope: the facts of a request. `usecases/release/deploy_request.py` collects them.
"""

from dataclasses import replace

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.approvals import check_approvals, list_makers
from envctl.domain.guards.plan import (
    check_known_state,
    check_protection,
    check_rehearsed,
    check_removed,
    check_same_plan,
)
from envctl.domain.guards.provenance import (
    check_drift,
    check_max_age,
    check_older,
    check_order,
    check_provenance,
    check_soak,
    check_verified,
)
from envctl.domain.guards.request import BundleState, Guard, Refusal, RefusedError, Request
from envctl.domain.guards.rules import (
    check_rules,
    count_missing_at_gates,
    count_required_approvals,
    describe_approvers,
    list_views,
    merge_answers,
)
from envctl.domain.guards.target import (
    check_account,
    check_artifact,
    check_committed,
    check_lock,
    check_parity,
    check_permission,
    check_secrets,
    check_settings,
    check_unfinished,
    check_window,
)

__all__ = [
    "GUARDS",
    "BundleState",
    "Guard",
    "Refusal",
    "RefusedError",
    "Request",
    "check_guards",
    "count_missing_at_gates",
    "count_required_approvals",
    "describe_approvers",
    "list_makers",
    "list_refusals",
    "list_unwaivable",
    "list_views",
    "merge_answers",
]

GUARDS: tuple[Guard, ...] = (
    Guard(GuardCode.ORDER, check_order),
    Guard(GuardCode.PROVENANCE, check_provenance),
    Guard(GuardCode.VERIFIED, check_verified, depends_on=GuardCode.PROVENANCE),
    Guard(GuardCode.SOAK, check_soak, depends_on=GuardCode.VERIFIED),
    Guard(GuardCode.MAX_AGE, check_max_age, depends_on=GuardCode.VERIFIED),
    Guard(GuardCode.APPROVALS, check_approvals),
    Guard(GuardCode.WINDOW, check_window),
    Guard(GuardCode.LOCK, check_lock),
    Guard(GuardCode.BUSY, check_unfinished),
    Guard(GuardCode.DRIFT, check_drift),
    Guard(GuardCode.OLDER, check_older),
    Guard(GuardCode.RULES, check_rules),
    Guard(GuardCode.ARTIFACT, check_artifact, needs_account=True, needs_plan=True),
    Guard(GuardCode.SECRETS, check_secrets, needs_account=True),
    Guard(GuardCode.ACCOUNT, check_account, needs_account=True, needs_plan=True),
    Guard(GuardCode.SETTINGS, check_settings),
    Guard(GuardCode.PARITY, check_parity),
    Guard(GuardCode.CLEAN, check_committed),
    Guard(GuardCode.ALLOWED, check_permission),
    Guard(GuardCode.PROTECTION, check_protection, needs_plan=True),
    Guard(GuardCode.SAME_PLAN, check_same_plan, depends_on=GuardCode.APPROVALS, needs_plan=True),
    Guard(GuardCode.REHEARSED, check_rehearsed, needs_plan=True),
    Guard(GuardCode.KNOWN_STATE, check_known_state, needs_plan=True),
    Guard(GuardCode.REMOVED, check_removed),
)

# What is asked of the release in the environment that it comes from, and of its approval.
_OF_PATH = frozenset(
    {
        GuardCode.PROVENANCE,
        GuardCode.VERIFIED,
        GuardCode.SOAK,
        GuardCode.MAX_AGE,
        GuardCode.APPROVALS,
        GuardCode.WINDOW,
        GuardCode.DRIFT,
        GuardCode.OLDER,
    }
)


def check_guards(request: Request) -> tuple[Refusal, ...]:
    """Return the refusals and warnings of all guards, in order, under the rules of the tree and the recorded ones."""
    views, refusals = list_views(request), list[Refusal]()
    for guard in GUARDS:
        answers = list[tuple[Refusal | None, str]]()
        for view in views:
            answers.append((guard.check(view), view.whose_rules))
        if refusal := merge_answers(answers):
            refusals.append(refusal)
    return _follow_order(tuple(refusals))


def _follow_order(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals. After one of the order, what would open the guards of that path leads nowhere."""
    order = next((each for each in refusals if each.code is GuardCode.ORDER), None)
    if order is None:
        return refusals
    return tuple(replace(each, hint=order.hint) if each.code in _OF_PATH else each for each in refusals)


def list_refusals(request: Request) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in check_guards(request) if not refusal.warns)


def list_unwaivable(request: Request, refused: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals beyond break-glass: it overrides only guards listed as waivable in both rules documents."""
    views = list_views(request)
    return tuple(r for r in refused if not r.waivable or any(r.code not in view.rules.waivable for view in views))
