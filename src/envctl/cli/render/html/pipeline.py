"""The pipeline section: the pipeline picture, and a card for each environment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from envctl.cli.render.html import states, wording
from envctl.cli.render.html.elements import (
    Html,
    code,
    isolate,
    join,
    render_facts,
    render_section,
    tag,
    wrap_scrollable,
)
from envctl.cli.render.html.signs import render_label, render_sign, render_sign_at
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.widths import cut_end
from envctl.cli.render.words.release_changes import describe_commit
from envctl.cli.render.words.status import format_lag, list_next_commands, pair_with_previous
from envctl.domain.ledger.state import EnvironmentState, Evidence, to_label
from envctl.domain.text.durations import format_rough_duration
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.report import Outlook, Report
from envctl.usecases.inspect.status import EnvironmentStatus, Status

MAX_CARDS_IN_ROW = 4


def render_pipeline(report: Report) -> Html:
    number = len(report.status.environments)
    cards = (_render_card(each, before, report.status) for each, before in pair_with_previous(report.status))
    across = f"cards in-{number}" if number <= MAX_CARDS_IN_ROW else "cards"
    beside = report.status.beside
    others = tag("div", *(_render_card(each, "", report.status) for each in beside), class_="cards")
    more = (tag("h3", "Outside the pipeline"), others) if beside else ()
    main = tag("div", *cards, class_=across)
    return render_section("pipeline", "Pipeline", render_pipeline_picture(report), main, *more)


def _render_card(each: EnvironmentStatus, before: str, status: Status) -> Html:
    state, sign = each.present, states.choose_environment_sign(each.present)
    title = tag("h3", each.environment)
    head = tag("div", title, render_label(sign), class_="card-head")
    commands = [
        command
        for command, _ in list_next_commands(Status(project=status.project, now=status.now, environments=(each,)))
    ]
    next_step = tag("p", *(code(command) for command in commands), class_="way") if commands else ""
    known = render_facts(_list_facts(each, before, status.now))
    return tag("article", head, known, _render_chips(state), next_step, class_=f"card {sign.tone}")


def _render_chips(state: EnvironmentState) -> Html:
    found = [states.DEBT] * bool(state.debts) + [states.LOCKED] * bool(state.lock)
    chips = [tag("li", render_sign(sign), sign.word, class_=sign.tone) for sign in found]
    if state.holds:
        label = f"{format_count(len(state.holds), 'release')} on hold"
        chips.append(tag("li", render_sign(states.ON_HOLD), label, class_="doubt"))
    return tag("ul", *chips, class_="chips") if chips else join()


def _list_facts(each: EnvironmentStatus, before: str, now: datetime) -> Iterator[tuple[str, Html | str]]:
    state, current = each.present, each.present.current
    if current:
        label = wording.render_label_name(to_label(each.release) if each.release else None)
        yield "Runs", join(wording.render_release(current.release), label)
        origin = describe_commit(each.release) if each.release else ""
        if origin:
            yield "Made from", origin
        at = current.ended_at or current.started_at
        yield "Deployed", join(wording.render_past_moment(at, now), f", {current.changed} changed")
        yield "By", wording.render_person(current.by)
    if state.last and state.last.outcome != "succeeded":
        yield "Last try", join(wording.render_release(state.last.release), f" {state.last.outcome}")
    if state.current_evidence:
        yield "Verified", _render_proof(state.current_evidence, now)
    if current:
        yield "Drift", _render_drift(state, now)
    yield "Pipeline", format_lag(each, before)
    if each.gates:
        yield "Gates", ", ".join(f"{gate} {given}/{wanted}" for gate, (given, wanted) in each.gates.items())


def _render_proof(proof: Evidence, now: datetime) -> Html | str:
    if proof.verified_at is None:
        return join("no", ": " if proof.revoked else "", isolate(proof.revoked))
    checks = f", {format_count(len(proof.checks), 'check')}" if proof.checks else ", no checks configured"
    return join(
        wording.render_age(proof.verified_at, now), f"{checks}, for {format_rough_duration(proof.measure_soak(now))}"
    )


def _render_drift(state: EnvironmentState, now: datetime) -> Html | str:
    if state.drift is None:
        return "not checked since"
    summary = f"{format_count(state.drift.drifted, 'difference')}, seen " if state.drift.drifted else "none found, "
    return join(summary, wording.render_age(state.drift.at, now))


WIDTH, HEIGHT, GAP, LINE_Y = 1168.0, 140.0, 16.0, 58.0
STATION_SIZE, LETTER_WIDTH = 30.0, 10.4
MAX_MARKS = 6


@dataclass(frozen=True)
class _Station:
    status: EnvironmentStatus
    outlook: Outlook
    before: str
    x: float
    room: float


def render_pipeline_picture(report: Report) -> Html:
    stations = list(_place_stations(report))
    drawing = tag(
        "svg",
        tag("title", f"The pipeline of {report.project}", id="picture-title"),
        tag("desc", " ".join(_describe_station(station) for station in stations), id="picture-desc"),
        *(_render_track(a, b) for a, b in pairwise(stations)),
        *(_render_station(station) for station in stations),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_labelledby="picture-title picture-desc",
        class_="picture",
    )
    return wrap_scrollable("The pipeline as a picture", drawing, class_="drawn")


def _place_stations(report: Report) -> Iterator[_Station]:
    """Place one station per environment, aligned with the cards below the picture."""
    column = (WIDTH + GAP) / len(report.status.environments)
    pairs = zip(pair_with_previous(report.status), report.outlooks, strict=True)
    for place, ((status, before), outlook) in enumerate(pairs):
        yield _Station(status, outlook, before, (place + 0.5) * column - GAP / 2, column)


def _describe_station(station: _Station) -> str:
    status = station.status
    current = status.present.current
    runs = f"runs release {shorten_id(current.release)}" if current else "has no deployments"
    summary = f"{status.environment} {runs}: {states.choose_environment_sign(status.present).word}"
    asks = f", {_format_refusal_count(station.outlook)}" if status.lag else ""
    return f"{summary}; {format_lag(status, station.before)}{asks}."


def _format_refusal_count(outlook: Outlook) -> str:
    number = len(outlook.why.refusals)
    verb = "refuses" if number == 1 else "refuse"
    return f"{format_count(number, 'guard')} {verb}" if number else "no refusals"


def _render_station(station: _Station) -> Html:
    state, x = station.status.present, station.x
    name = cut_end(station.status.environment, int(station.room / LETTER_WIDTH))
    runs = tag("text", shorten_id(state.current.release), x=x, y=100, class_="mono middle") if state.current else join()
    sign = states.choose_environment_sign(state)
    lock = render_sign_at(states.LOCKED, x + 24, LINE_Y - 15, 14, "locked") if state.lock else join()
    debt = tag("circle", cx=x, cy=LINE_Y, r=21, class_="owed") if state.debts else join()
    return join(
        debt,
        render_sign_at(sign, x, LINE_Y, STATION_SIZE, sign.word),
        lock,
        tag("text", name, x=x, y=24, class_="name middle"),
        runs,
        tag("text", sign.word, x=x, y=119 if state.current else 100, class_=f"small middle {sign.tone}"),
    )


def _render_track(one: _Station, other: _Station) -> Html:
    """Render the track between two stations, with waiting releases and a barrier if guards refuse."""
    status = other.status
    start, end, middle = one.x + 26, other.x - 30, (one.x + other.x) / 2
    if not status.lag:
        steady = "in step" if status.lag == 0 else ""
        line = tag("line", x1=start, y1=LINE_Y, x2=end, y2=LINE_Y, class_="track" if steady else "track none")
        return join(line, tag("text", steady, x=middle, y=LINE_Y - 10, class_="small soft middle"))
    refused = bool(other.outlook.why.refusals)
    line = tag("line", x1=start, y1=LINE_Y, x2=end, y2=LINE_Y, class_="track shut" if refused else "track way")
    barrier = tag("path", d=f"M{end:g} {LINE_Y - 12:g}v24m-5-24v24", class_="barrier")
    arrow = tag("path", d=f"M{end - 2:g} {LINE_Y - 6:g}l9 6-9 6z", class_="arrow")
    return join(line, barrier if refused else arrow, *_render_waiting(other, middle))


def _render_waiting(other: _Station, middle: float) -> Iterator[Html]:
    """Render the number of waiting releases, the approvals and the number of refusing guards."""
    roomy = other.room >= WIDTH / MAX_MARKS
    label = format_count(other.status.lag or 0, "release") if roomy else f"+{other.status.lag}"
    width = len(label) * 6.6 + 18
    yield tag("rect", x=middle - width / 2, y=LINE_Y - 11, width=width, height=22, rx=11, class_="load")
    yield tag("text", label, x=middle, y=LINE_Y + 4, class_="small middle on")
    marks = [
        states.APPROVAL_GIVEN if number < given else states.APPROVAL_MISSING
        for given, wanted in other.status.gates.values()
        for number in range(wanted)
    ][:MAX_MARKS]
    for place, mark in enumerate(marks):
        yield render_sign_at(mark, middle + (place - (len(marks) - 1) / 2) * 16, LINE_Y + 26, 13, mark.word)
    if roomy:
        tone = "bad" if other.outlook.why.refusals else "ok"
        y = LINE_Y + (50 if marks else 30)
        yield tag("text", _format_refusal_count(other.outlook), x=middle, y=y, class_=f"small middle {tone}")
