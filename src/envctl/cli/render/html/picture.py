"""The pipeline as a picture: what runs where, and what stands on the way to the next environment."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from envctl.cli.render.console.inspect.boxes import behind
from envctl.cli.render.console.inspect.status import with_before
from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, several, tag
from envctl.cli.render.html.signs import placed
from envctl.cli.render.html.tables import scrolling
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import cut
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.report import Outlook, Report
from envctl.usecases.inspect.status import EnvironmentStatus

WIDTH, HEIGHT, GAP, LINE = 1168.0, 140.0, 16.0, 58.0
STATION, LETTER = 30.0, 10.4
MANY = 6


@dataclass(frozen=True)
class _Station:
    status: EnvironmentStatus
    outlook: Outlook
    before: str
    x: float
    room: float


def picture(report: Report) -> Html:
    stations = list(_stations(report))
    drawing = tag(
        "svg",
        tag("title", f"The pipeline of {report.project}", id="picture-title"),
        tag("desc", " ".join(_told(station) for station in stations), id="picture-desc"),
        *(_way(a, b) for a, b in pairwise(stations)),
        *(_station(station) for station in stations),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_labelledby="picture-title picture-desc",
        class_="picture",
    )
    return scrolling("The pipeline as a picture", drawing, class_="drawn")


def _stations(report: Report) -> Iterator[_Station]:
    """As far apart as the cards below."""
    column = (WIDTH + GAP) / len(report.status.environments)
    pairs = zip(with_before(report.status), report.outlooks, strict=True)
    for place, ((status, before), outlook) in enumerate(pairs):
        yield _Station(status, outlook, before, (place + 0.5) * column - GAP / 2, column)


def _told(station: _Station) -> str:
    status = station.status
    current = status.present.current
    runs = f"runs release {short(current.release)}" if current else "runs nothing"
    told = f"{status.environment} {runs}: {states.of_environment(status.present).word}"
    asks = f", {_closed(station.outlook)}" if status.lag else ""
    return f"{told}; {behind(status, station.before)}{asks}."


def _closed(outlook: Outlook) -> str:
    number = len(outlook.why.refusals)
    return f"{counted(number, 'guard')} {'refuses' if number == 1 else 'refuse'}" if number else "nothing refuses it"


def _station(station: _Station) -> Html:
    here, x = station.status.present, station.x
    name = cut(station.status.environment, int(station.room / LETTER))
    runs = tag("text", short(here.current.release), x=x, y=100, class_="mono middle") if here.current else several()
    sign = states.of_environment(here)
    extra = placed(states.LOCKED, x + 24, LINE - 15, 14, "locked") if here.lock else several()
    owed = tag("circle", cx=x, cy=LINE, r=21, class_="owed") if here.debts else several()
    return several(
        owed,
        placed(sign, x, LINE, STATION, sign.word),
        extra,
        tag("text", name, x=x, y=24, class_="name middle"),
        runs,
        tag("text", sign.word, x=x, y=119 if here.current else 100, class_=f"small middle {sign.tone}"),
    )


def _way(one: _Station, other: _Station) -> Html:
    """From one station to the next, with what waits there and what stands in the way."""
    status = other.status
    start, end, middle = one.x + 26, other.x - 30, (one.x + other.x) / 2
    if not status.lag:
        steady = "in step" if status.lag == 0 else ""
        line = tag("line", x1=start, y1=LINE, x2=end, y2=LINE, class_="track" if steady else "track none")
        return several(line, tag("text", steady, x=middle, y=LINE - 10, class_="small soft middle"))
    refused = bool(other.outlook.why.refusals)
    line = tag("line", x1=start, y1=LINE, x2=end, y2=LINE, class_="track shut" if refused else "track way")
    return several(line, _end(end, refused=refused), *_load(other, middle))


def _end(x: float, *, refused: bool) -> Html:
    if refused:
        return tag("path", d=f"M{x:g} {LINE - 12:g}v24m-5-24v24", class_="barrier")
    return tag("path", d=f"M{x - 2:g} {LINE - 6:g}l9 6-9 6z", class_="arrow")


def _load(other: _Station, middle: float) -> Iterator[Html]:
    """What waits on the way, the gates, and who says no."""
    roomy = other.room >= WIDTH / MANY
    told = counted(other.status.lag or 0, "release") if roomy else f"+{other.status.lag}"
    width = len(told) * 6.6 + 18
    yield tag("rect", x=middle - width / 2, y=LINE - 11, width=width, height=22, rx=11, class_="load")
    yield tag("text", told, x=middle, y=LINE + 4, class_="small middle on")
    marks = [
        states.MET if number < given else states.MISSING
        for given, wanted in other.status.gates.values()
        for number in range(wanted)
    ][:MANY]
    for place, mark in enumerate(marks):
        yield placed(mark, middle + (place - (len(marks) - 1) / 2) * 16, LINE + 26, 13, mark.word)
    if roomy:
        tone = "bad" if other.outlook.why.refusals else "ok"
        y = LINE + (50 if marks else 30)
        yield tag("text", _closed(other.outlook), x=middle, y=y, class_=f"small middle {tone}")
