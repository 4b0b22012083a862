"""The results of verification checks."""

from collections.abc import Sequence

from envctl.cli.render.console.deployment.verification import summarize_checks
from envctl.cli.render.markdown.page.markup import (
    FAIL,
    NEUTRAL,
    OK,
    WARN,
    code,
    escape,
    render_next_step,
    render_page,
    render_table,
)
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.deployment.verification import Checked, Verification

MARKS = {"passed": OK, "failed": FAIL, "skipped": NEUTRAL}


def render_verification(verification: Verification) -> str:
    outcomes = {check.outcome for check in verification.checks}
    mark = FAIL if "failed" in outcomes else OK if "passed" in outcomes else WARN
    return render_page(
        f"## {mark} {escape(verification.environment)}: {escape(summarize_checks(verification.checks))}",
        f"It runs release {code(shorten_id(verification.release))}.",
        render_checks(verification.checks),
        render_next_step(verification.next),
    )


def render_checks(results: Sequence[Checked]) -> str:
    rows = ((MARKS[check.outcome], escape(check.name), escape(check.problem or check.outcome)) for check in results)
    return render_table(("", "check", "what it said"), rows) if results else ""
