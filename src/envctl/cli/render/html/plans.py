"""The last plans: what the last deployment of each environment set out to do, without values."""

from collections.abc import Iterator

from envctl.cli.render.console.plan.plan import SYMBOLS
from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, Piece, code, quiet, several, tag
from envctl.cli.render.html.signs import Sign, labelled
from envctl.cli.render.html.tables import section, table
from envctl.cli.render.html.wording import release, since
from envctl.cli.render.terminal.counting import counted
from envctl.domain.ledger.state import Deployment
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.report import LastPlan, Report
from envctl.usecases.ledger.timeline import Happened

TONES = {
    Action.CREATE: "ok",
    Action.UPDATE: "doubt",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
    Action.INVOKE: "doubt",
}
NOT_KEPT = "It is not in the store, or can't be believed: an envctl before this one kept only its fingerprint."
FIRST = "What is planned only once another stack is applied is not in it."


def plans(report: Report) -> Html:
    shown = [_plan(each, report) for each in report.plans]
    if not shown:
        return section("plans", "Last plans", tag("p", "Nothing was deployed yet."))
    return section("plans", "Last plans", *shown, note="Actions and addresses: values are never kept.")


def _plan(last: LastPlan, report: Report) -> Html:
    done = last.deployment
    what = several(
        tag("b", last.environment), " ", states.deed(done), " ", release(done.release), " ", quiet(_total(last))
    )
    head = tag("summary", tag("span", what), labelled(_outcome(done, last.environment)))
    when = several("Began ", since(done.started_at, report.now))
    print_ = several(", plan ", code(short(last.fingerprint))) if last.fingerprint else several()
    return tag("details", head, tag("p", when, print_, ".", class_="note"), *_inside(last), class_="card")


def _outcome(done: Deployment, environment: str) -> Sign:
    sign = states.of_deployment(Happened(environment, done))
    return Sign("done", "ok", "done") if done.outcome == "succeeded" and done.action != "destroy" else sign


def _total(last: LastPlan) -> str:
    if last.plan is None:
        return "plan not kept"
    counted_ = ", ".join(f"{number} to {action}" for action, number in (last.counts or {}).items())
    return counted_ or ("planned stack by stack" if last.plan.changes else "no resource changes")


def _inside(last: LastPlan) -> Iterator[Html]:
    if last.plan is None:
        yield tag("p", NOT_KEPT)
        return
    rows = list(_rows(last.plan))
    if rows:
        yield table(
            f"Plan of the last deployment to {last.environment}", ("Action", "Stack", "Resource"), rows, "dense plan"
        )
    else:
        yield tag("p", "It changed no resource.")
    if last.more:
        yield tag("p", f"and {counted(last.more, 'more resource')}", class_="note")
    if any(stack.waits_for for stack in last.plan.stacks):
        yield tag("p", FIRST, class_="note")


def _rows(plan: EnvironmentPlan) -> Iterator[tuple[Piece, ...]]:
    for stack in plan.stacks:
        if stack.waits_for:
            yield quiet("wait"), stack.stack, quiet("planned once what it reads is there")
        for resource in stack.resources:
            action = several(
                tag("span", SYMBOLS[resource.action], class_="symbol", aria_hidden="true"), resource.action
            )
            yield tag("span", action, class_=TONES.get(resource.action, "still")), stack.stack, code(resource.address)
        for output in stack.outputs:
            yield tag("span", output.action, class_="still"), stack.stack, several("output ", code(output.name))
