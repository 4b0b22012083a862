"""Imports into the states of an environment that have begun, and whose end is not recorded."""

from dataclasses import replace
from typing import assert_never

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.state import EnvironmentPresent, OpenImport
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted

REMEMBERED = 100


def follow_import(there: EnvironmentPresent, entry: Entry, event: ImportStarted | ImportEnded) -> EnvironmentPresent:
    match event:
        case ImportStarted():
            begun = OpenImport(entry.seq, event.stack, event.address, entry.actor, entry.at)
            # What is taken into the state of a stack is of this ledger, be nothing of it deployed yet.
            return replace(
                there, imports=(*there.imports, begun)[-REMEMBERED:], begun=there.begun | frozenset({event.stack})
            )
        case ImportEnded():
            return replace(there, imports=tuple(each for each in there.imports if each.seq != event.started))
        case _:
            assert_never(event)
