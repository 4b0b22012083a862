"""Guard G114, and the waivers that a person gives for one deployment: `envctl waive` and `envctl review`."""

from collections.abc import Collection
from datetime import datetime, timedelta

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Guard, Refusal, Request, can_record_rules
from envctl.domain.guards.rules import list_views
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine
from envctl.domain.ledger.people.principals import is_permitted
from envctl.domain.ledger.state import GivenWaiver
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.durations import format_rough_duration
from envctl.domain.text.lists import join_names


def check_reviews(request: Request) -> Refusal | None:
    """G114: no waiver is unreviewed for longer than the rules allow. A rollback and the fix of drift are exempt."""
    days = request.rules.review_days
    if days is None or not can_record_rules(request):
        return None
    late = [debt for debt in request.target_state.debts if request.now - debt.at > timedelta(days=days)]
    if not late:
        return None
    debt = late[0]
    people = sorted({each.person_name for each in (debt.giver, debt.by) if each})
    return Refusal(
        GuardCode.UNREVIEWED,
        message=f"waiver {debt.waiver} of {debt.at:%Y-%m-%d} was not reviewed within {days} days: {debt.reason}",
        hint=format_command("review", request.target, waiver=str(debt.waiver)),
        for_now=True,
        since=debt.at + timedelta(days=days),
        who=f"any person except {', '.join(people)}",
    )


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


GUARDS = (Guard(GuardCode.UNREVIEWED, check_reviews, reason="a waiver in {target} was not reviewed"),)
