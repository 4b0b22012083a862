"""What a deployment does, as a value: it is either explained (`--dry-run`) or carried out, so the two can't differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from envctl.domain.graph import turned
from envctl.domain.operation import Move
from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover


@dataclass(frozen=True)
class Bundle:
    """Make a release of the working tree."""


@dataclass(frozen=True)
class AskGuards:
    action: Move


@dataclass(frozen=True)
class TakeAccess:
    """Take the credentials of the environment, and ask the guards that need them."""


@dataclass(frozen=True)
class Prepare:
    """Render the root modules, and init where needed. Of a working tree, artifacts that are `tagged` get digests, and
    the code of the modules that are `called` by an address is brought.
    """

    stacks: tuple[str, ...]
    tagged: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


@dataclass(frozen=True)
class BringImages:
    """Copy to where the target pulls from what is not there, of these artifacts."""

    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class PlanAll:
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class AskOfPlan:
    """The guards that can only be asked once there is a plan, and all others once more."""


@dataclass(frozen=True)
class AskConsent:
    """Show the plan to the person who runs this."""


@dataclass(frozen=True)
class SetHold:
    """Keep the release that a rollback leaves from coming back."""


@dataclass(frozen=True)
class RecordStart:
    """Store the bundle where it is new, and record that the deployment starts, and what was waived for it."""


@dataclass(frozen=True)
class ApplyAll:
    """Each stack after those that it needs, and otherwise side by side. `away` where all that they hold is taken away:
    then each goes after those that need it. `changeover` says which stacks leave, and which are renamed. `rolled` says
    what is done with the requests of those that have a rollout, where their artifact becomes another one.
    """

    needs: Mapping[str, tuple[str, ...]]
    away: bool = False
    rolled: Mapping[str, str] = field(default_factory=dict)
    changeover: Changeover = NO_CHANGEOVER


@dataclass(frozen=True)
class Settle:
    """Let the states take in what came of the apply itself: what one resource did to another is no drift."""

    stacks: tuple[str, ...]


@dataclass(frozen=True)
class RecordEnd:
    """Record that it succeeded."""


@dataclass(frozen=True)
class Verify:
    """Run the project's checks, and record what they say."""


Stage = (
    Bundle
    | AskGuards
    | TakeAccess
    | BringImages
    | Prepare
    | PlanAll
    | AskOfPlan
    | AskConsent
    | SetHold
    | RecordStart
    | ApplyAll
    | Settle
    | RecordEnd
    | Verify
)


Needs = Mapping[str, tuple[str, ...]]
"""The stacks in their order, each with those that have to be applied before it."""


def of_entry(
    needs: Needs,
    *,
    verify: bool = True,
    tagged: tuple[str, ...] = (),
    called: tuple[str, ...] = (),
    copied: tuple[str, ...] = (),
    rolled: Mapping[str, str] | None = None,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[Stage, ...]:
    """Working tree → release → the entry environment. The guards are asked about the release, so it is made first."""
    made = (Prepare(tuple(needs), tagged, called), Bundle(), AskGuards("apply"), TakeAccess())
    return (*made, *_bring(copied), *_deploy("apply", needs, changeover, verify=verify, rolled=rolled))


def of_release(
    action: Move,
    needs: Needs,
    *,
    verify: bool = True,
    copied: tuple[str, ...] = (),
    rolled: Mapping[str, str] | None = None,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[Stage, ...]:
    """A stored release → an environment, or out of it. `copied` are the artifacts that are brought there first."""
    brought = () if action == "destroy" else _bring(copied)
    done = _deploy(action, needs, changeover, verify=verify, rolled=rolled)
    return (AskGuards(action), TakeAccess(), *brought, Prepare(tuple(needs)), *done)


def _bring(artifacts: tuple[str, ...]) -> tuple[Stage, ...]:
    return (BringImages(artifacts),) if artifacts else ()


def _deploy(
    action: Move, needs: Needs, changeover: Changeover, *, verify: bool, rolled: Mapping[str, str] | None = None
) -> tuple[Stage, ...]:
    stacks = tuple(needs)
    hold = (SetHold(),) if action == "rollback" else ()
    settled = () if action == "destroy" else (Settle(stacks),)
    ending = (*settled, RecordEnd(), *((Verify(),) if verify and action != "destroy" else ()))
    if action == "destroy":
        # What needs another stack goes before it goes.
        needs = {name: turned(needs)[name] for name in reversed(stacks)}
    applied = ApplyAll(needs, action == "destroy", rolled or {}, changeover)
    return (PlanAll((*stacks, *changeover.leaving)), AskOfPlan(), AskConsent(), *hold, RecordStart(), applied, *ending)


_VERBS: dict[Move, str] = {
    "apply": "applied to",
    "promote": "promoted to",
    "rollback": "brought back to",
    "destroy": "taken out of",
}


def explained(steps: tuple[Stage, ...], environment: str) -> tuple[str, ...]:
    return tuple(told for step in steps for told in _told(step, environment))


def _told(stage: Stage, environment: str) -> tuple[str, ...]:
    if isinstance(stage, ApplyAll):
        applied = tuple(told for name in stage.needs for told in _told_of_stack(stage, name))
        moved = tuple(f"move the state of {old} to {new}" for new, old in stage.changeover.moves.items())
        left = tuple(_explain_leaving(name, fate) for name, fate in stage.changeover.leaving.items())
        return (*left, *applied) if stage.away else (*moved, *applied, *left)
    return (explain(stage, environment),)


def _explain_leaving(stack: str, fate: str) -> str:
    if fate == "forget":
        return f"forget {stack}, which the release no longer has: its resources and its state stay"
    return f"destroy all that {stack} holds, which the release no longer has"


def _told_of_stack(stage: ApplyAll, name: str) -> tuple[str, ...]:
    applied = _applied(name, stage.needs[name], away=stage.away)
    if name not in stage.rolled:
        return (applied,)
    return (applied, f"{name}, where it is to run another artifact than it does: {stage.rolled[name]}")


def _applied(stack: str, needs: tuple[str, ...], *, away: bool) -> str:
    after = f", once {' and '.join(needs)} {'is' if len(needs) == 1 else 'are'} done" if needs else ""
    if away:
        return f"take away all that {stack} holds{after}"
    return f"apply {stack}{after} (planned anew where that has changed something)" if needs else f"apply {stack}"


def explain(stage: Stage, environment: str) -> str:
    match stage:
        case Prepare():
            return _explain_preparing(stage, environment)
        case BringImages(artifacts):
            return f"copy the image of {', '.join(artifacts)} to where {environment} pulls from, unless it is there"
        case PlanAll(stacks):
            return f"plan {_named(stacks)}{', side by side' if len(stacks) > 1 else ''}"
        case ApplyAll(needs=needs):
            return f"apply {_named(tuple(needs))}"
        case Settle(stacks):
            return f"where something came, went or drifted, let the state of {_named(stacks)} take in what came of it"
        case TakeAccess():
            return f"take the credentials of {environment}, and ask what its own account alone can answer"
        case AskGuards(action):
            return f"ask every guard whether this may be {_VERBS[action]} {environment}"
        case _:
            return _explain_plainly(stage, environment)


def _explain_preparing(stage: Prepare, environment: str) -> str:
    tags = f"look for the digest that the tag of {', '.join(stage.tagged)} means, " if stage.tagged else ""
    code = f"take the code of {', '.join(stage.called)} into the release, " if stage.called else ""
    return f"{tags}{code}render {_named(stage.stacks)} with the settings of {environment}, and init where needed"


def _explain_plainly(
    stage: Bundle | AskOfPlan | AskConsent | SetHold | RecordStart | RecordEnd | Verify, environment: str
) -> str:
    match stage:
        case Bundle():
            return "bundle the working tree into a release"
        case AskOfPlan():
            return "ask every guard about the plan: what it destroys, whether it was approved, whether it was rehearsed"
        case AskConsent():
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


def _named(stacks: tuple[str, ...]) -> str:
    return f"{'stack' if len(stacks) == 1 else 'stacks'} {', '.join(stacks)}"
