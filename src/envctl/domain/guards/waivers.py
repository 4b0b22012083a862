"""The waivers that a person gives for one deployment: which one counts, and for what."""

from collections.abc import Collection
from datetime import datetime

from envctl.domain.guards.request import Request
from envctl.domain.guards.rules import list_views
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine
from envctl.domain.ledger.people.principals import is_permitted
from envctl.domain.ledger.state import GivenWaiver
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.durations import format_rough_duration
from envctl.domain.text.lists import join_names


def can_waive(rules: Rules, actor: Actor) -> bool:
    """Check if the rules let the actor waive guards: a person who may change the environment, in CI or elsewhere."""
    return not is_machine(actor) and (not rules.apply or is_permitted(rules.apply, actor))


def find_waiver(request: Request, codes: Collection[str], number: int = 0) -> GivenWaiver | None:
    """Return the newest waiver that covers all these guards for this deployment, or only the one with that number."""
    found = (each for each in reversed(request.target_state.given_waivers) if set(codes) <= set(each.guards))
    return next((each for each in found if number in (0, each.number) and _is_valid(request, each)), None)


def describe_waiver(waiver: GivenWaiver, now: datetime) -> str:
    """Say what a valid waiver lets a deployment override, and for how long."""
    left = format_rough_duration(waiver.ends_at - now)
    by = f"waived by {waiver.by} for {left} more (entry {waiver.number})"
    return f"{join_names(waiver.guards)} {'is' if len(waiver.guards) == 1 else 'are'} {by}: {waiver.reason}"


def _is_valid(request: Request, waiver: GivenWaiver) -> bool:
    bound = (waiver.release, waiver.settings, waiver.place)
    if request.action == "destroy" or bound != (request.release, request.settings, request.place):
        return False
    if request.now >= waiver.ends_at or is_future(waiver.at, request.now):
        return False
    return all(can_waive(view.rules, waiver.by) for view in list_views(request))
