"""Results of verification checks."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text, to_one_line
from envctl.domain.release_label import format_label_or_id
from envctl.usecases.deployment.verification import CheckOutcome, Verification

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": ("-", "dim")}


def show_verification(verification: Verification, out: Console) -> None:
    release = (format_label_or_id(verification.label, verification.release), "bold")
    head = join_text((verification.environment, "bold"), " runs release ", release, ", ")
    show_checks(verification.checks, out, head)
    print_hint(out, verification.next)


def show_checks(checks: Sequence[CheckOutcome], out: Console, head: Text | None = None) -> None:
    """Print a summary after `head`, and each check."""
    passed = any(check.outcome == "passed" for check in checks)
    print_text(out, (head or Text()).append(summarize_checks(checks), "green" if passed else "bold yellow"))
    for check in checks:
        mark, style = MARKS[check.outcome]
        problem = f": {to_one_line(check.problem)}" if check.problem else ""
        print_item(out, "  ", (mark, style), f" {check.name} {check.outcome}{problem}", indent=4)


def summarize_checks(checks: Sequence[CheckOutcome]) -> str:
    """Summarize checks. A release without any checks must not look well verified."""
    counts = {name: sum(check.outcome == name for check in checks) for name in MARKS}
    skipped = f"{counts['skipped']} skipped" if counts["skipped"] else ""
    if counts["failed"]:
        return f"not verified: {format_count(counts['failed'], 'check')} failed"
    if counts["passed"]:
        return ", ".join(filter(None, (f"verified: {format_count(counts['passed'], 'check')} passed", skipped)))
    return f"marked verified: {skipped or 'no checks configured'}"
