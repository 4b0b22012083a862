"""Projection of import events: imports into states of an environment without a recorded end."""

from dataclasses import replace
from typing import assert_never

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.state import EnvironmentState, OpenImport
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted

MAX_IMPORTS = 100


def apply_import_event(state: EnvironmentState, entry: Entry, event: ImportStarted | ImportEnded) -> EnvironmentState:
    match event:
        case ImportStarted():
            begun = OpenImport(entry.seq, event.stack, event.address, entry.actor, entry.at)
            # An import makes the stack known to this ledger, even before its first deployment.
            return replace(
                state, imports=(*state.imports, begun)[-MAX_IMPORTS:], begun=state.begun | frozenset({event.stack})
            )
        case ImportEnded():
            return replace(state, imports=tuple(each for each in state.imports if each.seq != event.started))
        case _:
            assert_never(event)
