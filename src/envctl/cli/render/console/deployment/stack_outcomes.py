"""How far each of several stacks got, where something went wrong with one: what was done, what was not, and why."""

from collections.abc import Iterator, Sequence

from envctl.domain.errors import StackAccount, StackEnd

_ORDER: tuple[tuple[StackEnd, str], ...] = (
    ("applied", "applied"),
    ("unchanged", "had nothing to change"),
    ("failed", "failed"),
    ("refused", "refused"),
    ("stopped", "stopped half-way"),
)


def account(stacks: Sequence[StackAccount]) -> Iterator[tuple[str, str]]:
    """What became of them, in two or three words, and of which."""
    for end, told in _ORDER:
        if names := [each.stack for each in stacks if each.end == end]:
            yield told, ", ".join(names)
    if left := [each for each in stacks if each.end == "left"]:
        yield "not begun", ", ".join(f"{each.stack}{_because(each)}" for each in left)


def _because(each: StackAccount) -> str:
    return f" (needs {' and '.join(each.because)})" if each.because else ""
