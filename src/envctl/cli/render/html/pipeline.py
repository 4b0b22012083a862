"""The pipeline section: the pipeline picture, and a card for each environment."""

from collections.abc import Iterator
from datetime import datetime

from envctl.cli.render.html import states, wording
from envctl.cli.render.html.elements import Html, code, isolate, join, tag
from envctl.cli.render.html.pipeline_picture import render_pipeline_picture
from envctl.cli.render.html.signs import render_label, render_sign
from envctl.cli.render.html.tables import render_facts, render_section
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.release_changes import describe_commit
from envctl.cli.render.words.status import format_lag, list_next_commands, pair_with_previous
from envctl.domain.ledger.state import EnvironmentState, Evidence, to_label
from envctl.domain.text.durations import format_rough_duration
from envctl.usecases.inspect.report import Report
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
