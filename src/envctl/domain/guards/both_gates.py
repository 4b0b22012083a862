"""The gates of an environment, as the rules of the tree and the recorded ones ask for them together."""

from envctl.domain.events import Actor
from envctl.domain.guards import plan
from envctl.domain.guards.approvals import changed_rules, counting, made_by, may_approve, who
from envctl.domain.guards.both_documents import check_twice, list_views
from envctl.domain.guards.plan import count_missing
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.present import Approval


def count_asked(request: Request) -> dict[str, int]:
    """For each gate of one of the two, how many approvals it asks for."""
    asked: dict[str, int] = {}
    for view in list_views(request):
        for gate, count in view.rules.approvals.items():
            asked[gate] = max(count, asked.get(gate, count))
    return asked


def gates(request: Request) -> dict[str, int]:
    """For each gate of one of the two, how many approvals are still missing."""
    missing: dict[str, int] = {}
    for view in list_views(request):
        for gate, count in count_missing(view).items():
            missing[gate] = max(count, missing.get(gate, 0))
    return missing


def find_rest(request: Request) -> Refusal | None:
    """What both say of what a deployment left that stopped halfway, without a plan."""
    return check_twice(plan.find_rest, list_views(request))


def find_who(request: Request) -> str:
    """Who can still approve, in words."""
    views = list_views(request)
    return who(next((view for view in views if any(count_missing(view).values())), views[0]))


def list_counting(request: Request) -> tuple[Approval, ...]:
    """The approvals that count by one of the two."""
    return tuple(dict.fromkeys(each for view in list_views(request) for each in counting(view)))


def find_bar(request: Request, gate: str, actor: Actor) -> Request | None:
    """The view by which that person may not approve at that gate; None where one of the two lets them."""
    views = [view for view in list_views(request) if gate in view.rules.approvals] or list_views(request)[:1]
    barred = [view for view in views if not _may(view, gate, actor)]
    return barred[0] if len(barred) == len(views) else None


def _may(view: Request, gate: str, actor: Actor) -> bool:
    own = (made_by(view, actor) or changed_rules(view, actor)) and not view.rules.self_approval
    return not own and may_approve(view, gate, actor)
