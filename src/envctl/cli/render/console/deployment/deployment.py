"""Results of deployments: running release, verification, overridden guards and next command."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.deployment.verification import show_checks
from envctl.cli.render.terminal.text import print_hint, print_item, print_text, to_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words import deployment as words
from envctl.domain.command_lines import format_command
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.deployment.result import DeploymentResult


def show_deployment(deployed: DeploymentResult, out: Console) -> None:
    if deployed.dry_run:
        _show_dry_run(deployed, out)
        return
    print_text(out, _render_headline(deployed))
    if deployed.action == "rollback" and not deployed.up_to_date:
        print_text(out, words.describe_hold(deployed))
    for rolled in deployed.rollouts:
        print_text(out, words.describe_rollout(rolled))
    if deployed.forgotten and deployed.action == "destroy":
        forgotten = join_names(deployed.forgotten)
        print_text(out, f"Forgotten earlier, and not changed: {forgotten}. Their resources may still exist.")
    _show_verification(deployed, out)
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


def _show_verification(deployed: DeploymentResult, out: Console) -> None:
    if deployed.verification is not None:
        show_checks(deployed.verification.checks, out)
    elif words.is_unverified(deployed):
        command = add_sandbox_flag(format_command("verify", deployed.environment))
        print_text(out, ("not verified", "bold yellow"), f": {command}")


def _show_dry_run(deployed: DeploymentResult, out: Console) -> None:
    print_text(out, f"Dry run, no changes. {words.describe_purpose(deployed)}, envctl would:")
    show_stages(deployed.stages, out)
    print_hint(out, deployed.next)


def show_stages(stages: Sequence[str], out: Console) -> None:
    for number, stage in enumerate(stages, 1):
        print_item(out, f"{number:>3}. {stage}", indent=5)
