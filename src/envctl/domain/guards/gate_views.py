"""Gates of an environment under the rules of the tree and the recorded rules together."""

from envctl.domain.guards import approvals, plan
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
    lacking = (view for view in views if any(count_missing_after_stop(view).values()))
    return approvals.describe_allowed_approvers(next(lacking, views[0]))


def list_valid_in_any_view(request: Request) -> tuple[Approval, ...]:
    """Return the approvals valid under either document."""
    return tuple(dict.fromkeys(each for view in list_views(request) for each in approvals.list_valid_approvals(view)))


def find_barring_view(request: Request, gate: str, actor: Actor) -> Request | None:
    """Return the view barring the actor from approving at the gate; None if any view permits it."""
    views = [view for view in list_views(request) if gate in view.rules.approvals] or list_views(request)[:1]
    for view in views:
        has_part = approvals.has_made_release(view, actor) or approvals.has_changed_rules(view, actor)
        if approvals.can_approve(view, gate, actor) and (view.rules.self_approval or not has_part):
            return None
    return views[0]
