"""The deployment of one release to one environment, shared by all verbs that change an environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from envctl.domain.config.rollout import describe_rollout
from envctl.domain.graph import restrict_graph, reverse_graph
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover
from envctl.domain.release.artifacts import list_copied_artifacts
from envctl.domain.release.bundle import Release
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.concurrency.dag_runner import select_stacks
from envctl.usecases.deployment.progress import Attempt, GuardRunner, InitializedRelease, SelectedRelease, UpToDate
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.stages.apply import ApplyStacks, SetHold, Verify
from envctl.usecases.deployment.stages.plan import (
    CheckAccount,
    CheckGuards,
    CheckPlan,
    ConfirmPlan,
    CopyImages,
    CreateRelease,
    EndIfUpToDate,
    PlanStacks,
    PrepareRelease,
    PrepareWorkingTree,
    RequireAnswer,
)
from envctl.usecases.ledger import journal
from envctl.usecases.project import remote_modules, working_tree
from envctl.usecases.project.settings.artifact_values import find_tagged_images
from envctl.usecases.project.settings.environment_settings import load_valid_settings
from envctl.usecases.release import deploy_request

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)
Start = TypeVar("Start")
End = TypeVar("End")
Next = TypeVar("Next")


class Stage(Protocol[In_contra, Out_co]):
    def describe(self, environment: str) -> tuple[str, ...]:
        """Return the lines for `--dry-run`."""

    def run(self, value: In_contra, /) -> "Out_co | UpToDate":
        """Return the result for the next stage, or the early end of the deployment."""


@dataclass(frozen=True)
class Pipeline(Generic[Start, End]):
    """Stages from a `Start` to an `End`. Add them with `then`: each takes what the one before returns."""

    stages: tuple[Stage[Any, Any], ...] = ()

    def then(self, stage: Stage[End, Next]) -> "Pipeline[Start, Next]":
        return Pipeline((*self.stages, stage))

    def then_if(self, wanted: object, stage: Stage[End, End]) -> "Pipeline[Start, End]":
        return Pipeline((*self.stages, stage)) if wanted else self

    def describe(self, environment: str) -> tuple[str, ...]:
        return tuple(line for stage in self.stages for line in stage.describe(environment))

    def run(self, start: Start) -> End | UpToDate:
        """Run the stages in order, until one of them ends the deployment."""
        value: Any = start
        for stage in self.stages:
            value = stage.run(value)
            if isinstance(value, UpToDate):
                break
        return value  # type: ignore[no-any-return]

    def run_to_end(self, start: Start) -> End:
        """Run stages of which none ends early. Raises TypeError if one does."""
        ended = self.run(start)
        if isinstance(ended, UpToDate):
            raise TypeError("a stage ended early")
        return ended


@dataclass(frozen=True)
class Scope:
    """The stacks of a deployment, in order of application."""

    needs: Mapping[str, tuple[str, ...]]  # the selected stacks, each with its selected upstream stacks
    only: tuple[str, ...]  # their names, if not all of the release
    changeover: Changeover  # leaving and renamed stacks
    verifies: bool  # whether a success is verified. A partial deployment verifies nothing.


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


def _describe_dry_run(
    request: DeployRequest,
    pipeline: Pipeline[Start, Attempt],
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
    made = working_tree.build_release(request.context)
    # Report all faults of the settings before writing anything.
    load_valid_settings(request.context, target, made)
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


def build_release_pipeline(request: DeployRequest, scope: Scope) -> Pipeline[SelectedRelease, Attempt]:
    """Return the stages that deploy or destroy a stored release."""
    copied = list_copied_artifacts(request.context.project) if request.action != "destroy" else ()
    pipeline = (
        Pipeline[SelectedRelease, SelectedRelease]()
        .then(CheckGuards(request.action))
        .then(RequireAnswer())
        .then(CheckAccount())
        .then_if(copied, CopyImages(copied))
        .then(PrepareRelease(tuple(scope.needs)))
    )
    return add_common_stages(request, scope, pipeline)


def build_entry_pipeline(request: DeployRequest, scope: Scope, made: Release) -> Pipeline[DeployRequest, Attempt]:
    """Return the stages from the working tree to the entry environment. Its guards need the release."""
    project = request.context.project
    tagged, called = tuple(find_tagged_images(project, made)), remote_modules.list_missing_modules(made)
    copied = list_copied_artifacts(project)
    pipeline = (
        Pipeline[DeployRequest, DeployRequest]()
        .then(RequireAnswer())
        .then(PrepareWorkingTree(tuple(scope.needs), scope.only, tagged, called))
        .then(CreateRelease())
        .then(CheckGuards("apply"))
        .then(CheckAccount())
        .then_if(copied, CopyImages(copied))
    )
    return add_common_stages(request, scope, pipeline)


def add_common_stages(
    request: DeployRequest, scope: Scope, pipeline: Pipeline[Start, InitializedRelease]
) -> Pipeline[Start, Attempt]:
    needs, destroys, over = scope.needs, request.action == "destroy", scope.changeover
    rollouts = {name: each.rollout for name, each in request.context.project.stacks.items() if name in needs}
    rolled = {name: describe_rollout(each, request.action) for name, each in rollouts.items() if each and not destroys}
    # Destroy downstream stacks first.
    ordered = {name: reverse_graph(needs)[name] for name in reversed(tuple(needs))} if destroys else needs
    return (
        pipeline.then(PlanStacks((*needs, *over.leaving)))
        .then(EndIfUpToDate(scope.verifies))
        .then(CheckPlan())
        .then(ConfirmPlan())
        .then_if(request.action == "rollback", SetHold())
        .then(ApplyStacks(ordered, destroys, rolled, over))
        .then_if(scope.verifies, Verify())
    )


def select_scope(request: DeployRequest, release: Release, changeover: Changeover) -> Scope:
    """Return the selected stacks of a release. Raise UsageError for an unknown stack."""
    stacks = release.wiring.stacks
    needs = {name: tuple(each for each in stack.needs if each in stacks) for name, stack in stacks.items()}
    wanted = select_stacks(request.options.selection, needs)
    only = wanted if len(wanted) < len(needs) else ()
    over = changeover.limit_to(only)
    kept = restrict_graph(needs, wanted) if only else needs
    staying = {name: needed for name, needed in kept.items() if name not in over.leaving}
    verifies = request.options.verify and not only and request.action != "destroy"
    return Scope(staying, only, over, verifies)


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
        held=planned.held,
        up_to_date=attempt is None,
        only=prepared.only,
        rollouts=tuple(attempt.rolled_out) if attempt else (),
        lost=planned.lost,
        forgotten=tuple(sorted(here.forgotten)),
        label=present.find_label(prepared.guard_request.identity),
        held_label=present.find_label(planned.held),
    )
