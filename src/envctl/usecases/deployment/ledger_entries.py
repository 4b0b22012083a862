"""The ledger entries of a deployment: the hold of a rollback, its start, and its end."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, format_error_label
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.guards.release_age import find_newer_deployment
from envctl.domain.guards.request import can_record_rules
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event, HoldSet
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import count_touched
from envctl.domain.plan.fingerprint import fingerprint_plan, list_performed_actions
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.deployment import guard_runner
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.project import state_location as places
from envctl.usecases.project import unpinned_providers
from envctl.usecases.release import bundle_store, place_store, plan_store, settings_store

_COMPLETED = ("succeeded", "partial")


class UnrecordedEndError(OperationFailedError):
    """The end of a completely applied deployment could not be recorded."""


def set_hold(run: Run) -> None:
    """Record the hold before any change: an interrupted rollback must still block the abandoned release."""

    def decide_event(present: LedgerState) -> Event | None:
        here = present.find_environment(run.target)
        left = here.last.release if here.last else run.identity
        if left == run.identity or left in here.holds:
            return None
        return HoldSet(run.target, left, f"rolled back to {shorten_id(run.identity)}")

    _, entry = journal.append(run.ports, decide_event)
    if entry is not None and isinstance(entry.event, HoldSet):
        run.held = entry.event.release


def record_start(run: Run) -> None:
    aim = run.project.pipeline.standalone_name
    bundle_store.save_bundle(run.ports, run.identity, run.bundle, require(run.release), aim)
    _save_settings(run)
    plan = plan_store.save_plan(run.ports, fingerprint_plan(require(run.plan)))
    waiver = guard_runner.record_waiver(run)
    overridden = set(run.waived)
    replaced = unpinned_providers.find_unpinned(run.ports)

    def decide_event(present: LedgerState) -> Event:
        _check_unchanged_history(run, present)
        guard_runner.enforce_guards(run, present, run.plan)
        if late := [refusal for code, refusal in run.waived.items() if code not in overridden]:
            # The recorded waiver does not cover these.
            raise RefusedError(tuple(late))
        settings, request = require(run.prepared).settings, require(run.request)
        rules = request.rules_digest if can_record_rules(request) else ""
        before = request.recorded_digest if rules and request.recorded_digest != rules else ""
        bound = (settings, run.action, run.source, plan, waiver, run.only, replaced, request.place)
        run.creates = _list_created(run, present)
        stacks = () if run.only else tuple(run.plans)
        behind = "" if request.older else request.behind
        is_downgrade = request.older and find_newer_deployment(request) is not None
        more = (is_downgrade, stacks, rules, before, run.creates, behind)
        return DeploymentStarted(run.target, run.identity, *bound, *more)

    _, entry = journal.append(run.ports, decide_event)
    run.started = require(entry).seq


def _list_created(run: Run, present: LedgerState) -> tuple[str, ...]:
    """Return the planned stacks never completely applied there before."""
    if run.action == "destroy":
        return ()
    known = {*present.find_environment(run.target).stacks, *run.moves}
    names = (stack.name for stack in require(run.prepared).stacks)
    return tuple(name for name in names if name in run.plans and name not in known)


def _save_settings(run: Run) -> None:
    """Store the settings of the plan, its state locations and its rules, for later comparison."""
    settings_store.save_settings(run.ports, require(run.settings))
    before, where = run.seen, places.resolve_bound_place(run.project, run.target, require(run.release).wiring)
    if before is None or before.place != where.digest:
        # The last deployment stored the same place otherwise.
        place_store.PLACES.save_document(run.ports, where)
    request = require(run.request)
    if request.document is not None and can_record_rules(request) and request.rules_digest != request.recorded_digest:
        rules_store.RULES.save_document(run.ports, request.document)


def _check_unchanged_history(run: Run, present: LedgerState) -> None:
    """Raise RefusedError if another deployment started since the plan was made."""
    last = present.find_environment(run.target).last
    if last == run.seen or present.find_environment(run.target).unfinished_deployment:
        return
    by = f" by {last.by}" if last else ""
    message = f"somebody else's deployment to {run.target}{by} was faster while this one was planned"
    hint = f"look at it anew: {run.command}"
    raise RefusedError((Refusal("G109", "busy", message, hint, for_now=True, waivable=False),))


def record_success(run: Run) -> None:
    """Record the success of the deployment.

    Raise OperationFailedError (E408) if another person closed it, and UnrecordedEndError (E478) if its end could not
    be recorded: it stays unfinished, since it did not fail.
    """
    changed = count_touched(plan for plan in run.plans.values() if plan.leaves != "forget")
    forgot = tuple(stack.name for stack in require(run.prepared).leaving if stack.leaves == "forget")
    names = () if run.action == "destroy" else tuple(run.applied)
    did = list_performed_actions(run.list_finished_plans())
    more = (bool(run.only), run.lost, tuple(run.gone), forgot)
    event = DeploymentSucceeded(run.target, run.identity, run.started, names, changed, did, *more)
    try:
        ended = _append_end(run, event)
    except EnvctlError as error:
        message = f"{run.target} was applied to its end, and that could not be recorded: it counts as unfinished"
        hint = f"once the store answers again: envctl recover {run.target}, and then {run.command}"
        raise UnrecordedEndError(Problem("E478", message, hint), *error.problems) from error
    if not ended:
        message = f"the deployment to {run.target} was declared over by somebody else while it ran: it is not proven"
        raise OperationFailedError(Problem("E408", message, run.command))


def _append_end(run: Run, event: Event) -> bool:
    """Append the end, with one retry after a lost response. Return true if the ledger has it."""
    append = partial(journal.append, run.ports, lambda present: event if _is_unfinished(run, present) else None)
    try:
        after, entry = append()
    except EnvctlError:
        after, entry = append()
    last = after.find_environment(run.target).last
    return entry is not None or (last is not None and last.seq == run.started and last.outcome in _COMPLETED)


def record_end(run: Run, error: BaseException) -> None:
    """Record the end of a deployment stopped by `error`.

    A completely applied deployment is recorded as a success, or stays unfinished if that fails.
    """
    if not run.all_applied:
        record_failure(run, error)
    elif not isinstance(error, UnrecordedEndError):
        # Stopped between the last change and its entry.
        with suppress(EnvctlError):
            record_success(run)


def record_failure(run: Run, error: BaseException) -> None:
    interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
    # Labels only: messages of Terraform, providers or checks may quote a secret, and entries are permanent.
    reason = "interrupted" if interrupted else format_error_label(error)
    applied = () if run.action == "destroy" else tuple(run.applied)
    did = list_performed_actions(run.list_finished_plans())
    untouched = tuple(name for name in run.creates if name not in run.begun)
    more = (applied, interrupted, did, tuple(run.gone), untouched)
    event = DeploymentFailed(run.target, run.identity, run.started, reason, *more)
    try:
        journal.append(run.ports, lambda present: event if _is_unfinished(run, present) else None)
    except EnvctlError as unrecorded:
        # Report the first failure first, followed by the failed recording.
        if not isinstance(error, EnvctlError):
            raise
        error.problems = (*error.problems, *unrecorded.problems)


def _is_unfinished(run: Run, present: LedgerState) -> bool:
    """Return true while this deployment is unfinished: it may have been recovered."""
    unfinished = present.find_environment(run.target).unfinished_deployment
    return unfinished is not None and unfinished.seq == run.started


def append_if_unfinished(run: Run, decide_event: Callable[[LedgerState], Event | None]) -> Entry | None:
    """Append an event decided on during the deployment, and return its entry.

    Raise OperationFailedError (E408) once a recovery has closed the deployment: it has already restored the traffic.
    """

    def decide_if_unfinished(present: LedgerState) -> Event | None:
        if _is_unfinished(run, present):
            return decide_event(present)
        run.shifting.clear()
        message = f"the deployment to {run.target} was declared over by somebody else while it ran"
        raise OperationFailedError(Problem("E408", message, "envctl status shows where things stand"))

    return journal.append(run.ports, decide_if_unfinished)[1]
