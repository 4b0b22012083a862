"""Does a reading show what a fingerprint binds? A stored one could have been replaced by one that looks harmless."""

from collections.abc import Iterator

from envctl.domain.plan.changes import Marker
from envctl.domain.plan.fingerprint import BEHIND, WAITS, PlanFingerprint, PlannedChange, digest_text
from envctl.domain.reading.bound_values import WAITING
from envctl.domain.reading.reading import ReadChange, Reading, ReadValue


def list_unshown(reading: Reading, meaning: PlanFingerprint) -> Iterator[str]:
    """Yield each bound change that the reading lacks, or shows otherwise, and each shown change that is not bound."""
    left: dict[tuple[str, str, str], list[ReadChange]] = {}
    for stack in reading.stacks:
        for change in stack.changes:
            left.setdefault((stack.stack, change.address, change.action), []).append(change)
    waiting = {stack.stack for stack in reading.stacks if any(note.startswith(WAITING) for note in stack.notes)}
    for bound in meaning.changes:
        if bound.action in (WAITS, BEHIND):
            if bound.stack not in waiting:
                yield bound.description
            continue
        shown = left.get((bound.stack, bound.address, bound.action), [])
        # An action may be invoked more than once.
        fitting = next((each for each in shown if not any(_list_differences(each, bound))), None)
        if fitting is None:
            yield bound.description
        else:
            shown.remove(fitting)
    yield from (f"{stack}: {address}" for (stack, address, _), rest in left.items() for _ in rest)


def _list_differences(shown: ReadChange, bound: PlannedChange) -> Iterator[str]:
    if shown.type != bound.type:
        yield "type"
    values = {each.path: each for each in shown.values}
    for path, digest in bound.values.items():
        if path not in values or not _is_shown(values[path], digest):
            yield path


def _is_shown(value: ReadValue, digest: str) -> bool:
    # A text with a known secret in it is shown with a sign, and its digest is of the whole.
    if value.sign:
        return digest == value.sign
    return digest == digest_text(value.after) or Marker.SENSITIVE.value in value.after
