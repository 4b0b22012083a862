"""Results of verification checks."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words.deployment import summarize_checks
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
