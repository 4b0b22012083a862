"""The section of last plans: the planned changes of the last deployment to each environment, without values."""

from collections.abc import Iterator

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, code, dim, join, render_section, render_table, tag
from envctl.cli.render.html.signs import Sign, render_label
from envctl.cli.render.html.wording import render_past_moment, render_release
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.plan.actions import SYMBOLS
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.report import LastPlan, Report
from envctl.usecases.ledger.timeline import TimelineEntry

TONES = {
    Action.CREATE: "ok",
    Action.UPDATE: "doubt",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
    Action.INVOKE: "doubt",
}
NOT_KEPT_NOTE = "It is missing in the store or damaged; earlier versions of envctl stored only its fingerprint."
UNPLANNED_NOTE = "Stacks planned after another stack was applied are not included."


def render_plans(report: Report) -> Html:
    shown = [_render_plan(each, report) for each in report.plans]
    if not shown:
        return render_section("plans", "Last plans", tag("p", "No deployments yet."))
    return render_section("plans", "Last plans", *shown, note="Actions and addresses; values are never stored.")


def _render_plan(last: LastPlan, report: Report) -> Html:
    deployment = last.deployment
    operation = f" {states.describe_operation(deployment)} "
    title = join(tag("b", last.environment), operation, render_release(deployment.release), " ")
    sign = states.choose_deployment_sign(TimelineEntry(environment=last.environment, deployment=deployment))
    if deployment.outcome == "succeeded" and deployment.action != "destroy":
        sign = Sign("done", "ok", "done")
    head = tag("summary", tag("span", title, dim(_format_counts(last))), render_label(sign))
    when = join("Began ", render_past_moment(deployment.started_at, report.now))
    fingerprint = join(", plan ", code(shorten_id(last.fingerprint))) if last.fingerprint else join()
    return tag("details", head, tag("p", when, fingerprint, ".", class_="note"), *_render_changes(last), class_="card")


def _format_counts(last: LastPlan) -> str:
    if last.plan is None:
        return "plan not stored"
    counts = ", ".join(f"{number} to {action}" for action, number in (last.counts or {}).items())
    return counts or ("planned stack by stack" if last.plan.changes else "no resource changes")


def _render_changes(last: LastPlan) -> Iterator[Html]:
    if last.plan is None:
        yield tag("p", NOT_KEPT_NOTE)
        return
    rows = list(_list_rows(last.plan))
    if rows:
        caption = f"Plan of the last deployment to {last.environment}"
        yield render_table(caption, ("Action", "Stack", "Resource"), rows, "dense plan")
    else:
        yield tag("p", "It changed no resources.")
    if last.more:
        yield tag("p", f"and {format_count(last.more, 'more resource')}", class_="note")
    if any(stack.waits_for for stack in last.plan.stacks):
        yield tag("p", UNPLANNED_NOTE, class_="note")


def _list_rows(plan: EnvironmentPlan) -> Iterator[tuple[Piece, ...]]:
    for stack in plan.stacks:
        if stack.waits_for:
            yield dim("wait"), stack.stack, dim("planned after its upstream stacks")
        for resource in stack.resources:
            action = join(tag("span", SYMBOLS[resource.action], class_="symbol", aria_hidden="true"), resource.action)
            yield tag("span", action, class_=TONES.get(resource.action, "still")), stack.stack, code(resource.address)
        for output in stack.outputs:
            yield tag("span", output.action, class_="still"), stack.stack, join("output ", code(output.name))
