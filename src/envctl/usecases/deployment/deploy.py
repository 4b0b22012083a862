"""The deployment of one release to one environment, shared by all verbs that change an environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from envctl.domain.command_lines import PLACEHOLDER, format_command
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import NO_CHANGEOVER
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.deployment.pipeline import Pipeline, build_entry_pipeline, build_release_pipeline, select_scope
from envctl.usecases.deployment.progress import Attempt, GuardRunner, SelectedRelease, UpToDate
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.project import working_tree
from envctl.usecases.project.settings.environment_settings import load_valid_settings
from envctl.usecases.release import deploy_request, moved_places


def deploy(request: DeployRequest, candidate: deploy_request.Candidate) -> DeploymentResult:
    """Deploy a stored release, or describe the stages of a dry run. Raise RefusedError if a guard refuses."""
    selected, pipeline = _select_release(request, candidate)
    if request.options.dry_run:
        selected.guards.enforce_guards(selected.guard_request, selected.guard_request.present)
        only, label = selected.only, selected.label
        return _describe_dry_run(request, pipeline, selected.guard_request.identity, only, label)
    with delete_plans_after(request):
        ended = pipeline.run(selected)
    return to_result(ended)


def deploy_release(request: DeployRequest, candidate: deploy_request.Candidate) -> Attempt | UpToDate:
    """Deploy a stored release, and return all that is known at the end."""
    selected, pipeline = _select_release(request, candidate)
    with delete_plans_after(request):
        return pipeline.run(selected)


def _select_release(
    request: DeployRequest, candidate: deploy_request.Candidate
) -> tuple[SelectedRelease, Pipeline[SelectedRelease, Attempt]]:
    _check_break_glass(request, candidate.request.present)
    found = candidate.require_fitting()
    scope = select_scope(request, found.release, found.request.changeover)
    asked = replace(found.request, undoes=request.options.undo, changeover=scope.changeover)
    guards = GuardRunner(request)
    label = asked.present.find_label(asked.release)
    selected = SelectedRelease(
        request=request,
        guards=guards,
        guard_request=asked,
        release=found.release,
        bundle=found.bundle,
        settings=found.settings,
        only=scope.only,
        label=label,
    )
    return selected, build_release_pipeline(request, scope)


def _check_break_glass(request: DeployRequest, present: LedgerState) -> None:
    """Raise UsageError (E061) for --break-glass in an environment where people sign: a person waives guards there."""
    target = request.target
    if not request.options.break_glass or not request.context.ports.trust.has_people_key(target, present.seq + 1):
        return
    message = f"--break-glass can't be used in {target}: it has an approval_signing_key, so a person waives guards"
    hint = format_command("waive", target, guard=PLACEHOLDER, reason=request.options.break_glass)
    if request.action == "destroy":
        hint = f"a waiver covers no destroy; to see what refuses it: {format_command('why', target)}"
    raise UsageError(Problem("E061", message, hint))


def _describe_dry_run(
    request: DeployRequest,
    pipeline: Pipeline[SelectedRelease, Attempt] | Pipeline[DeployRequest, Attempt],
    identity: str,
    only: tuple[str, ...],
    label: ReleaseLabel | None = None,
) -> DeploymentResult:
    lines = pipeline.describe(request.target)
    return DeploymentResult(
        environment=request.target,
        release=identity,
        action=request.action,
        stages=lines,
        dry_run=True,
        only=only,
        label=label,
    )


def deploy_working_tree(request: DeployRequest) -> DeploymentResult:
    """Create a release from the working tree, and deploy it to the entry environment."""
    ports, target = request.context.ports, request.target
    if request.options.break_glass:
        _check_break_glass(request, journal.load(ports))
    made = working_tree.build_release(request.context)
    # Report all faults of the settings before writing anything.
    load_valid_settings(request.context, target, made)
    moved_places.require_place(request.context, journal.load(ports), target)
    scope = select_scope(request, made, NO_CHANGEOVER)
    if request.options.dry_run and not scope.only:
        # A real run finds the leaving stacks again after it has created the release.
        over = deploy_request.find_changeover(request.context, journal.load(ports), target, made.wiring)
        scope = select_scope(request, made, over)
    pipeline = build_entry_pipeline(request, scope, made)
    if request.options.dry_run:
        return _describe_dry_run(request, pipeline, "", scope.only)
    with delete_plans_after(request):
        ended = pipeline.run(request)
    return to_result(ended)


@contextmanager
def delete_plans_after(request: DeployRequest) -> Iterator[None]:
    """Delete saved plans at the end in any case: they may hold secrets."""
    ports = request.context.ports
    ports.store.prefetch_time()
    try:
        yield
    finally:
        ports.terraform.delete_plans(request.target)


def to_result(ended: Attempt | UpToDate) -> DeploymentResult:
    planned, attempt = ended.planned, ended if isinstance(ended, Attempt) else None
    prepared, request = planned.prepared, planned.prepared.request
    present = journal.load(request.context.ports)
    here = present.find_environment(request.target)
    return DeploymentResult(
        environment=request.target,
        release=prepared.guard_request.identity,
        action=request.action,
        plan=attempt.plan if attempt else planned.plan,
        deployment=here.last,
        verification=ended.verification,
        warnings=tuple(prepared.guards.warnings.values()),
        waived=tuple(prepared.guards.waived.values()) if attempt else (),
        given=prepared.guards.given if attempt else None,
        held=planned.held,
        up_to_date=attempt is None,
        only=prepared.only,
        rollouts=tuple(attempt.rolled_out) if attempt else (),
        lost=planned.lost,
        forgotten=tuple(sorted(here.forgotten)),
        label=present.find_label(prepared.guard_request.identity),
        held_label=present.find_label(planned.held),
    )
