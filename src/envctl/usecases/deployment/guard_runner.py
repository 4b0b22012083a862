"""Check the guards for a deployment: their refusals, their warnings, and waivers by break-glass."""

from dataclasses import replace

from envctl.domain.guards import GUARDS, Refusal, RefusedError, Request, check_guards, list_unwaivable
from envctl.domain.ledger.events import WaiverUsed
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.account import account_check, preconditions
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.ledger import journal, rules_store, store_clock

_PLAN_GUARDS = frozenset(guard.code for guard in GUARDS if guard.needs_plan)
_ACCOUNT_GUARDS = frozenset(guard.code for guard in GUARDS if guard.needs_account)


def enforce_guards(run: Run, present: LedgerState, plan: EnvironmentPlan | None = None) -> None:
    """Raise RefusedError with all refusals not waived. Each warning is reported once."""
    if not run.options.dry_run:
        store_clock.check_clock(run.ports)
    now = run.ports.clock.now() if run.options.dry_run else store_clock.read_store_time(run.ports)
    request = replace(require(run.request), present=present, now=now, plan=plan, older=run.options.older)
    # The recorded rules may have changed meanwhile.
    run.request = request = rules_store.complete_request(run.ports, request)
    for each in present.unbelieved:
        if each.seq not in run.disbelieved:
            run.disbelieved.add(each.seq)
            run.ports.observer.on_message(f"{each} is not believed: {each.why}")
    _waive_or_refuse(run, request, _collect_refusals(run, request))


def enforce_account_guards(run: Run) -> None:
    """Check the guards needing the target's account: first for the right account, then for its images and secrets."""
    caller = account_check.find_caller(run.ports, run.project, run.target)
    run.request = replace(require(run.request), caller=caller)
    _check_account_refusals(run, run.request)
    run.request = preconditions.add_findings(run.ports, run.project, run.request, require(run.release), run.settings)
    _check_account_refusals(run, run.request)


def _check_account_refusals(run: Run, request: Request) -> None:
    _waive_or_refuse(run, request, tuple(r for r in _collect_refusals(run, request) if r.code in _ACCOUNT_GUARDS))


def recheck_plan_guards(run: Run) -> None:
    """Check the plan guards about a replanned stack, and record new waivers at once."""
    request = replace(require(run.request), plan=run.plan)
    refused = tuple(_describe_midway(run, r) for r in _collect_refusals(run, request) if r.code in _PLAN_GUARDS)
    before = set(run.waived)
    _waive_or_refuse(run, request, refused)
    if more := tuple(refusal for refusal in refused if refusal.code not in before):
        _append_waiver(run, more, started=run.started)


def _describe_midway(run: Run, refusal: Refusal) -> Refusal:
    """Add to a temporary refusal that the deployment can continue after an approval, without recovery."""
    if not refusal.for_now:
        return refusal
    message = f"{refusal.message}; {run.target} keeps what was applied, and the rest goes on once it is approved"
    return replace(refusal, message=message)


def record_waiver(run: Run) -> int:
    """Record the waived refusals and the reason. Return the number of the entry, or 0 without waivers."""
    if not run.waived:
        return 0
    return _append_waiver(run, tuple(run.waived.values()))


def _append_waiver(run: Run, refused: tuple[Refusal, ...], started: int = 0) -> int:
    codes, messages = tuple(each.code for each in refused), tuple(each.message for each in refused)
    waiver = WaiverUsed(run.target, run.identity, run.options.break_glass, codes, messages, started)
    _, entry = journal.append(run.ports, lambda _: waiver)
    return require(entry).seq


def _collect_refusals(run: Run, request: Request) -> tuple[Refusal, ...]:
    remarks = check_guards(request)
    for remark in remarks:
        if remark.warns and run.warnings.get(remark.code) != remark:
            run.warnings[remark.code] = remark
            run.ports.observer.on_message(f"{remark.code} {remark.guard} warns: {remark.message}")
    return tuple(refusal for refusal in remarks if not refusal.warns)


def _waive_or_refuse(run: Run, request: Request, refused: tuple[Refusal, ...]) -> None:
    if not refused:
        return
    if not run.options.break_glass:
        raise RefusedError(refused)
    if stubborn := list_unwaivable(request, refused):
        raise RefusedError(tuple(_explain_not_waivable(request, refusal) for refusal in stubborn))
    run.waived.update({refusal.code: refusal for refusal in refused})


def _explain_not_waivable(request: Request, refusal: Refusal) -> Refusal:
    why = f"{request.target} does not list it as waivable" if refusal.waivable else "nobody can waive it"
    return replace(refusal, message=f"{refusal.message} (break-glass does not help: {why})")
