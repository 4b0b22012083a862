"""Projection of waivers: given beforehand, used by a deployment and owed from then on, reviewed."""

from collections.abc import Iterable
from dataclasses import replace

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import WaiverUsed
from envctl.domain.ledger.state import Debt, Deployment, EnvironmentState, GivenWaiver
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed


def apply_waiver_event(
    state: EnvironmentState, entry: Entry, event: WaiverUsed | WaiverGiven | WaiverReviewed
) -> EnvironmentState:
    match event:
        case WaiverGiven():
            given = GivenWaiver(
                number=entry.seq,
                release=event.release,
                settings=event.settings,
                place=event.place,
                guards=event.guards,
                reason=event.reason,
                by=entry.actor,
                at=entry.at,
            )
            # Those that have ended no longer count.
            left = tuple(each for each in state.given_waivers if each.ends_at > entry.at)
            return replace(state, given_waivers=(*left, given))
        case WaiverUsed():
            return _apply_use(state, entry, event)
        case WaiverReviewed():
            return replace(state, debts=list_unreviewed(state.debts, entry, event))


def start_debts(state: EnvironmentState, waiver: int) -> EnvironmentState:
    """Return the state at the start of a deployment under the waiver with this number: owed, and used up."""
    started = tuple(each for each in state.waivers if each.waiver == waiver)
    return replace(_use_up(state, *started), waivers=(), debts=(*state.debts, *started))


def list_unreviewed(debts: Iterable[Debt], entry: Entry, event: WaiverReviewed) -> tuple[Debt, ...]:
    """Return the debts left by a review. That of a person who took part in the use ends nothing."""
    return tuple(each for each in debts if each.waiver != event.waiver or each.explain_bar(entry.actor))


def list_unpaid_debts(state: EnvironmentState, done: Deployment) -> tuple[Debt, ...]:
    """Return the debts left by a deployment. A promotion, or an apply of another release to the entry, pays those of
    --break-glass; a waiver that a person gave is owed until its review.
    """
    other = state.current is None or state.current.release != done.release
    if done.waiver or not (done.action == "promote" or (done.action == "apply" and other)):
        return state.debts
    return tuple(each for each in state.debts if each.given)


def _apply_use(state: EnvironmentState, entry: Entry, event: WaiverUsed) -> EnvironmentState:
    debt = Debt(
        waiver=entry.seq,
        release=event.release,
        by=entry.actor,
        at=entry.at,
        reason=event.reason,
        guards=event.guards,
        refusals=event.refusals,
        given=event.given,
        giver=next((each.by for each in state.given_waivers if each.number == event.given), None),
    )
    begun = state.unfinished_deployment
    if begun and begun.seq == event.started:
        owed = replace(_use_up(state, debt), last=replace(begun, waiver=entry.seq))
        return replace(owed, debts=(*state.debts, debt))
    # It becomes a debt once its deployment starts.
    return replace(state, waivers=(*state.waivers, debt))


def _use_up(state: EnvironmentState, *debts: Debt) -> EnvironmentState:
    """Return the state without the given waivers of these debts: each covers one deployment."""
    used = {each.given for each in debts}
    return replace(state, given_waivers=tuple(each for each in state.given_waivers if each.number not in used))
