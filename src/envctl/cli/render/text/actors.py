"""Names of actors."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.domain.ledger.events import Actor


def shorten_actor(actor: "Actor") -> str:
    """Return the actor's name without the prefix of AWS principals; `--json` has the full ARN."""
    if actor.via != "aws":
        return actor.name
    return actor.name.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")


def format_actor(actor: "Actor") -> str:
    """Return the short name, marked if it is unverified."""
    return shorten_actor(actor) if actor.verified else f"{shorten_actor(actor)} (unverified)"
