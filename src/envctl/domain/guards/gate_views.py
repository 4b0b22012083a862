"""Gates of an environment under the rules of the tree and the recorded rules together."""

from envctl.domain.guards import plan
from envctl.domain.guards.approvals import (
    can_approve,
    describe_allowed_approvers,
    has_changed_rules,
    has_made_release,
    list_valid_approvals,
)
from envctl.domain.guards.plan import count_missing_after_stop
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.guards.rule_views import check_all_views, list_views
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval


def count_required_approvals(request: Request) -> dict[str, int]:
    """Return the number of required approvals for each gate in either document."""
    asked: dict[str, int] = {}
    for view in list_views(request):
        for gate, count in view.rules.approvals.items():
            asked[gate] = max(count, asked.get(gate, count))
    return asked


def count_missing_at_gates(request: Request) -> dict[str, int]:
    """Return the number of missing approvals for each gate in either document."""
    missing: dict[str, int] = {}
    for view in list_views(request):
        for gate, count in count_missing_after_stop(view).items():
            missing[gate] = max(count, missing.get(gate, 0))
    return missing


def check_stopped_deployment(request: Request) -> Refusal | None:
    """Check the rest of a stopped deployment against both documents, without a plan."""
    return check_all_views(plan.check_stopped_deployment, list_views(request))


def describe_approvers(request: Request) -> str:
    """Describe the people still able to approve."""
    views = list_views(request)
    return describe_allowed_approvers(
        next((view for view in views if any(count_missing_after_stop(view).values())), views[0])
    )


def list_valid_in_any_view(request: Request) -> tuple[Approval, ...]:
    """Return the approvals valid under either document."""
    return tuple(dict.fromkeys(each for view in list_views(request) for each in list_valid_approvals(view)))


def find_barring_view(request: Request, gate: str, actor: Actor) -> Request | None:
    """Return the view barring the actor from approving at the gate; None if any view permits it."""
    views = [view for view in list_views(request) if gate in view.rules.approvals] or list_views(request)[:1]
    barred = [view for view in views if not _can_approve_in_view(view, gate, actor)]
    return barred[0] if len(barred) == len(views) else None


def _can_approve_in_view(view: Request, gate: str, actor: Actor) -> bool:
    own = (has_made_release(view, actor) or has_changed_rules(view, actor)) and not view.rules.self_approval
    return not own and can_approve(view, gate, actor)
