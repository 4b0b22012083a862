"""Times, actors, releases and hints as HTML. All times are UTC."""

from datetime import UTC, datetime

from envctl.cli.render.html.elements import Html, code, dim, isolate, join, tag
from envctl.cli.render.text.next_commands import add_sandbox_flag, split_command
from envctl.cli.render.text.sentences import shorten_actor
from envctl.cli.render.text.times import format_age, format_clock_time
from envctl.domain.ledger.events import Actor
from envctl.domain.release_label import ReleaseLabel, format_label_name
from envctl.domain.text.identifiers import shorten_id


def render_moment(at: datetime) -> Html:
    return tag("time", format_clock_time(at, UTC), datetime=_format_iso_time(at))


def render_past_moment(at: datetime, now: datetime) -> Html:
    return join(render_moment(at), " ", tag("span", f"({format_age(at, now)})", class_="quiet ago"))


def render_age(at: datetime, now: datetime) -> Html:
    """Render the age, with the time as a tooltip."""
    return tag("time", format_age(at, now), datetime=_format_iso_time(at), title=f"{format_clock_time(at, UTC)} UTC")


def render_person(actor: Actor) -> Html:
    name = tag("bdi", shorten_actor(actor), title=actor.name if shorten_actor(actor) != actor.name else None)
    return name if actor.verified else join(name, " ", dim("(unverified)"))


def render_release(name: str) -> Html:
    return tag("code", shorten_id(name), class_="release", title=name)


def render_label_name(label: ReleaseLabel | None) -> Html:
    """Render what people know a release by, in addition to its id; empty if that is not recorded."""
    name = format_label_name(label) if label else ""
    return join(" ", isolate(name)) if name else join()


def render_hint(hint: str) -> Html:
    advice, command = split_command(add_sandbox_flag(hint))
    space = " " if advice and command else ""
    return join(isolate(advice) if advice else "", space, code(command) if command else "")


def _format_iso_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
