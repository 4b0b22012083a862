"""The section of past deployments: a timeline picture and the same as a table."""

from datetime import datetime

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, isolate, join, tag
from envctl.cli.render.html.signs import render_label, render_sign
from envctl.cli.render.html.tables import render_section, render_table
from envctl.cli.render.html.timeline_picture import render_timeline
from envctl.cli.render.html.wording import render_past_moment, render_person, render_release
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.times import format_seconds
from envctl.usecases.inspect.report import Report
from envctl.usecases.ledger.timeline import TimelineEntry

LINES_NOTE = "A line is a past deployment; a colored line runs now."
HEADS = ("When (UTC)", "Environment", "What", "Release", "Outcome", "Changed", "Took", "By")


def render_deployments(report: Report) -> Html:
    shown = report.timeline.deployments
    if not shown:
        return render_section("deployments", "Deployments", tag("p", "No deployments yet."))
    rows = (_render_row(each, report.now) for each in shown)
    number = format_count(len(shown), "deployment")
    caption = (
        f"The last {number}, newest first" if report.timeline.more else f"All deployments, newest first: {len(shown)}"
    )
    as_table = tag(
        "details", tag("summary", f"The same as a table: {number}"), render_table(caption, HEADS, rows, "dense")
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
    break_glass = tag("span", states.BREAK_GLASS.word, class_="bad under") if deployment.waiver else join()
    reason = tag("span", isolate(deployment.reason), class_="quiet under") if deployment.reason else ""
    return join(break_glass, reason, *rules)
