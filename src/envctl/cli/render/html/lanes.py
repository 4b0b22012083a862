"""The timeline as a picture: a lane for each environment, what ran in it, and every deployment at its time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, several, tag
from envctl.cli.render.html.signs import placed
from envctl.cli.render.html.tables import scrolling
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import called, cut
from envctl.cli.render.terminal.times import clock
from envctl.domain.ledger.state import Deployment
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import EnvironmentStatus
from envctl.usecases.ledger.timeline import Happened

WIDTH, LEFT, RIGHT, TOP, LANE = 1168.0, 132.0, 20.0, 34.0, 58.0
APART, MARK, LETTER = 18.0, 16.0, 6.7
NAME, BRIEF = 12, 7
TICKS = 9
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760))


@dataclass(frozen=True)
class _Axis:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        return LEFT + (at - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> Iterator[tuple[float, str]]:
        span = self.end - self.begin
        step = next((each for each in _STEPS if span / each <= TICKS), span / TICKS)
        day = self.begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        at = day + -(-(self.begin - day) // step) * step
        while at <= self.end:
            midnight = (at.hour, at.minute) == (0, 0)
            yield self.x(at), f"{at:%b} {at.day}" if midnight else f"{at:%H:%M}"
            at += step


def lanes(report: Report) -> Html:
    shown = report.timeline.deployments
    environments = report.status.environments
    axis = _axis(shown, report.now)
    bottom = TOP + LANE * len(environments)
    span = f"from {clock(axis.begin, UTC)} to {clock(axis.end, UTC)} UTC"
    told = f"{counted(len(shown), 'deployment')} {span}. The table below has the same."
    drawing = tag(
        "svg",
        tag("title", "Deployments over time, a lane for each environment", id="lanes-title"),
        tag("desc", told, id="lanes-desc"),
        *_grid(axis, bottom),
        *(_lane(each, shown, axis, TOP + LANE * place) for place, each in enumerate(environments)),
        viewBox=f"0 0 {WIDTH:g} {bottom + 6:g}",
        role="img",
        aria_labelledby="lanes-title lanes-desc",
        class_="picture",
    )
    return scrolling("Deployments over time", drawing, class_="drawn")


def _axis(shown: Sequence[Happened], now: datetime) -> _Axis:
    begin = min(each.deployment.started_at for each in shown)
    # Never so short that a division by it goes wrong, and with some room before the first mark.
    span = max(now - begin, timedelta(hours=1))
    return _Axis(begin - span * 0.02, begin + span)


def _grid(axis: _Axis, bottom: float) -> Iterator[Html]:
    for x, label in axis.ticks():
        yield tag("line", x1=x, y1=TOP - 8, x2=x, y2=bottom, class_="grid")
        yield tag("text", label, x=x, y=TOP - 15, class_="small soft middle")
    yield tag("text", "UTC", x=LEFT - 12, y=TOP - 15, class_="small soft end")


def _lane(status: EnvironmentStatus, shown: Sequence[Happened], axis: _Axis, top: float) -> Html:
    mine = [each for each in reversed(shown) if each.environment == status.environment]
    y = top + 36
    places = _apart([axis.x(each.deployment.started_at) for each in mine])
    name = cut(status.environment, int((LEFT - 16) / LETTER))
    frame = tag("line", x1=0, y1=top, x2=WIDTH, y2=top, class_="edge")
    return several(
        frame,
        tag("text", name, x=4, y=y + 4, class_="name"),
        *_ran(status, mine, places, y),
        *(_mark(each, x, y) for each, x in zip(mine, places, strict=True)),
    )


def _apart(places: list[float]) -> list[float]:
    """The same places, rising, moved so far that no mark covers another one."""
    moved: list[float] = []
    for x in places:
        moved.append(max(x, moved[-1] + APART) if moved else x)
    limit = WIDTH - RIGHT / 2
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - APART
    return moved


def _ran(status: EnvironmentStatus, mine: list[Happened], places: list[float], y: float) -> Iterator[Html]:
    """What ran in the lane, from each deployment that changed it to the next."""
    changes = [
        (x, "" if each.deployment.action == "destroy" else each.deployment.release)
        for each, x in zip(mine, places, strict=True)
        if each.deployment.outcome == "succeeded"
    ]
    current = status.present.current
    if not changes and current:
        # It was deployed before all that is shown.
        changes = [(LEFT, current.release)]
    for (x, release), (end, _) in pairwise([*changes, (WIDTH - RIGHT / 2, "")]):
        if release:
            yield from _stretch(x, end, y, release, now=end == WIDTH - RIGHT / 2)


def _stretch(x: float, end: float, y: float, release: str, *, now: bool) -> Iterator[Html]:
    yield tag("rect", x=x, y=y - 3, width=max(1, end - x), height=6, rx=3, class_="ran now" if now else "ran")
    room = int((end - x - 14) / LETTER)
    if room >= BRIEF:
        name = short(release)[: NAME if room >= NAME else BRIEF]
        yield tag("text", name, x=x + 1, y=y - 13, class_="mono small" if now else "mono small soft")


def _mark(happened: Happened, x: float, y: float) -> Html:
    done = happened.deployment
    ring = tag("circle", cx=x, cy=y, r=11, class_="owed") if done.waiver else several()
    return several(
        ring, placed(states.of_deployment(happened), x, y, MARK, _told(happened.environment, done, happened))
    )


def _told(environment: str, done: Deployment, happened: Happened) -> str:
    glass = ", by break-glass" if done.waiver else ""
    what = f"{environment}: {states.deed(done)}, release {short(done.release)}"
    return (
        f"{clock(done.started_at, UTC)} UTC {what}: {states.of_deployment(happened).word}{glass}, by {called(done.by)}"
    )
