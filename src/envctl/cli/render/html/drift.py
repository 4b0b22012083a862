"""The drift section: the last drift check of each environment since its last deployment."""

from datetime import datetime

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, code, dim, join, render_section, render_table, tag
from envctl.cli.render.html.signs import Sign, render_label
from envctl.cli.render.html.wording import render_past_moment, render_person
from envctl.cli.render.text.sentences import format_count
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import EnvironmentStatus

HEADS = ("Environment", "Real resources and the state", "Checked (UTC)", "By", "Differences")


def render_drift(report: Report) -> Html:
    rows = (_render_row(each, report.now) for each in report.status.environments)
    return render_section("drift", "Drift", render_table("The last check of each environment", HEADS, rows))


def _render_row(status: EnvironmentStatus, now: datetime) -> tuple[Piece, ...]:
    state = status.present
    if state.current is None:
        return (status.environment, render_label(states.NOTHING_RUNS), "", "", "")
    if state.drift is None:
        return (status.environment, render_label(states.DRIFT_UNCHECKED), "", "", "")
    differences = format_count(state.drift.drifted, "difference")
    sign = Sign("doubt", "doubt", differences) if state.drift.drifted else states.NO_DRIFT
    omitted = state.drift.drifted - len(state.drift.resources)
    more = tag("li", dim(f"and {omitted} more")) if omitted > 0 and state.drift.resources else join()
    names = (tag("li", code(name)) for name in state.drift.resources)
    return (
        status.environment,
        render_label(sign),
        render_past_moment(state.drift.at, now),
        render_person(state.drift.by),
        tag("ul", *names, more, class_="plain") if state.drift.resources else join(),
    )
