"""What came of a deployment."""

from envctl.cli.render.commands import to_type
from envctl.cli.render.deployment import (
    debt,
    extent,
    headline,
    left_on_hold,
    nothing_to_do,
    overridden,
    show_deployed,
    unproven,
)
from envctl.cli.render.markdown.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
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
from envctl.cli.render.markdown.refused import guard
from envctl.cli.render.plan import show_plan, total
from envctl.cli.render.verification import proof
from envctl.domain.changes import EnvironmentPlan
from envctl.usecases.run import Deployed

MARKS = {"passed": PASSES, "failed": REFUSES, "skipped": NEITHER}


def deployment(told: Deployed) -> str:
    if told.dry_run:
        return page(drawn(lambda out: show_deployed(told, out)))
    if told.up_to_date:
        return page(f"## {PASSES} {escaped(nothing_to_do(told))}", _proof(told), next_step(told.next))
    return page(
        f"## {WARNS if overridden(told) or unproven(told) else PASSES} {escaped(headline(told))}",
        _done(told),
        _overridden(told),
        _proof(told),
        "\n".join(f"- {WARNS} {guard(r.code, r.guard)}: {escaped(r.message)}" for r in told.warnings),
        _plan(told.plan),
        next_step(told.next),
    )


def _done(told: Deployed) -> str:
    held = escaped(left_on_hold(told)) if told.action == "rollback" else ""
    how = f"{sentence(escaped(extent(told)))}." if told.deployment else ""
    return " ".join(filter(None, (how, held)))


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
    checks = told.verification.checks
    rows = ((MARKS[check.outcome], escaped(check.name), escaped(check.problem or check.outcome)) for check in checks)
    said = sentence(escaped(proof(checks)))
    return "\n\n".join(filter(None, (f"{said}.", table(("", "check", "what it said"), rows) if checks else "")))


def _plan(plan: EnvironmentPlan | None) -> str:
    if plan is None or not plan.changes:
        return ""
    shown = drawn(lambda out: show_plan(plan, out))
    return f"<details><summary>{escaped(total(plan))}</summary>\n\n{shown}\n\n</details>"
