"""What a deployment does, as a value: it is either explained (`--dry-run`) or carried out, so the two can't differ."""

from dataclasses import dataclass
from typing import Literal, assert_never


@dataclass(frozen=True)
class Bundle:
    """Make a release of the working tree."""


@dataclass(frozen=True)
class AskGuards:
    action: Literal["apply", "promote"]


@dataclass(frozen=True)
class Prepare:
    """Render the root modules, and init where needed."""

    stacks: tuple[str, ...]


@dataclass(frozen=True)
class PlanAll:
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class AskConsent:
    """Show the plan to the person who runs this."""


@dataclass(frozen=True)
class RecordStart:
    """Store the bundle where it is new, and record that the deployment starts."""


@dataclass(frozen=True)
class ApplyStack:
    stack: str


@dataclass(frozen=True)
class RecordEnd:
    """Record that it succeeded."""


Stage = Bundle | AskGuards | Prepare | PlanAll | AskConsent | RecordStart | ApplyStack | RecordEnd


def of_entry(stacks: tuple[str, ...]) -> tuple[Stage, ...]:
    """Working tree → release → the entry environment. The guards are asked about the release, so it is made first."""
    return (Prepare(stacks), Bundle(), AskGuards("apply"), *_deploy(stacks))


def of_release(action: Literal["apply", "promote"], stacks: tuple[str, ...]) -> tuple[Stage, ...]:
    """A stored release → an environment."""
    return (AskGuards(action), Prepare(stacks), *_deploy(stacks))


def _deploy(stacks: tuple[str, ...]) -> tuple[Stage, ...]:
    return (PlanAll(stacks), AskConsent(), RecordStart(), *(ApplyStack(stack) for stack in stacks), RecordEnd())


def explain(stage: Stage, environment: str) -> str:
    match stage:
        case Bundle():
            return "bundle the working tree into a release"
        case AskGuards(action):
            verb = "applied to" if action == "apply" else "promoted to"
            return f"ask every guard whether this may be {verb} {environment}"
        case Prepare(stacks):
            return f"render {_named(stacks)} with the settings of {environment}, and init where needed"
        case PlanAll(stacks):
            return f"plan {_named(stacks)}"
        case AskConsent():
            return "show the plan and ask"
        case RecordStart():
            return "record in the ledger that the deployment starts"
        case ApplyStack(stack):
            return f"apply {stack} (planned anew if a stack that it reads has changed)"
        case RecordEnd():
            return "record in the ledger how it ended"
        case _:
            assert_never(stage)


def _named(stacks: tuple[str, ...]) -> str:
    return f"{'stack' if len(stacks) == 1 else 'stacks'} {', '.join(stacks)}"
