"""What came of a deployment."""

from collections.abc import Iterator

from envctl.cli.render.console.deployment.deployment import (
    debt,
    extent,
    headline,
    in_part,
    left_on_hold,
    nothing_to_do,
    overridden,
    show_deployed,
    unproven,
    went_over,
)
from envctl.cli.render.console.deployment.verification import proof
from envctl.cli.render.console.plan.plan import total
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.pieces import (
    IN_THE_LOG,
    PASSES,
    WARNS,
    code,
    drawn,
    escaped,
    next_step,
    page,
    sentence,
    strong,
    table,
)
from envctl.cli.render.markdown.plan import HEADING, plan_blocks
from envctl.cli.render.markdown.refused import guard
from envctl.cli.render.markdown.verification import checks
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import shortened
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.deployment.run import Deployed


def deployment(told: Deployed) -> str:
    if told.dry_run:
        return page(drawn(lambda out: show_deployed(told, out)))
    if told.up_to_date:
        return page(f"## {PASSES} {escaped(nothing_to_do(told))}", _proof(told), next_step(told.next))
    return page(
        f"## {WARNS if overridden(told) or unproven(told) or told.only else PASSES} {escaped(headline(told))}",
        _done(told),
        _overridden(told),
        _proof(told),
        in_part(told),
        "\n".join(f"- {WARNS} {guard(r.code, r.guard)}: {escaped(r.message)}" for r in told.warnings),
        *_plan(told.plan),
        next_step(told.next),
        way=IN_THE_LOG,
    )


def _done(told: Deployed) -> str:
    held = escaped(left_on_hold(told)) if told.action == "rollback" else ""
    how = f"{sentence(escaped(extent(told)))}." if told.deployment else ""
    return " ".join(filter(None, (how, held, *(escaped(went_over(rolled)) for rolled in told.rollouts))))


def _overridden(told: Deployed) -> str:
    if not overridden(told):
        return ""
    rows = ((guard(refusal.code, refusal.guard), escaped(refusal.message)) for refusal in told.waived)
    return "\n\n".join(
        (f"🚨 {strong(overridden(told))}. {escaped(debt(told))}.", table(("guard", "what it refused"), rows))
    )


def _proof(told: Deployed) -> str:
    if told.verification is None:
        command = to_type(f"envctl verify {told.environment}")
        return f"{WARNS} **Not verified**: {code(command)}" if unproven(told) else ""
    found = told.verification.checks
    said = sentence(escaped(proof(found)))
    return "\n\n".join(filter(None, (f"{said}.", checks(found))))


def _plan(plan: EnvironmentPlan | None) -> Iterator[str | Block]:
    if plan is not None and plan.changes:
        yield f"### What was done: {escaped(shortened(total(plan), HEADING))}"
        yield from plan_blocks(plan, done=True)
