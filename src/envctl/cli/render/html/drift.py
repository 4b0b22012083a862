"""Drift by environment: the last look at reality since the last deployment, or that there was none."""

from datetime import datetime

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, code, quiet, several, tag
from envctl.cli.render.html.signs import Sign, labelled
from envctl.cli.render.html.tables import section, table
from envctl.cli.render.html.wording import person, since
from envctl.cli.render.terminal.counting import counted
from envctl.domain.ledger.state import DriftCheck
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import EnvironmentStatus

HEADS = ("Environment", "Reality against the state", "Looked at (UTC)", "By", "What differs")


def drift(report: Report) -> Html:
    rows = (_row(each, report.now) for each in report.status.environments)
    return section("drift", "Drift", table("The last look at each environment", HEADS, rows))


def _row(each: EnvironmentStatus, now: datetime) -> tuple[Piece, ...]:
    here = each.present
    if here.current is None:
        return (each.environment, labelled(states.NOTHING_RUNS), "", "", "")
    if here.drift is None:
        return (each.environment, labelled(states.NOT_LOOKED_AT), "", "", "")
    return (
        each.environment,
        labelled(_sign(here.drift)),
        since(here.drift.at, now),
        person(here.drift.by),
        _named(here.drift),
    )


def _sign(seen: DriftCheck) -> Sign:
    if not seen.drifted:
        return states.CLEAN
    return Sign("doubt", "doubt", counted(seen.drifted, "difference"))


def _named(seen: DriftCheck) -> Html:
    left = seen.drifted - len(seen.resources)
    more = tag("li", quiet(f"and {left} more")) if left > 0 and seen.resources else several()
    names = (tag("li", code(name)) for name in seen.resources)
    return tag("ul", *names, more, class_="plain") if seen.resources else several()
