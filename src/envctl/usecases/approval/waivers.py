"""`envctl waive ENV` and `envctl review ENV`: break-glass by a person, and its review by another person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from envctl.domain import guards
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import InterruptedByUserError, Problem, UsageError
from envctl.domain.guards.approvals import check_own_run
from envctl.domain.guards.target import describe_doubt
from envctl.domain.guards.waivers import can_waive
from envctl.domain.ledger.events import ANONYMOUS, Event
from envctl.domain.ledger.people.person_names import is_machine
from envctl.domain.ledger.state import Debt, GivenWaiver, LedgerState
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from envctl.domain.next_step.find_step import format_deployment
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.approve import find_candidate
from envctl.usecases.approval.explain_refusal import find_next_candidate
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import check_clock, read_store_time
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context

ASKS = RECORDS_ONLY


@dataclass(frozen=True, kw_only=True)
class WaiverResult:
    """A given waiver."""

    environment: str
    waiver: GivenWaiver
    overridden: tuple[guards.Refusal, ...]  # the refusals that it overrides
    remaining: tuple[guards.Refusal, ...]  # those that it does not override: they refuse the deployment
    next: str
    label: ReleaseLabel | None = None  # what people know the release by; None if not recorded


@dataclass(frozen=True)
class WaiverReview:
    """The reviewed debts."""

    environment: str
    reviewed: tuple[Debt, ...]
    next: str


def waive_guards(
    ports: Ports, environment: str, names: Sequence[str], reason: str, *, release: str | None = None
) -> WaiverResult:
    """Show what the guards refuse now, ask for consent, and record the waiver. Raises UsageError and RefusedError."""
    ports.store.prefetch_time()
    context, target = load_context(ports, environment)
    codes = _parse_guards(target, names)
    if not reason.strip():
        raise UsageError(Problem("E008", "the reason is empty", 'give a reason: --reason "…"'))
    present = journal.load(ports)
    if not ports.trust.has_people_key(target, present.seq + 1):
        message = f"{target} has no approval_signing_key: the deployment itself breaks the glass there"
        deploy = find_next_candidate(context, present, target).request.command
        raise UsageError(Problem("E061", message, f'{deploy} --break-glass "…"'))
    check_clock(ports)
    find = find_candidate if release is not None else find_next_candidate
    request = find(context, present, target, release).require_fitting().request
    _check_may_waive(request, codes)
    # Without an actor: another person may deploy.
    asked = replace(request, actor=ANONYMOUS, now=read_store_time(ports))
    refused = tuple(each for each in guards.list_refusals(asked) if each.code is not GuardCode.ALLOWED)
    overridden = tuple(each for each in refused if each.code in codes)
    remaining = tuple(each for each in refused if each not in overridden)
    label = present.find_label(request.release)
    if not ports.prompter.confirm_waiver(target, codes, overridden, remaining):
        raise InterruptedByUserError(Problem("E310", "cancelled: not waived", ""))
    event = WaiverGiven(
        environment=target,
        release=request.identity,
        settings=request.settings,
        place=request.place,
        guards=codes,
        reason=reason,
    )
    after, _ = journal.append(ports, lambda _: event)
    return WaiverResult(
        environment=target,
        waiver=after.find_environment(target).given_waivers[-1],
        overridden=overridden,
        remaining=remaining,
        next=format_deployment(request),
        label=label,
    )


def review_waiver(ports: Ports, environment: str, number: int, reason: str = "") -> WaiverReview:
    """Record the review of a used waiver, named by its use or by its beginning. Raises UsageError (E062)."""
    _, target = load_context(ports, environment)
    actor, start = ports.identity.identify_actor(), ports.identity.find_start()
    after = journal.load(ports)
    debts = after.find_environment(target).debts
    found = tuple(debt for debt in debts if number in (debt.waiver, debt.given))
    if not found:
        known = f"; to review: {join_names([str(debt.waiver) for debt in debts])}" if debts else ""
        message = f"{target} has no debt of waiver {number}{known}"
        raise UsageError(Problem("E062", message, format_command("status")))
    bars = (debt.explain_bar(each) for debt in found for each in (actor, *start.people))
    if bar := next(filter(None, bars), "no person started this run" if start.machines else ""):
        hint = format_command("review", target, waiver=str(number))
        raise UsageError(Problem("E062", f"another person has to review waiver {number}: {bar}", hint))
    for debt in found:
        after, _ = journal.append(ports, partial(_build_review, target, debt.waiver, reason))
    left = after.find_environment(target).debts
    more = format_command("review", target, waiver=str(left[0].waiver)) if left else format_command("status")
    return WaiverReview(target, found, more)


def _build_review(target: str, waiver: int, reason: str, _: LedgerState) -> Event:
    return WaiverReviewed(target, waiver, reason)


def _parse_guards(target: str, names: Sequence[str]) -> tuple[GuardCode, ...]:
    """Return the named guards in order. Raises UsageError (E060) for an unknown one."""
    try:
        return tuple(dict.fromkeys(GuardCode.parse(each) for name in names for each in name.split(",")))
    except ValueError as error:
        message = f"unknown guard: {', '.join(names)}; write it like G104 or soak"
        raise UsageError(Problem("E060", message, format_command("rules", target))) from error


def _check_may_waive(request: guards.Request, codes: Sequence[GuardCode]) -> None:
    """Raise UsageError for a machine (E057) or a guard not listed (E060), RefusedError for a missing permission."""
    actor, target, views = request.actor, request.target, guards.list_views(request)
    command = format_command("waive", target, guard=",".join(codes), reason="…")
    if is_machine(actor) or request.start.machines:
        message = f"{actor.person_name} can't waive guards of {target}: that takes a person, and no schedule or bot"
        raise UsageError(Problem("E057", message, f"as a person: {command}"))
    if shared := check_own_run(request, command):
        raise guards.RefusedError((shared,))
    unlisted = [code for code in codes if any(code not in view.rules.waivable for view in views)]
    if unlisted:
        message = f"{target} does not list {join_names(unlisted)} as waivable, in envctl.toml and its recorded rules"
        raise UsageError(Problem("E060", message, format_command("rules", target)))
    barred = next((view for view in views if not can_waive(view.rules, actor)), None)
    if barred is not None:
        allowed = " or ".join(barred.rules.apply)
        message = f"{actor} may not waive guards of {target}; permitted: {allowed}{describe_doubt(request)}"
        hint = f"as {barred.rules.apply[0]}: {command}"
        raise guards.RefusedError((guards.Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False),))
