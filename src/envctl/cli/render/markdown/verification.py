"""What the checks of a project said."""

from collections.abc import Sequence

from envctl.cli.render.console.deployment.verification import proof
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
    WARNS,
    code,
    escaped,
    next_step,
    page,
    table,
)
from envctl.domain.text.short_ids import short
from envctl.usecases.deployment.verification import Checked, Verification

MARKS = {"passed": PASSES, "failed": REFUSES, "skipped": NEITHER}


def verification(told: Verification) -> str:
    outcomes = {check.outcome for check in told.checks}
    mark = REFUSES if "failed" in outcomes else PASSES if "passed" in outcomes else WARNS
    return page(
        f"## {mark} {escaped(told.environment)}: {escaped(proof(told.checks))}",
        f"It runs release {code(short(told.release))}.",
        checks(told.checks),
        next_step(told.next),
    )


def checks(found: Sequence[Checked]) -> str:
    rows = ((MARKS[check.outcome], escaped(check.name), escaped(check.problem or check.outcome)) for check in found)
    return table(("", "check", "what it said"), rows) if found else ""
