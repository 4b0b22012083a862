"""Results of deployments: running release, verification, overridden guards and next command."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text, to_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words import deployment as words
from envctl.domain.command_lines import format_command
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.verification import CheckOutcome, Verification

CHECK_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": ("-", "dim")}


def show_deployment(deployed: DeploymentResult, out: Console) -> None:
    if deployed.dry_run:
        print_text(out, f"Dry run, no changes. {words.describe_purpose(deployed)}, envctl would:")
        show_stages(deployed.stages, out)
        print_hint(out, deployed.next)
        return
    print_text(out, _render_headline(deployed))
    for effect in words.list_effects(deployed):
        print_text(out, effect)
    if deployed.verification is not None:
        show_checks(deployed.verification.checks, out)
    elif words.is_unverified(deployed):
        command = add_sandbox_flag(format_command("verify", deployed.environment))
        print_text(out, ("not verified", "bold yellow"), f": {command}")
    if part := words.describe_partial(deployed):
        print_text(out, part)
    if warnings := words.list_past_warnings(deployed):
        print_text(out, f"{words.PAST_WARNINGS}:")
    for remark in warnings:
        guard = (f"{remark.code} {remark.guard}", "bold")
        print_item(out, ("! ", "bold yellow"), guard, f": {to_one_line(remark.message)}")
    if overrides := words.describe_overrides(deployed):
        print_text(out, (f"{overrides}.", "bold red"))
        for refusal in deployed.waived:
            guard = (f"{refusal.code} {refusal.guard}", "bold red")
            print_item(out, "  ", guard, f": {to_one_line(refusal.message)}", indent=4)
        print_text(out, (f"{words.describe_debt(deployed)}.", "bold red"))
    print_hint(out, deployed.next)


def _render_headline(deployed: DeploymentResult) -> Text:
    if deployed.up_to_date:
        return to_text(words.describe_up_to_date(deployed))
    text = to_text(words.format_headline(deployed))
    text.stylize("bold", 0, len(deployed.environment))
    if deployed.action != "destroy":
        text.highlight_words([shorten_id(deployed.release)], "bold green")
    return text.append(f" ({words.format_extent(deployed)})" if deployed.deployment else "")


def show_stages(stages: Sequence[str], out: Console) -> None:
    for number, stage in enumerate(stages, 1):
        print_item(out, f"{number:>3}. {stage}", indent=5)


def show_verification(verification: Verification, out: Console) -> None:
    release = (format_label_or_id(verification.label, verification.release), "bold")
    head = join_text((verification.environment, "bold"), " runs release ", release, ", ")
    show_checks(verification.checks, out, head)
    print_hint(out, verification.next)


def show_checks(checks: Sequence[CheckOutcome], out: Console, head: Text | None = None) -> None:
    """Print a summary after `head`, and each check."""
    passed = any(check.outcome == "passed" for check in checks)
    print_text(out, (head or Text()).append(words.summarize_checks(checks), "green" if passed else "bold yellow"))
    for check in checks:
        mark, style = CHECK_MARKS[check.outcome]
        problem = f": {to_one_line(check.problem)}" if check.problem else ""
        print_item(out, "  ", (mark, style), f" {check.name} {check.outcome}{problem}", indent=4)
