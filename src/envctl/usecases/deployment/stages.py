"""The stages of a deployment as values: `--dry-run` describes the very list that a real run executes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from envctl.domain.graph import reverse_graph
from envctl.domain.operation import Operation
from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover


@dataclass(frozen=True)
class CreateRelease:
    """Create a release from the working tree."""


@dataclass(frozen=True)
class CheckGuards:
    action: Operation


@dataclass(frozen=True)
class CheckAccount:
    """Take the credentials of the environment, and check the guards needing them."""


@dataclass(frozen=True)
class Prepare:
    """Render the root modules, and run `terraform init` as needed."""

    stacks: tuple[str, ...]
    # For a working tree: artifacts to pin to digests, and addresses of remote modules to download.
    tagged: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


@dataclass(frozen=True)
class CopyImages:
    """Copy missing images of these artifacts to the registry of the target."""

    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class PlanAll:
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class CheckPlan:
    """Check the guards about the plan, and all others again."""


@dataclass(frozen=True)
class ConfirmPlan:
    """Show the plan, and ask the operator to confirm it."""


@dataclass(frozen=True)
class SetHold:
    """Put the release abandoned by a rollback on hold."""


@dataclass(frozen=True)
class RecordStart:
    """Store a new bundle, and record the start of the deployment and its waiver."""


@dataclass(frozen=True)
class ApplyAll:
    """Apply each stack after its upstream stacks, independent ones concurrently; destroy in reverse order."""

    needs: Mapping[str, tuple[str, ...]]
    destroys: bool = False
    # Descriptions of the rollouts, by stack; a rollout runs if the artifact of its stack changes.
    rolled: Mapping[str, str] = field(default_factory=dict)
    # Leaving and renamed stacks.
    changeover: Changeover = NO_CHANGEOVER


@dataclass(frozen=True)
class RefreshStates:
    """Refresh the states after an apply: side effects of one resource on another are not drift."""

    stacks: tuple[str, ...]


@dataclass(frozen=True)
class RecordEnd:
    """Record the success of the deployment."""


@dataclass(frozen=True)
class Verify:
    """Run the project's checks, and record their results."""


Stage = (
    CreateRelease
    | CheckGuards
    | CheckAccount
    | CopyImages
    | Prepare
    | PlanAll
    | CheckPlan
    | ConfirmPlan
    | SetHold
    | RecordStart
    | ApplyAll
    | RefreshStates
    | RecordEnd
    | Verify
)


Needs = Mapping[str, tuple[str, ...]]
"""Stacks in order of application, each with its upstream stacks."""


def build_entry_stages(
    needs: Needs,
    *,
    verify: bool = True,
    tagged: tuple[str, ...] = (),
    called: tuple[str, ...] = (),
    copied: tuple[str, ...] = (),
    rolled: Mapping[str, str] | None = None,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[Stage, ...]:
    """Return the stages of working tree → release → entry environment. The guards need the release, hence the order."""
    made = (Prepare(tuple(needs), tagged, called), CreateRelease(), CheckGuards("apply"), CheckAccount())
    copying = (CopyImages(copied),) if copied else ()
    return (*made, *copying, *_build_common("apply", needs, changeover, verify=verify, rolled=rolled))


def build_release_stages(
    action: Operation,
    needs: Needs,
    *,
    verify: bool = True,
    copied: tuple[str, ...] = (),
    rolled: Mapping[str, str] | None = None,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[Stage, ...]:
    """Return the stages to deploy or destroy a stored release. Images of the `copied` artifacts are copied first."""
    copying = (CopyImages(copied),) if copied and action != "destroy" else ()
    done = _build_common(action, needs, changeover, verify=verify, rolled=rolled)
    return (CheckGuards(action), CheckAccount(), *copying, Prepare(tuple(needs)), *done)


def _build_common(
    action: Operation, needs: Needs, changeover: Changeover, *, verify: bool, rolled: Mapping[str, str] | None = None
) -> tuple[Stage, ...]:
    stacks = tuple(needs)
    hold = (SetHold(),) if action == "rollback" else ()
    settled = () if action == "destroy" else (RefreshStates(stacks),)
    ending = (*settled, RecordEnd(), *((Verify(),) if verify and action != "destroy" else ()))
    if action == "destroy":
        # Destroy downstream stacks first.
        needs = {name: reverse_graph(needs)[name] for name in reversed(stacks)}
    applied = ApplyAll(needs, action == "destroy", rolled or {}, changeover)
    return (PlanAll((*stacks, *changeover.leaving)), CheckPlan(), ConfirmPlan(), *hold, RecordStart(), applied, *ending)


_VERBS: dict[Operation, str] = {
    "apply": "applied to",
    "promote": "promoted to",
    "rollback": "brought back to",
    "destroy": "taken out of",
}


def describe_stages(steps: tuple[Stage, ...], environment: str) -> tuple[str, ...]:
    lines: list[str] = []
    for step in steps:
        if not isinstance(step, ApplyAll):
            lines.append(describe_stage(step, environment))
            continue
        applied = [line for name in step.needs for line in _describe_stack(step, name)]
        moved = [f"move the state of {old} to {new}" for new, old in step.changeover.moves.items()]
        left = [
            f"forget {name}, which the release no longer has: its resources and its state stay"
            if fate == "forget"
            else f"destroy all that {name} holds, which the release no longer has"
            for name, fate in step.changeover.leaving.items()
        ]
        lines += [*left, *applied] if step.destroys else [*moved, *applied, *left]
    return tuple(lines)


def _describe_stack(stage: ApplyAll, name: str) -> tuple[str, ...]:
    applied = _describe_apply(name, stage.needs[name], away=stage.destroys)
    if name not in stage.rolled:
        return (applied,)
    return (applied, f"{name}, where it is to run another artifact than it does: {stage.rolled[name]}")


def _describe_apply(stack: str, needs: tuple[str, ...], *, away: bool) -> str:
    after = f", once {' and '.join(needs)} {'is' if len(needs) == 1 else 'are'} done" if needs else ""
    if away:
        return f"take away all that {stack} holds{after}"
    return f"apply {stack}{after} (planned anew where that has changed something)" if needs else f"apply {stack}"


def describe_stage(stage: Stage, environment: str) -> str:
    match stage:
        case Prepare():
            return _describe_prepare(stage, environment)
        case CopyImages(artifacts):
            return f"copy the image of {', '.join(artifacts)} to where {environment} pulls from, unless it is there"
        case PlanAll(stacks):
            return f"plan {_to_text(stacks)}{', side by side' if len(stacks) > 1 else ''}"
        case ApplyAll(needs=needs):
            return f"apply {_to_text(tuple(needs))}"
        case RefreshStates(stacks):
            return f"where something came, went or drifted, let the state of {_to_text(stacks)} take in what came of it"
        case CheckAccount():
            return f"take the credentials of {environment}, and ask what its own account alone can answer"
        case CheckGuards(action):
            return f"ask every guard whether this may be {_VERBS[action]} {environment}"
        case _:
            return _describe_simple_stage(stage, environment)


def _describe_prepare(stage: Prepare, environment: str) -> str:
    tags = f"look for the digest that the tag of {', '.join(stage.tagged)} means, " if stage.tagged else ""
    code = f"take the code of {', '.join(stage.called)} into the release, " if stage.called else ""
    return f"{tags}{code}render {_to_text(stage.stacks)} with the settings of {environment}, and init where needed"


def _describe_simple_stage(
    stage: CreateRelease | CheckPlan | ConfirmPlan | SetHold | RecordStart | RecordEnd | Verify, environment: str
) -> str:
    match stage:
        case CreateRelease():
            return "bundle the working tree into a release"
        case CheckPlan():
            return "ask every guard about the plan: what it destroys, whether it was approved, whether it was rehearsed"
        case ConfirmPlan():
            return "show the plan and ask"
        case SetHold():
            return f"put the release that is left on hold in {environment}"
        case RecordStart():
            return "record in the ledger that the deployment starts"
        case RecordEnd():
            return "record in the ledger how it ended"
        case Verify():
            return f"run the checks of {environment}, and record what they say"
        case _:
            assert_never(stage)


def _to_text(stacks: tuple[str, ...]) -> str:
    return f"{'stack' if len(stacks) == 1 else 'stacks'} {', '.join(stacks)}"
