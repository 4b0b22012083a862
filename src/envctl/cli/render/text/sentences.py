"""Sentences made of clauses, counts with a singular or plural noun, and names of actors."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.domain.ledger.events import Actor


def capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def join_clauses(clauses: Iterable[str]) -> str:
    """Return the clauses that are not empty as one sentence, without a final period."""
    return capitalize("; ".join(filter(None, clauses)))


def format_count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def shorten_actor(actor: "Actor") -> str:
    """Return the actor's name without the prefix of AWS principals; `--json` has the full ARN."""
    if actor.via != "aws":
        return actor.name
    return actor.name.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")


def format_actor(actor: "Actor") -> str:
    """Return the short name, marked if it is unverified."""
    return shorten_actor(actor) if actor.verified else f"{shorten_actor(actor)} (unverified)"
