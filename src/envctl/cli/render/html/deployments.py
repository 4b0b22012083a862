"""The timeline of deployments, as a picture and as a table."""

from collections.abc import Sequence
from datetime import datetime

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, quoted, several, tag
from envctl.cli.render.html.lanes import lanes
from envctl.cli.render.html.signs import Sign, labelled, legend
from envctl.cli.render.html.tables import section, table
from envctl.cli.render.html.wording import person, release, since
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.times import lasting
from envctl.usecases.inspect.report import Report
from envctl.usecases.ledger.timeline import Happened

LINES = "A line is what ran, and in colour what runs now."
HEADS = ("When (UTC)", "Environment", "What", "Release", "Outcome", "Changed", "Took", "By")


def deployments(report: Report) -> Html:
    shown = report.timeline.deployments
    if not shown:
        return section("deployments", "Deployments", tag("p", "Nothing was deployed yet."))
    rows = (_row(each, report.now) for each in shown)
    number = counted(len(shown), "deployment")
    caption = (
        f"The last {number}, newest first" if report.timeline.more else f"All deployments, newest first: {len(shown)}"
    )
    listed = tag("details", tag("summary", f"The same as a table: {number}"), table(caption, HEADS, rows, "dense"))
    left = "Older deployments are left off." if report.timeline.more else ""
    pictured = (lanes(report), legend(_signs(shown), "Signs", LINES))
    return section("deployments", "Deployments", *pictured, listed, note=left)


def _signs(shown: Sequence[Happened]) -> list[Sign]:
    """Those that occur, each once."""
    glass = [states.GLASS] if any(each.deployment.waiver for each in shown) else []
    return [*dict.fromkeys(states.of_deployment(each) for each in shown), *glass]


def _row(happened: Happened, now: datetime) -> tuple[Piece, ...]:
    done = happened.deployment
    took = lasting((done.ended_at - done.started_at).total_seconds()) if done.ended_at else ""
    return (
        since(done.started_at, now),
        happened.environment,
        states.deed(done),
        release(done.release),
        several(labelled(states.of_deployment(happened)), _remarks(happened)),
        str(done.changed) if done.outcome == "succeeded" else "",
        took,
        person(done.by),
    )


def _remarks(happened: Happened) -> Html:
    done = happened.deployment
    rules = [tag("span", quoted(f"rules: {change}"), class_="doubt under") for change in happened.rules]
    glass = tag("span", states.GLASS.word, class_="bad under") if done.waiver else several()
    return several(glass, tag("span", quoted(done.reason), class_="quiet under") if done.reason else "", *rules)
