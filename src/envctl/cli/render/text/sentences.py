"""Sentences made of clauses, and counts with a singular or plural noun."""

from collections.abc import Iterable


def capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def join_clauses(clauses: Iterable[str]) -> str:
    """Return the clauses that are not empty as one sentence, without a final period."""
    return capitalize("; ".join(filter(None, clauses)))


def format_count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
