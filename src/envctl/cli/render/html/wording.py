"""Times, people, releases and commands, as a page says them. Its readers are anywhere: all times are UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime

from envctl.cli.render.html.elements import Html, code, quiet, quoted, several, tag
from envctl.cli.render.terminal.next_commands import parted, to_type
from envctl.cli.render.terminal.text import called
from envctl.cli.render.terminal.times import ago, clock
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import KnownRelease
from envctl.domain.text.short_ids import short

COMMIT = 10


def moment(at: datetime) -> Html:
    return tag("time", clock(at, UTC), datetime=_exact(at))


def since(at: datetime, now: datetime) -> Html:
    return several(moment(at), " ", tag("span", f"({ago(at, now)})", class_="quiet ago"))


def past(at: datetime, now: datetime) -> Html:
    """How long ago alone, where there is no room for more."""
    return tag("time", ago(at, now), datetime=_exact(at), title=f"{clock(at, UTC)} UTC")


def person(actor: Actor) -> Html:
    name = tag("bdi", called(actor), title=actor.name if called(actor) != actor.name else None)
    return name if actor.verified else several(name, " ", quiet("(unverified)"))


def release(name: str) -> Html:
    return tag("code", short(name), class_="release", title=name)


def commit(known: KnownRelease) -> str:
    if not known.commit:
        return "not committed" if known.uncommitted else ""
    return f"commit {known.commit[:COMMIT]}{' and uncommitted changes' if known.uncommitted else ''}"


def way_on(hint: str) -> Html:
    """Advice, with the command that it ends with."""
    advice, command = parted(to_type(hint))
    return several(*_with_spaces(quoted(advice) if advice else None, code(command) if command else None))


def _with_spaces(*pieces: Html | None) -> Iterator[Html | str]:
    for place, piece in enumerate(each for each in pieces if each is not None):
        yield from (" ", piece) if place else (piece,)


def _exact(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
