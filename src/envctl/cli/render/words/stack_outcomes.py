"""Outcomes of stacks after a failed deployment."""

from collections.abc import Iterator, Sequence

from envctl.domain.errors import StackEnd, StackOutcome

_END_TEXTS: tuple[tuple[StackEnd, str], ...] = (
    ("applied", "applied"),
    ("unchanged", "unchanged"),
    ("failed", "failed"),
    ("refused", "refused"),
    ("stopped", "stopped midway"),
)


def group_outcomes(stacks: Sequence[StackOutcome]) -> Iterator[tuple[str, str]]:
    """Yield a short text for each outcome, with the names of its stacks."""
    for end, text in _END_TEXTS:
        if names := [each.stack for each in stacks if each.end == end]:
            yield text, ", ".join(names)
    if left := [each for each in stacks if each.end == "left"]:
        names = [f"{e.stack} (needs {' and '.join(e.because)})" if e.because else e.stack for e in left]
        yield "not started", ", ".join(names)
