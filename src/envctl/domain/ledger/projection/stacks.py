"""Which stacks an environment holds, as its deployments change it."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.ledger.events import DeploymentFailed, DeploymentSucceeded
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.domain.ledger.state_events import StateMoved


def change_stacks(there: EnvironmentPresent, event: DeploymentSucceeded | DeploymentFailed) -> EnvironmentPresent:
    """The environment after a deployment that was no whole destroy."""
    done, gone = set(event.stacks), set(event.left)
    forgot, untouched = set[str](), set[str]()
    if isinstance(event, DeploymentSucceeded):
        forgot = set(event.forgot)
    else:
        untouched = set(event.untouched)
    return replace(
        there,
        stacks=(there.stacks | done) - gone - forgot,
        half_made=there.half_made - done - gone - forgot - untouched,
        renamed={name: before for name, before in there.renamed.items() if name not in done | gone | forgot},
        traffic={name: each for name, each in there.traffic.items() if name not in gone | forgot},
        # What is deployed again is looked after again.
        forgotten=(there.forgotten | forgot) - done,
    )


def move_state(there: EnvironmentPresent, event: StateMoved) -> EnvironmentPresent:
    """The environment once the state of a stack is that of another one, in a deployment that is open."""
    if there.unfinished is None or there.unfinished.seq != event.started or event.stack not in there.held:
        return there
    was_applied = event.stack in there.stacks
    traffic = {event.to if name == event.stack else name: each for name, each in there.traffic.items()}
    return replace(
        there,
        stacks=(there.stacks - {event.stack}) | ({event.to} if was_applied else set()),
        half_made=(there.half_made - {event.stack}) | (set() if was_applied else {event.to}),
        begun=there.begun | {event.to},
        traffic=traffic,
        renamed={**there.renamed, event.to: event.stack},
    )


def with_moves(there: EnvironmentPresent, moves: Mapping[str, str]) -> EnvironmentPresent:
    """The environment as a plan sees it that takes states over: `moves` names stacks, each with the one whose state
    becomes theirs.
    """
    names = {old: new for new, old in moves.items()}
    return replace(
        there,
        stacks=there.stacks | {new for new, old in moves.items() if old in there.stacks},
        begun=there.begun | {new for new, old in moves.items() if there.has_begun(old)},
        traffic={names.get(name, name): traffic for name, traffic in there.traffic.items()},
    )
