"""Sentences made of clauses."""

from collections.abc import Iterable


def capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def join_clauses(clauses: Iterable[str]) -> str:
    """Return the clauses that are not empty as one sentence, without a final period."""
    return capitalize("; ".join(filter(None, clauses)))
