"""Projection of the stacks of an environment."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.ledger.events import DeploymentFailed, DeploymentSucceeded
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.state_events import StateMoved


def apply_stack_changes(state: EnvironmentState, event: DeploymentSucceeded | DeploymentFailed) -> EnvironmentState:
    """Apply the end of any deployment but a complete destroy."""
    done, gone = set(event.stacks), set(event.left)
    forgot = set(event.forgot if isinstance(event, DeploymentSucceeded) else ())
    untouched = set(event.untouched if isinstance(event, DeploymentFailed) else ())
    return replace(
        state,
        stacks=(state.stacks | done) - gone - forgot,
        half_made=state.half_made - done - gone - forgot - untouched,
        renamed={name: before for name, before in state.renamed.items() if name not in done | gone | forgot},
        traffic={name: each for name, each in state.traffic.items() if name not in gone | forgot},
        # A deployed stack is managed again.
        forgotten=(state.forgotten | forgot) - done,
    )


def apply_state_move(state: EnvironmentState, event: StateMoved) -> EnvironmentState:
    """Apply the move of a stack state to a new name, during an open deployment."""
    begun = state.unfinished_deployment
    if begun is None or begun.seq != event.started or event.stack not in state.held_stacks:
        return state
    was_applied = event.stack in state.stacks
    traffic = {event.to if name == event.stack else name: each for name, each in state.traffic.items()}
    return replace(
        state,
        stacks=(state.stacks - {event.stack}) | ({event.to} if was_applied else set()),
        half_made=(state.half_made - {event.stack}) | (set() if was_applied else {event.to}),
        begun=state.begun | {event.to},
        traffic=traffic,
        renamed={**state.renamed, event.to: event.stack},
    )


def apply_planned_moves(state: EnvironmentState, moves: Mapping[str, str]) -> EnvironmentState:
    """Return the environment after the state moves of a plan. `moves` maps each new stack name to the old one."""
    names = {old: new for new, old in moves.items()}
    return replace(
        state,
        stacks=state.stacks | {new for new, old in moves.items() if old in state.stacks},
        begun=state.begun | {new for new, old in moves.items() if state.has_begun(old)},
        traffic={names.get(name, name): traffic for name, traffic in state.traffic.items()},
    )
