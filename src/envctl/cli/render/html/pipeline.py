"""The pipeline: a picture of the whole way, and a card for each environment."""

from collections.abc import Iterator
from datetime import datetime

from envctl.cli.render.console.inspect.boxes import behind
from envctl.cli.render.console.inspect.status import next_commands, with_before
from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, code, quoted, several, tag
from envctl.cli.render.html.picture import picture
from envctl.cli.render.html.signs import drawn, labelled
from envctl.cli.render.html.tables import facts, section
from envctl.cli.render.html.wording import commit, past, person, release, since
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.times import roughly
from envctl.domain.ledger.state import EnvironmentPresent, Evidence
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import EnvironmentStatus, Status

IN_A_ROW = 4


def pipeline(report: Report) -> Html:
    number = len(report.status.environments)
    cards = (_card(each, before, report.status) for each, before in with_before(report.status))
    across = f"cards in-{number}" if number <= IN_A_ROW else "cards"
    beside = report.status.beside
    apart = (
        tag("h3", "Beside the pipeline"),
        tag("div", *(_card(each, "", report.status) for each in beside), class_="cards"),
    )
    main = tag("div", *cards, class_=across)
    return section("pipeline", "Pipeline", picture(report), main, *(apart if beside else ()))


def _card(each: EnvironmentStatus, before: str, status: Status) -> Html:
    here, sign = each.present, states.of_environment(each.present)
    title = tag("h3", each.environment)
    head = tag("div", title, labelled(sign), class_="card-head")
    mine = [command for command, _ in next_commands(Status(status.project, status.now, (each,)))]
    way = tag("p", *(code(command) for command in mine), class_="way") if mine else ""
    return tag("article", head, facts(_facts(each, before, status.now)), _signs(here), way, class_=f"card {sign.tone}")


def _signs(here: EnvironmentPresent) -> Html:
    found = [states.DEBT] * bool(here.debts) + [states.LOCKED] * bool(here.lock)
    chips = [tag("li", drawn(sign), sign.word, class_=sign.tone) for sign in found]
    if here.holds:
        told = f"{counted(len(here.holds), 'release')} on hold"
        chips.append(tag("li", drawn(states.ON_HOLD), told, class_="doubt"))
    return tag("ul", *chips, class_="chips") if chips else several()


def _facts(each: EnvironmentStatus, before: str, now: datetime) -> Iterator[tuple[str, Html | str]]:
    here, current = each.present, each.present.current
    if current:
        yield "Runs", release(current.release)
        told = commit(each.release) if each.release else ""
        if told:
            yield "Made of", told
        at = current.ended_at or current.started_at
        yield "Deployed", several(since(at, now), f", {current.changed} changed")
        yield "By", person(current.by)
    if here.last and here.last.outcome != "succeeded":
        yield "Last try", several(release(here.last.release), f" {here.last.outcome}")
    if here.proof:
        yield "Verified", _proof(here.proof, now)
    if current:
        yield "Drift", _drift(here, now)
    yield "Pipeline", behind(each, before)
    if each.gates:
        yield "Gates", ", ".join(f"{gate} {given}/{wanted}" for gate, (given, wanted) in each.gates.items())


def _proof(proof: Evidence, now: datetime) -> Html | str:
    if proof.verified_at is None:
        return several("no", ": " if proof.revoked else "", quoted(proof.revoked))
    checks = f", {counted(len(proof.checks), 'check')}" if proof.checks else ", without a check"
    return several(past(proof.verified_at, now), f"{checks}, for {roughly(proof.soaked(now))}")


def _drift(here: EnvironmentPresent, now: datetime) -> Html | str:
    if here.drift is None:
        return "not looked at since"
    told = f"{counted(here.drift.drifted, 'difference')}, seen " if here.drift.drifted else "none seen, "
    return several(told, past(here.drift.at, now))
