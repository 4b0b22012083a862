"""What the checks of a project said."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hanging, hinted, joined, one_line, say
from envctl.domain.text.short_ids import short
from envctl.usecases.deployment.verification import Checked, Verification

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": ("-", "dim")}


def show_verification(verification: Verification, out: Console) -> None:
    release = (short(verification.release), "bold")
    head = joined((verification.environment, "bold"), " runs release ", release, ", ")
    show_checks(verification.checks, out, head)
    hinted(out, verification.next)


def show_checks(checks: Sequence[Checked], out: Console, head: Text | None = None) -> None:
    """What they come to, after `head` if there is one, and each of them."""
    passed = any(check.outcome == "passed" for check in checks)
    say(out, (head or Text()).append(proof(checks), "green" if passed else "bold yellow"))
    for check in checks:
        mark, style = MARKS[check.outcome]
        problem = f": {one_line(check.problem)}" if check.problem else ""
        hanging(out, joined("  ", (mark, style), f" {check.name} {check.outcome}{problem}"), 4)


def proof(checks: Sequence[Checked]) -> str:
    """What they come to, in a few words. That nothing was asked must not look like much of a proof."""
    counts = {name: sum(check.outcome == name for check in checks) for name in MARKS}
    skipped = f"{counts['skipped']} skipped" if counts["skipped"] else ""
    if counts["failed"]:
        return f"not verified: {counted(counts['failed'], 'check')} failed"
    if counts["passed"]:
        return ", ".join(filter(None, (f"verified: {counted(counts['passed'], 'check')} passed", skipped)))
    return f"verified without a check: {skipped or 'envctl.toml has none for it'}"
