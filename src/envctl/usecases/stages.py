"""What a deployment does, as a value: it is either explained (`--dry-run`) or carried out, so the two can't differ."""

from dataclasses import dataclass
from typing import assert_never

from envctl.domain.events import Move


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
    """Render the root modules, and init where needed. Of a working tree, artifacts that are `tagged` get digests."""

    stacks: tuple[str, ...]
    tagged: tuple[str, ...] = ()


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
class ApplyStack:
    """`away` where all that the stack holds is taken away."""

    stack: str
    away: bool = False


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
    | ApplyStack
    | Settle
    | RecordEnd
    | Verify
)


def of_entry(
    stacks: tuple[str, ...], *, verify: bool = True, tagged: tuple[str, ...] = (), copied: tuple[str, ...] = ()
) -> tuple[Stage, ...]:
    """Working tree → release → the entry environment. The guards are asked about the release, so it is made first."""
    made = (Prepare(stacks, tagged), Bundle(), AskGuards("apply"), TakeAccess())
    return (*made, *_bring(copied), *_deploy("apply", stacks, verify=verify))


def of_release(
    action: Move, stacks: tuple[str, ...], *, verify: bool = True, copied: tuple[str, ...] = ()
) -> tuple[Stage, ...]:
    """A stored release → an environment, or out of it. `copied` are the artifacts that are brought there first."""
    brought = () if action == "destroy" else _bring(copied)
    return (AskGuards(action), TakeAccess(), *brought, Prepare(stacks), *_deploy(action, stacks, verify=verify))


def _bring(artifacts: tuple[str, ...]) -> tuple[Stage, ...]:
    return (BringImages(artifacts),) if artifacts else ()


def _deploy(action: Move, stacks: tuple[str, ...], *, verify: bool) -> tuple[Stage, ...]:
    # What reads another stack goes before it goes.
    order = stacks[::-1] if action == "destroy" else stacks
    hold = (SetHold(),) if action == "rollback" else ()
    settled = () if action == "destroy" else (Settle(stacks),)
    ending = (*settled, RecordEnd(), *((Verify(),) if verify and action != "destroy" else ()))
    applied = tuple(ApplyStack(stack, away=action == "destroy") for stack in order)
    return (PlanAll(stacks), AskOfPlan(), AskConsent(), *hold, RecordStart(), *applied, *ending)


_VERBS: dict[Move, str] = {
    "apply": "applied to",
    "promote": "promoted to",
    "rollback": "brought back to",
    "destroy": "taken out of",
}


def explain(stage: Stage, environment: str) -> str:
    match stage:
        case Prepare(stacks, tagged) if tagged:
            resolved = f"look for the digest that the tag of {', '.join(tagged)} means"
            return f"{resolved}, {explain(Prepare(stacks), environment)}"
        case BringImages(artifacts):
            return f"copy the image of {', '.join(artifacts)} to where {environment} pulls from, unless it is there"
        case Prepare(stacks):
            return f"render {_named(stacks)} with the settings of {environment}, and init where needed"
        case PlanAll(stacks):
            return f"plan {_named(stacks)}"
        case ApplyStack(stack, away=True):
            return f"take away all that {stack} holds"
        case ApplyStack(stack):
            return f"apply {stack} (planned anew if a stack that it reads has changed)"
        case Settle(stacks):
            return f"where something came, went or drifted, let the state of {_named(stacks)} take in what came of it"
        case TakeAccess():
            return f"take the credentials of {environment}, and ask what its own account alone can answer"
        case AskGuards(action):
            return f"ask every guard whether this may be {_VERBS[action]} {environment}"
        case _:
            return _explain_plainly(stage, environment)


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
