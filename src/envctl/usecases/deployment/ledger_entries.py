"""The ledger entries of a deployment: the hold of a rollback, its start, and its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, format_error_label
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.guards.provenance import find_newer_deployment
from envctl.domain.guards.request import can_record_rules
from envctl.domain.guards.rules import list_valid_in_any_view
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event, HoldSet
from envctl.domain.ledger.state import COMPLETED, LedgerState
from envctl.domain.plan.changes import count_actions
from envctl.domain.plan.cluster_identity import encode_clusters
from envctl.domain.plan.fingerprint import fingerprint_plan, list_performed_actions
from envctl.domain.plan.import_ids import ALREADY_EXISTS
from envctl.domain.release.place import place_digest
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.known_clusters import list_met_clusters, list_planned_clusters
from envctl.usecases.deployment.progress import Attempt, InitializedRelease, PlannedDeployment
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.change_authors import list_tree_paths
from envctl.usecases.ports.terraform import InstalledTerraform
from envctl.usecases.project import module_checks
from envctl.usecases.release import readings, release_store


@dataclass(frozen=True, kw_only=True)
class _StartFacts:
    """Facts of a start, known before the ledger is read for it."""

    plan: str  # the fingerprint of the stored plan
    waiver: int  # the number of the entry of the waiver, or 0
    waived: frozenset[str]  # the codes that it covers
    unpinned: tuple[str, ...]  # the addresses of overridden providers
    program: InstalledTerraform | None  # None if no stack needs Terraform
    commit: str  # the commit of settings and rules; empty if they are not committed
    least_version: str  # the least version of envctl for the project; may be empty


class UnrecordedEndError(OperationFailedError):
    """The end of a completely applied deployment could not be recorded."""


@contextmanager
def record_deployment(planned: PlannedDeployment) -> Iterator[Attempt]:
    """Record the start of a deployment, and its end in any case: success, or the error raised by the block.

    A completely applied deployment is never recorded as failed. Raise OperationFailedError (E408) if another person
    closed it, and UnrecordedEndError (E478) if its end could not be recorded: it stays unfinished, since it did not
    fail.
    """
    attempt = Attempt(planned=planned, guard_request=planned.prepared.guard_request, plans=dict(planned.plans))
    ports, start = attempt.request.context.ports, journal.Submission()
    decide_event = partial(_decide_start, attempt, _save_documents(planned))
    try:
        after, _ = journal.append(ports, decide_event, submission=start)
        attempt.started, here = after.seq, after.find_environment(attempt.request.target)
        attempt.leftovers = {
            new: old for new, old in here.renamed.items() if old not in here.held_stacks and new in attempt.plans
        }
        yield attempt
        _record_success(attempt)
    except (Exception, KeyboardInterrupt) as error:
        if not attempt.started and (recorded := journal.find_recorded(ports, start)):
            # Interrupted right after the store had the start.
            attempt.started = recorded.seq
        if not attempt.started:
            raise
        if not attempt.is_complete:
            _record_failure(attempt, error)
        elif not isinstance(error, UnrecordedEndError):
            # Stopped between the last change and its entry.
            with suppress(EnvctlError):
                _record_success(attempt)
        raise


def set_hold(planned: PlannedDeployment) -> str:
    """Record the hold before any change: an interrupted rollback blocks too. Return the abandoned release, if any."""
    target, identity = planned.prepared.request.target, planned.prepared.guard_request.identity

    def decide_event(present: LedgerState) -> HoldSet | None:
        here = present.find_environment(target)
        left = here.last.release if here.last else identity
        if left == identity or left in here.holds:
            return None
        return HoldSet(target, left, f"rolled back to {shorten_id(identity)}")

    _, entry = journal.append(planned.prepared.request.context.ports, decide_event)
    return entry.event.release if entry is not None and isinstance(entry.event, HoldSet) else ""


def _save_documents(planned: PlannedDeployment) -> _StartFacts:
    """Store what the start names: the bundle; for later comparison settings, place, rules and plan; and the waiver."""
    prepared, request = planned.prepared, planned.prepared.guard_request
    ports, project = prepared.request.context.ports, prepared.request.context.project
    aim = project.pipeline.standalone_name
    release_store.save_bundle(ports, request.identity, prepared.bundle, prepared.release, aim)
    release_store.save_settings(ports, prepared.settings, prepared.environment.settings)
    before, where = planned.seen, place_digest.resolve_bound_place(project, request.target, prepared.release.wiring)
    if before is None or before.place != where.digest:
        # The last deployment stored the same place otherwise.
        release_store.PLACES.save_document(ports, where)
    if request.document is not None and can_record_rules(request) and request.rules_digest != request.recorded_digest:
        rules_store.RULES.save_document(ports, request.document)
    fingerprint = release_store.save_plan(ports, fingerprint_plan(planned.plan))
    if approvals := list_valid_in_any_view(request):
        readings.keep_readings(ports, approvals)
    waiver = prepared.guards.record_waiver(request, prepared.guards.waived.values())
    paths = list_tree_paths(project, request.target, prepared.release.wiring.stacks)
    tree = ports.version_control.read_revision(paths)
    return _StartFacts(
        plan=fingerprint,
        waiver=waiver,
        waived=frozenset(prepared.guards.waived),
        unpinned=module_checks.find_unpinned(ports),
        program=detect_program(planned.prepared),
        commit="" if tree.uncommitted else tree.commit,
        least_version=project.identity.least_version or "",
    )


def _decide_start(attempt: Attempt, facts: _StartFacts, present: LedgerState) -> Event:
    """Return the event of the start, if no guard refuses on this state of the ledger."""
    planned, prepared, guards = attempt.planned, attempt.prepared, attempt.prepared.guards
    _check_unchanged_history(planned, present)
    asked = guards.enforce_guards(prepared.guard_request, present, planned.plan)
    if late := [refusal for code, refusal in guards.waived.items() if code not in facts.waived]:
        # The recorded waiver does not cover these.
        raise RefusedError(tuple(late))
    attempt.guard_request, attempt.creates = asked, _list_created(planned, present)
    attempt.clusters = list_planned_clusters(prepared.environment, planned.plans)
    rules = asked.rules_digest if can_record_rules(asked) else ""
    return DeploymentStarted(
        environment=asked.target,
        release=asked.identity,
        settings=prepared.environment.settings,
        action=asked.action,
        source=asked.origin,
        plan=facts.plan,
        waiver=facts.waiver,
        only=prepared.only,
        unpinned=facts.unpinned,
        place=asked.place,
        older=asked.older and find_newer_deployment(asked) is not None,
        stacks=() if prepared.only else tuple(planned.plans),
        rules=rules,
        rules_before=asked.recorded_digest if rules and asked.recorded_digest != rules else "",
        creates=attempt.creates,
        behind="" if asked.older else asked.behind,
        clusters=attempt.clusters,
        program=str(facts.program or ""),
        program_sha256=facts.program.sha256 if facts.program else "",
        program_pinned=bool(facts.program and facts.program.pinned),
        commit=facts.commit,
        least_version=facts.least_version,
        authors=tuple(dict.fromkeys((*asked.wrote_rules, *asked.wrote_tree))),
    )


def _list_created(planned: PlannedDeployment, present: LedgerState) -> tuple[str, ...]:
    """Return the planned stacks never completely applied there before."""
    prepared, target = planned.prepared, planned.prepared.request.target
    if prepared.request.action == "destroy":
        return ()
    known = {*present.find_environment(target).stacks, *planned.moves}
    names = (stack.name for stack in prepared.environment.stacks)
    return tuple(name for name in names if name in planned.plans and name not in known)


def _check_unchanged_history(planned: PlannedDeployment, present: LedgerState) -> None:
    """Raise RefusedError if another deployment started since the plan was made."""
    target = planned.prepared.request.target
    last = present.find_environment(target).last
    if last == planned.seen or present.find_environment(target).unfinished_deployment:
        return
    by = f" by {last.by}" if last else ""
    message = f"another deployment to {target}{by} started while this one was planned"
    hint = f"plan again: {planned.prepared.guard_request.command}"
    raise RefusedError((Refusal(GuardCode.BUSY, message=message, hint=hint, for_now=True, waivable=False),))


def _record_success(attempt: Attempt) -> None:
    prepared, target = attempt.prepared, attempt.request.target
    kept = [plan for plan in attempt.plans.values() if plan.leaves != "forget"]
    found = {} if attempt.request.action == "destroy" else list_met_clusters(attempt.plans)
    met = encode_clusters(found) if found else ()
    event = DeploymentSucceeded(
        environment=target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        stacks=() if attempt.request.action == "destroy" else tuple(attempt.applied),
        changed=sum(sum(count_actions(plan.resources).values()) for plan in kept),
        performed=list_performed_actions(attempt.list_finished_plans(), repairs=True),
        partial=bool(prepared.only),
        lost=attempt.planned.lost,
        left=tuple(attempt.gone),
        forgot=tuple(stack.name for stack in prepared.environment.leaving if stack.leaves == "forget"),
        clusters=tuple(each for each in met if each not in attempt.clusters),
    )
    append = partial(
        journal.append,
        attempt.request.context.ports,
        lambda present: event if _is_unfinished(attempt, present) else None,
    )
    try:
        try:
            after, entry = append()
        except EnvctlError:
            # Once more, for a lost response.
            after, entry = append()
    except EnvctlError as error:
        message = f"{target} was applied completely, but the result could not be recorded: it counts as unfinished"
        again = attempt.guard_request.command
        hint = f"when the store responds again: {format_command('recover', target)}, and then {again}"
        raise UnrecordedEndError(Problem("E478", message, hint), *error.problems) from error
    last = after.find_environment(target).last
    is_ended = last is not None and last.seq == attempt.started and last.outcome in COMPLETED
    if entry is None and not is_ended:
        message = f"another user closed the deployment to {target} while it ran: it is not verified"
        raise OperationFailedError(Problem("E408", message, attempt.guard_request.command))


def _record_failure(attempt: Attempt, error: BaseException) -> None:
    interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
    event = DeploymentFailed(
        environment=attempt.request.target,
        release=attempt.guard_request.identity,
        started=attempt.started,
        # Labels only: messages of Terraform, providers or checks may quote a secret, and entries are permanent.
        reason="interrupted" if interrupted else format_error_label(error),
        stacks=() if attempt.request.action == "destroy" else tuple(attempt.applied),
        interrupted=interrupted,
        performed=list_performed_actions(attempt.list_finished_plans(), repairs=True),
        left=tuple(attempt.gone),
        untouched=tuple(name for name in attempt.creates if name not in attempt.begun),
        existing=_list_existing(error),
    )
    ports = attempt.request.context.ports
    try:
        journal.append(ports, lambda present: event if _is_unfinished(attempt, present) else None)
    except EnvctlError as unrecorded:
        # Report the first failure first, followed by the failed recording.
        if not isinstance(error, EnvctlError):
            raise
        error.problems = (*error.problems, *unrecorded.problems)


def _list_existing(error: BaseException) -> tuple[str, ...]:
    problems = error.problems if isinstance(error, EnvctlError) else ()
    return tuple(f"{each.stack}:{each.address}" for each in problems if each.code == ALREADY_EXISTS)


def _is_unfinished(attempt: Attempt, present: LedgerState) -> bool:
    """Return true while this deployment is unfinished: it may have been recovered."""
    unfinished = present.find_environment(attempt.request.target).unfinished_deployment
    return unfinished is not None and unfinished.seq == attempt.started


def append_if_unfinished(attempt: Attempt, decide_event: Callable[[LedgerState], Event | None]) -> Entry | None:
    """Append an event decided on during the deployment, and return its entry.

    Raise OperationFailedError (E408) once a recovery has closed the deployment: it has already restored the traffic.
    """

    def decide_if_unfinished(present: LedgerState) -> Event | None:
        if _is_unfinished(attempt, present):
            return decide_event(present)
        attempt.shifting.clear()
        message = f"another user closed the deployment to {attempt.request.target} while it ran"
        raise OperationFailedError(Problem("E408", message, format_command("status")))

    return journal.append(attempt.request.context.ports, decide_if_unfinished)[1]


def detect_program(prepared: InitializedRelease) -> InstalledTerraform | None:
    """Return the Terraform that deploys; None if no stack needs it."""
    stacks = prepared.environment.all_stacks
    binary = next((each.binary for each in stacks if each.workload is None), None)
    return None if binary is None else prepared.request.context.ports.terraform.detect_version(binary)
