"""The results of verification checks."""

from collections.abc import Sequence

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.words.deployment import summarize_checks
from envctl.usecases.deployment.verification import CheckOutcome, Verification

MARKS = {"passed": md.OK, "failed": md.FAIL, "skipped": md.NEUTRAL}


def render_verification(verification: Verification) -> str:
    outcomes = {check.outcome for check in verification.checks}
    mark = md.FAIL if "failed" in outcomes else md.OK if "passed" in outcomes else md.WARN
    return md.render_page(
        f"## {mark} {md.escape(verification.environment)}: {md.escape(summarize_checks(verification.checks))}",
        f"It runs release {md.render_release(verification.label, verification.release)}.",
        render_checks(verification.checks),
        md.render_next_step(verification.next),
    )


def render_checks(results: Sequence[CheckOutcome]) -> str:
    rows = (
        (MARKS[check.outcome], md.escape(check.name), md.escape(check.problem or check.outcome)) for check in results
    )
    return md.render_table(("", "check", "result"), rows) if results else ""
