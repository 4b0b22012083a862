"""The stages of a deployment, in order: what `--dry-run` lists, and what runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from envctl.domain.config.rollout import describe_rollout
from envctl.domain.graph import restrict_graph, reverse_graph
from envctl.domain.plan.changes import Changeover
from envctl.domain.release.artifacts import list_copied_artifacts
from envctl.domain.release.bundle import Release
from envctl.usecases.concurrency.dag_runner import select_stacks
from envctl.usecases.deployment.progress import Attempt, InitializedRelease, SelectedRelease, UpToDate
from envctl.usecases.deployment.request import DeployRequest
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
from envctl.usecases.project import remote_modules
from envctl.usecases.project.settings.artifact_values import find_tagged_images

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
