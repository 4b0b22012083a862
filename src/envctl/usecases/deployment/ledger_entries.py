"""What a deployment writes into the ledger: the hold that a rollback sets, its start, and its end."""

from collections.abc import Callable
from contextlib import suppress

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, format_labels
from envctl.domain.guards import Refusal, RefusedError, Request
from envctl.domain.guards.older import find_newer
from envctl.domain.guards.request import changes_rules
from envctl.domain.ledger.events import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event, HoldSet
from envctl.domain.ledger.state import Present
from envctl.domain.plan.changes import touched
from envctl.domain.plan.fingerprint import meaning_of, performed
from envctl.domain.text.short_ids import short
from envctl.usecases.deployment import guard_runner
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.project import state_location as places
from envctl.usecases.project import unpinned_providers
from envctl.usecases.release import bundle_store, place_store, plan_store, settings_store

SUMMARY = 200
_WELL = ("succeeded", "partial")


class UnrecordedEndError(OperationFailedError):
    """It was applied to its end, and the ledger does not say so."""


def set_hold(run: Run) -> None:
    """Before anything is changed: a rollback that is interrupted must not leave the way open for what it leaves."""

    def decide(present: Present) -> Event | None:
        here = present.of(run.target)
        left = here.last.release if here.last else run.identity
        if left == run.identity or left in here.holds:
            return None
        return HoldSet(run.target, left, f"rolled back to {short(run.identity)}")

    _, entry = journal.append(run.ports, decide)
    if entry is not None and isinstance(entry.event, HoldSet):
        run.held = entry.event.release


def start(run: Run) -> None:
    bundle_store.keep(run.ports, run.identity, run.bundle, there(run.release), run.project.pipeline.makes_for)
    _keep_settings(run)
    plan = plan_store.keep(run.ports, meaning_of(there(run.plan)))
    waiver = guard_runner.record_waiver(run)
    overridden = set(run.waived)
    replaced = unpinned_providers.find_unpinned(run.ports)

    def decide(present: Present) -> Event:
        _same_history(run, present)
        guard_runner.ask_guards(run, present, run.plan)
        if late := [refusal for code, refusal in run.waived.items() if code not in overridden]:
            # The waiver that is recorded does not speak of it.
            raise RefusedError(tuple(late))
        settings, request = there(run.prepared).settings, there(run.request)
        rules = request.rules_digest if changes_rules(request) else ""
        before = request.recorded_digest if rules and request.recorded_digest != rules else ""
        bound = (settings, run.action, run.source, plan, waiver, run.only, replaced, request.place)
        run.creates = _list_created(run, present)
        stacks = () if run.only else tuple(run.plans)
        behind = "" if request.older else request.behind
        more = (_goes_back(request), stacks, rules, before, run.creates, behind)
        return DeploymentStarted(run.target, run.identity, *bound, *more)

    _, entry = journal.append(run.ports, decide)
    run.started = there(entry).seq


def _goes_back(request: Request) -> bool:
    """Whether it goes over a newer release, and was said to be meant: --older beside a newer one says nothing."""
    return request.older and find_newer(request) is not None


def _list_created(run: Run, present: Present) -> tuple[str, ...]:
    """The stacks that may come to hold something, and that were never applied to their end there."""
    if run.action == "destroy":
        return ()
    known = {*present.of(run.target).stacks, *run.moves}
    return tuple(
        stack.name for stack in there(run.prepared).stacks if stack.name in run.plans and stack.name not in known
    )


def _keep_settings(run: Run) -> None:
    """For those who ask later which values are others: the very ones that the plan was made with."""
    settings_store.keep(run.ports, there(run.settings))
    before, where = run.seen, places.bound(run.project, run.target, there(run.release).wiring)
    if before is None or before.place != where.digest:
        # What was deployed there before has left the same bytes.
        place_store.keep(run.ports, where)
    request = there(run.request)
    if request.document is not None and changes_rules(request) and request.rules_digest != request.recorded_digest:
        rules_store.keep(run.ports, request.document)


def _same_history(run: Run, present: Present) -> None:
    """A plan is only good for the environment that it was made for: somebody else may have been there since."""
    last = present.of(run.target).last
    if last == run.seen or present.of(run.target).unfinished:
        return
    by = f" by {last.by}" if last else ""
    message = f"somebody else's deployment to {run.target}{by} was faster while this one was planned"
    raise RefusedError(
        (Refusal("G109", "busy", message, f"look at it anew: {run.command}", for_now=True, waivable=False),)
    )


def succeed(run: Run) -> None:
    """Records that the deployment succeeded.

    Raises OperationFailedError (E408) where another person declared it over, and UnrecordedEndError (E478) where its
    end could not be recorded: then it stays unfinished, since it did not fail.
    """
    changed = touched(plan for plan in run.plans.values() if plan.leaves != "forget")
    forgot = tuple(stack.name for stack in there(run.prepared).left if stack.leaves == "forget")
    names = () if run.action == "destroy" else tuple(run.applied)
    did = performed(run.done())
    event = DeploymentSucceeded(
        run.target,
        run.identity,
        run.started,
        names,
        changed,
        did,
        partial=bool(run.only),
        lost=run.lost,
        left=tuple(run.gone),
        forgot=forgot,
    )
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
    """Whether the end is in the ledger now. It is tried twice: an answer that got lost need not cost a proof."""
    try:
        return _is_ended(run, event)
    except EnvctlError:
        return _is_ended(run, event)


def _is_ended(run: Run, event: Event) -> bool:
    after, entry = journal.append(run.ports, _while_open(run, event))
    last = after.of(run.target).last
    return entry is not None or (last is not None and last.seq == run.started and last.outcome in _WELL)


def end(run: Run, error: BaseException) -> None:
    """Records the end of a deployment that `error` stopped. What was applied to its end did not fail: it is recorded as
    that where this was not done yet, and stays unfinished where it can't be recorded.
    """
    if not run.through:
        fail(run, error)
    elif not isinstance(error, UnrecordedEndError):
        # It was stopped between the last change and the entry about it.
        with suppress(EnvctlError):
            succeed(run)


def fail(run: Run, error: BaseException) -> None:
    interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
    # What Terraform, a provider or a check said may quote a secret, and an entry is for ever.
    reason = "interrupted" if interrupted else format_labels(error)
    applied = () if run.action == "destroy" else tuple(run.applied)
    did = performed(run.done())
    untouched = tuple(name for name in run.creates if name not in run.begun)
    left = tuple(run.gone)
    event = DeploymentFailed(
        run.target, run.identity, run.started, reason, applied, interrupted, did, left=left, untouched=untouched
    )
    try:
        journal.append(run.ports, _while_open(run, event))
    except EnvctlError as unrecorded:
        # What failed first is what has to be mended first; that nothing could be recorded is said with it.
        if not isinstance(error, EnvctlError):
            raise
        error.problems = (*error.problems, *unrecorded.problems)


def _while_open(run: Run, event: Event) -> Callable[[Present], Event | None]:
    """An end is recorded for one's own open deployment only: somebody may have recovered it in the meantime."""

    def decide(present: Present) -> Event | None:
        unfinished = present.of(run.target).unfinished
        return event if unfinished and unfinished.seq == run.started else None

    return decide


def summary(error: BaseException) -> str:
    """The first line of what went wrong, for people who look on. It is kept nowhere."""
    if isinstance(error, EnvctlError) and error.problems:
        return error.problems[0].message.partition("\n")[0][:SUMMARY]
    return type(error).__name__
