"""The section of past deployments: a timeline picture and the same as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import (
    Html,
    Piece,
    isolate,
    join,
    render_section,
    render_table,
    tag,
    wrap_scrollable,
)
from envctl.cli.render.html.signs import render_label, render_sign, render_sign_at
from envctl.cli.render.html.wording import render_past_moment, render_person, render_release
from envctl.cli.render.text.sentences import format_count, shorten_actor
from envctl.cli.render.text.times import format_clock_time, format_seconds
from envctl.cli.render.text.widths import cut_end
from envctl.cli.render.words.signing import SIGNED_BY, has_signers
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import EnvironmentStatus
from envctl.usecases.ledger.timeline import TimelineEntry

LINES_NOTE = "A line is a past deployment; a colored line runs now."
HEADS = ("When (UTC)", "Environment", "What", "Release", "Outcome", "Changed", "Took", "By")


def render_deployments(report: Report) -> Html:
    shown = report.timeline.deployments
    if not shown:
        return render_section("deployments", "Deployments", tag("p", "No deployments yet."))
    signed = has_signers({each.deployment.seq: each.signer for each in shown})
    rows = ((*_render_row(each, report.now), *([str(each.signer)] if signed else [])) for each in shown)
    heads = (*HEADS, SIGNED_BY.capitalize()) if signed else HEADS
    number = format_count(len(shown), "deployment")
    caption = (
        f"The last {number}, newest first" if report.timeline.more else f"All deployments, newest first: {len(shown)}"
    )
    as_table = tag(
        "details", tag("summary", f"The same as a table: {number}"), render_table(caption, heads, rows, "dense")
    )
    note = "Older deployments are left off." if report.timeline.more else ""
    break_glass = [states.BREAK_GLASS] if any(each.deployment.waiver for each in shown) else []
    signs = [*dict.fromkeys(states.choose_deployment_sign(each) for each in shown), *break_glass]
    entries = (tag("li", render_sign(sign), tag("span", sign.word)) for sign in signs)
    legend = tag("ul", *entries, tag("li", LINES_NOTE), class_="legend", aria_label="Signs")
    return render_section("deployments", "Deployments", render_timeline(report), legend, as_table, note=note)


def _render_row(happened: TimelineEntry, now: datetime) -> tuple[Piece, ...]:
    deployment = happened.deployment
    took = format_seconds((deployment.ended_at - deployment.started_at).total_seconds()) if deployment.ended_at else ""
    return (
        render_past_moment(deployment.started_at, now),
        happened.environment,
        states.describe_operation(deployment),
        render_release(deployment.release),
        join(render_label(states.choose_deployment_sign(happened)), _render_remarks(happened)),
        str(deployment.changed) if deployment.outcome == "succeeded" else "",
        took,
        render_person(deployment.by),
    )


def _render_remarks(happened: TimelineEntry) -> Html:
    deployment = happened.deployment
    rules = [tag("span", isolate(f"rules: {change}"), class_="doubt under") for change in happened.rules]
    break_glass = tag("span", _describe_waiver(happened), class_="bad under") if deployment.waiver else join()
    reason = tag("span", isolate(deployment.reason), class_="quiet under") if deployment.reason else ""
    return join(break_glass, reason, *rules)


def _describe_waiver(happened: TimelineEntry) -> str:
    by = happened.reviewed_by
    reviewed = f", reviewed by {shorten_actor(by)}" if by else ""
    return f"{states.BREAK_GLASS.word} (waiver {happened.deployment.waiver}{reviewed})"


WIDTH, LEFT, RIGHT, TOP, LANE = 1168.0, 132.0, 20.0, 34.0, 58.0
MIN_MARK_DISTANCE, MARK_SIZE, LETTER_WIDTH = 18.0, 16.0, 6.7
LONG_NAME, SHORT_NAME = 12, 7
MAX_TICKS = 9
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760))


@dataclass(frozen=True)
class _Axis:
    begin: datetime
    end: datetime

    def to_x(self, at: datetime) -> float:
        return LEFT + (at - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)

    def list_ticks(self) -> Iterator[tuple[float, str]]:
        span = self.end - self.begin
        step = next((each for each in _STEPS if span / each <= MAX_TICKS), span / MAX_TICKS)
        day = self.begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        at = day + -(-(self.begin - day) // step) * step
        while at <= self.end:
            midnight = (at.hour, at.minute) == (0, 0)
            yield self.to_x(at), f"{at:%b} {at.day}" if midnight else f"{at:%H:%M}"
            at += step


def render_timeline(report: Report) -> Html:
    shown = report.timeline.deployments
    environments = report.status.environments
    begin = min(each.deployment.started_at for each in shown)
    # At least an hour, to avoid a division by zero; 2 % of space before the first mark.
    length = max(report.now - begin, timedelta(hours=1))
    axis = _Axis(begin - length * 0.02, begin + length)
    bottom = TOP + LANE * len(environments)
    span = f"from {format_clock_time(axis.begin, UTC)} to {format_clock_time(axis.end, UTC)} UTC"
    description = f"{format_count(len(shown), 'deployment')} {span}. The table below has the same."
    drawing = tag(
        "svg",
        tag("title", "Deployments over time, a lane for each environment", id="lanes-title"),
        tag("desc", description, id="lanes-desc"),
        *_render_grid(axis, bottom),
        *(_render_lane(each, shown, axis, TOP + LANE * place) for place, each in enumerate(environments)),
        viewBox=f"0 0 {WIDTH:g} {bottom + 6:g}",
        role="img",
        aria_labelledby="lanes-title lanes-desc",
        class_="picture",
    )
    return wrap_scrollable("Deployments over time", drawing, class_="drawn")


def _render_grid(axis: _Axis, bottom: float) -> Iterator[Html]:
    for x, label in axis.list_ticks():
        yield tag("line", x1=x, y1=TOP - 8, x2=x, y2=bottom, class_="grid")
        yield tag("text", label, x=x, y=TOP - 15, class_="small soft middle")
    yield tag("text", "UTC", x=LEFT - 12, y=TOP - 15, class_="small soft end")


def _render_lane(status: EnvironmentStatus, shown: Sequence[TimelineEntry], axis: _Axis, top: float) -> Html:
    own = [each for each in reversed(shown) if each.environment == status.environment]
    y = top + 36
    places = _spread_marks([axis.to_x(each.deployment.started_at) for each in own])
    name = cut_end(status.environment, int((LEFT - 16) / LETTER_WIDTH))
    frame = tag("line", x1=0, y1=top, x2=WIDTH, y2=top, class_="edge")
    return join(
        frame,
        tag("text", name, x=4, y=y + 4, class_="name"),
        *_render_runs(status, own, places, y),
        *(_render_mark(each, x, y) for each, x in zip(own, places, strict=True)),
    )


def _spread_marks(places: list[float]) -> list[float]:
    """Move ascending positions apart, to keep marks from overlapping."""
    moved: list[float] = []
    for x in places:
        moved.append(max(x, moved[-1] + MIN_MARK_DISTANCE) if moved else x)
    limit = WIDTH - RIGHT / 2
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - MIN_MARK_DISTANCE
    return moved


def _render_runs(status: EnvironmentStatus, mine: list[TimelineEntry], places: list[float], y: float) -> Iterator[Html]:
    """Render the release of each period between two successful deployments."""
    changes = [
        (x, "" if each.deployment.action == "destroy" else each.deployment.release)
        for each, x in zip(mine, places, strict=True)
        if each.deployment.outcome == "succeeded"
    ]
    current = status.present.current
    if not changes and current:
        # Deployed before the period shown.
        changes = [(LEFT, current.release)]
    for (x, release), (end, _) in pairwise([*changes, (WIDTH - RIGHT / 2, "")]):
        if release:
            now = end == WIDTH - RIGHT / 2
            yield tag("rect", x=x, y=y - 3, width=max(1, end - x), height=6, rx=3, class_="ran now" if now else "ran")
            room = int((end - x - 14) / LETTER_WIDTH)
            if room >= SHORT_NAME:
                name = shorten_id(release)[: LONG_NAME if room >= LONG_NAME else SHORT_NAME]
                yield tag("text", name, x=x + 1, y=y - 13, class_="mono small" if now else "mono small soft")


def _render_mark(happened: TimelineEntry, x: float, y: float) -> Html:
    deployment, sign = happened.deployment, states.choose_deployment_sign(happened)
    at = f"{format_clock_time(deployment.started_at, UTC)} UTC"
    action = f"{states.describe_operation(deployment)}, release {shorten_id(deployment.release)}"
    action += f", with {deployment.program}" if deployment.program else ""
    waiver = f", {_describe_waiver(happened)}" if deployment.waiver else ""
    outcome = f"{sign.word}{waiver}, by {shorten_actor(deployment.by)}"
    ring = tag("circle", cx=x, cy=y, r=11, class_="owed") if deployment.waiver else join()
    return join(ring, render_sign_at(sign, x, y, MARK_SIZE, f"{at} {happened.environment}: {action}: {outcome}"))
