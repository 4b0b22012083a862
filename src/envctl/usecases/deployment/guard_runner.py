"""Asking the guards on behalf of a deployment: what they refuse, what they remark, and what break-glass overrides."""

from dataclasses import replace

from envctl.domain.guards import GUARDS, Refusal, RefusedError, Request, ask, unwaived
from envctl.domain.ledger.events import Event, WaiverUsed
from envctl.domain.ledger.state import Present
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.account import account_check, preconditions
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.ledger import journal, rules_store, store_clock

_OF_PLAN = frozenset(guard.code for guard in GUARDS if guard.of_plan)
_OF_ACCESS = frozenset(guard.code for guard in GUARDS if guard.of_access)


def ask_guards(run: Run, present: Present, plan: EnvironmentPlan | None = None) -> None:
    """Raises RefusedError with all that stands against it and is not waived. Remarks are told once."""
    if not run.wishes.dry_run:
        store_clock.check_clock(run.ports)
    now = run.ports.clock.now() if run.wishes.dry_run else store_clock.current_time(run.ports)
    request = replace(there(run.request), present=present, now=now, plan=plan, older=run.wishes.older)
    # Somebody else may have recorded other rules meanwhile.
    request = rules_store.complete(run.ports, request)
    run.request = request
    _tell_unbelieved(run, present)
    refused = _told(run, request)
    _waive(run, request, refused)


def ask_with_access(run: Run) -> None:
    """What only the target's own account can answer. Whether it is that account comes first: nothing in another one is
    looked at.
    """
    run.request = account_check.complete(run.ports, run.project, there(run.request))
    _ask_of_access(run, run.request)
    run.request = preconditions.look(run.ports, run.project, run.request, there(run.release), run.settings)
    _ask_of_access(run, run.request)


def _ask_of_access(run: Run, request: Request) -> None:
    _waive(run, request, tuple(r for r in _told(run, request) if r.code in _OF_ACCESS))


def ask_again(run: Run) -> None:
    """About a plan that was made anew while the deployment runs. What was waived by now is recorded at once."""
    request = replace(there(run.request), plan=run.plan)
    refused = tuple(_describe_halfway(run, r) for r in _told(run, request) if r.code in _OF_PLAN)
    before = set(run.waived)
    _waive(run, request, refused)
    if more := tuple(refusal for refusal in refused if refusal.code not in before):
        journal.append(run.ports, lambda _: _waiver(run, more, started=run.started))


def _describe_halfway(run: Run, refusal: Refusal) -> Refusal:
    """What stops at it can go on once it is approved: nothing has to be recovered or taken back."""
    if not refusal.for_now:
        return refusal
    message = f"{refusal.message}; {run.target} keeps what was applied, and the rest goes on once it is approved"
    return replace(refusal, message=message)


def record_waiver(run: Run) -> int:
    """The number of the entry that says what is overridden, and why; 0 where nothing is."""
    if not run.waived:
        return 0
    _, entry = journal.append(run.ports, lambda _: _waiver(run, tuple(run.waived.values())))
    return there(entry).seq


def _waiver(run: Run, refused: tuple[Refusal, ...], started: int = 0) -> Event:
    return WaiverUsed(
        run.target,
        run.identity,
        run.wishes.break_glass,
        tuple(refusal.code for refusal in refused),
        tuple(refusal.message for refusal in refused),
        started,
    )


def _tell_unbelieved(run: Run, present: Present) -> None:
    for each in present.unbelieved:
        if each.seq not in run.disbelieved:
            run.disbelieved.add(each.seq)
            run.ports.observer.said(f"{each} is not believed: {each.why}")


def _told(run: Run, request: Request) -> tuple[Refusal, ...]:
    said = ask(request)
    for remark in said:
        if remark.warns and run.warnings.get(remark.code) != remark:
            run.warnings[remark.code] = remark
            run.ports.observer.said(f"{remark.code} {remark.guard} warns: {remark.message}")
    return tuple(refusal for refusal in said if not refusal.warns)


def _waive(run: Run, request: Request, refused: tuple[Refusal, ...]) -> None:
    if not refused:
        return
    if not run.wishes.break_glass:
        raise RefusedError(refused)
    if stubborn := unwaived(request, refused):
        raise RefusedError(tuple(_not_waivable(request, refusal) for refusal in stubborn))
    run.waived.update({refusal.code: refusal for refusal in refused})


def _not_waivable(request: Request, refusal: Refusal) -> Refusal:
    why = f"{request.target} does not list it as waivable" if refusal.waivable else "nobody can waive it"
    return replace(refusal, message=f"{refusal.message} (break-glass does not help: {why})")
