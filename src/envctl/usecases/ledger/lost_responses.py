"""Creates an entry although the store's response may get lost: a retry recognizes what the first write left."""

from dataclasses import replace

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger import entries
from envctl.usecases.ledger import store_layout
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError, Ports


def create_entry(ports: Ports, entry: entries.Entry) -> bool:
    """Create the entry; return False if another one has its number.

    After a lost response a retry meets the first write, recognized by the idempotency token in its bytes.
    """
    key, data = store_layout.entry_key(entry.seq), entries.encode_entry(entry)
    try:
        ports.store.create(key, data)
    except AlreadyExistsError as exists:
        return _read_back(ports, key, entry, exists) == data
    except LostResponseError as unanswered:
        found = _read_back(ports, key, entry, unanswered)
        if found is None:
            hint = "envctl found nothing recorded afterwards: look at envctl status, and run the command again"
            raise OperationFailedError(*(replace(each, hint=hint) for each in unanswered.problems)) from unanswered
        return found == data
    return True


def _read_back(ports: Ports, key: str, entry: entries.Entry, before: Exception) -> bytes | None:
    try:
        return ports.store.read(key)
    except OperationFailedError as error:
        message = f"nobody can say whether it was recorded that {entry.event.kind} (entry {entry.seq})"
        hint = "once the store answers again: envctl status shows it. Where it is not there, run the command again"
        problems = before.problems if isinstance(before, OperationFailedError) else error.problems
        raise OperationFailedError(Problem("E459", message, hint), *problems) from error
