"""Results of deployments: running release, verification, overridden guards and next command."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.deployment.stages import show_stages
from envctl.cli.render.console.deployment.verification import show_checks
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import print_hint, print_item, print_text, to_one_line, to_text
from envctl.cli.render.terminal.times import format_seconds
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.rollout_model import RolledOut

# Their sentences were true when the deployment began.
PAST_WARNINGS = "Guards warned before the deployment"


def show_deployment(deployed: DeploymentResult, out: Console) -> None:
    if deployed.dry_run:
        _show_dry_run(deployed, out)
        return
    print_text(out, _render_headline(deployed))
    if deployed.action == "rollback" and not deployed.up_to_date:
        print_text(out, describe_hold(deployed))
    for rolled in deployed.rollouts:
        print_text(out, describe_rollout(rolled))
    if deployed.forgotten and deployed.action == "destroy":
        forgotten = join_names(deployed.forgotten)
        print_text(out, f"Forgotten earlier, and not changed: {forgotten}. Their resources may still exist.")
    _show_verification(deployed, out)
    if part := describe_partial(deployed):
        print_text(out, part)
    if warnings := list_past_warnings(deployed):
        print_text(out, f"{PAST_WARNINGS}:")
    for remark in warnings:
        guard = (f"{remark.code} {remark.guard}", "bold")
        print_item(out, ("! ", "bold yellow"), guard, f": {to_one_line(remark.message)}")
    if overrides := describe_overrides(deployed):
        print_text(out, (f"{overrides}.", "bold red"))
        for refusal in deployed.waived:
            guard = (f"{refusal.code} {refusal.guard}", "bold red")
            print_item(out, "  ", guard, f": {to_one_line(refusal.message)}", indent=4)
        print_text(out, (f"{describe_debt(deployed)}.", "bold red"))
    print_hint(out, deployed.next)


def format_headline(deployed: DeploymentResult) -> str:
    """Return the new state of the environment, without a final period."""
    release = f"release {format_label_or_id(deployed.label, deployed.release)}"
    if deployed.only:
        return f"{deployed.environment} has {' and '.join(deployed.only)} of {release}"
    match deployed.action:
        case "destroy" if deployed.lost:
            return f"{deployed.environment} is destroyed, but resources of {join_names(deployed.lost)} may remain"
        case "destroy":
            return (
                f"{deployed.environment} is empty{': envctl tracks no resources there' if deployed.forgotten else ''}"
            )
        case "rollback":
            return f"{deployed.environment} is back on {release}"
        case _:
            return f"{deployed.environment} runs {release}"


def describe_up_to_date(deployed: DeploymentResult) -> str:
    if deployed.action == "destroy":
        return f"Nothing to do: {deployed.environment} is already empty."
    if deployed.only:
        return f"Nothing to do: {deployed.environment} already has this {' and '.join(deployed.only)}."
    release = f"release {format_label_or_id(deployed.label, deployed.release)}"
    return f"Nothing to do: {deployed.environment} already runs {release} with these settings."


def format_extent(deployed: DeploymentResult) -> str:
    done = deployed.deployment
    if done is None:
        return ""
    verb = "destroyed" if done.action == "destroy" else "changed"
    count = f"{done.changed} {verb}" if done.changed else "no resource changed"
    if done.ended_at is None:
        return count
    return f"{count}, in {format_seconds((done.ended_at - done.started_at).total_seconds())}"


def describe_hold(deployed: DeploymentResult) -> str:
    if not deployed.held:
        return f"The release before is already on hold in {deployed.environment}."
    held = format_label_or_id(deployed.held_label, deployed.held)
    return f"Release {held} is on hold in {deployed.environment} until a newer one is promoted."


def describe_rollout(rolled: RolledOut) -> str:
    steps = join_names([f"{share.percent} %" for share in rolled.shares])
    shares = f" in steps of {steps}" if rolled.shares[1:] else ""
    return f"The requests of {rolled.stack} moved from {rolled.before} to {rolled.color}{shares}."


def is_unverified(deployed: DeploymentResult) -> bool:
    """Check if a full deployment was not verified afterwards."""
    done = deployed.action != "destroy" and not deployed.up_to_date and not deployed.only
    return done and deployed.verification is None


def list_past_warnings(deployed: DeploymentResult) -> tuple[Refusal, ...]:
    """Return the warnings of guards to repeat afterwards, without drift corrected by the deployment."""
    is_corrected = not deployed.up_to_date and not deployed.only
    return tuple(each for each in deployed.warnings if each.code != GuardCode.DRIFT or not is_corrected)


def describe_partial(deployed: DeploymentResult) -> str:
    """Return a note about a deployment of some stacks; empty for all others."""
    if not deployed.only or deployed.up_to_date or deployed.dry_run:
        return ""
    return "A partial release is not verified. An apply of all stacks completes it."


def describe_overrides(deployed: DeploymentResult) -> str:
    """Summarize the guards overridden by break-glass, without a final period; empty if there were none."""
    if not deployed.waived or deployed.up_to_date:
        return ""
    were = "was" if len(deployed.waived) == 1 else "were"
    guards = format_count(len(deployed.waived), "guard")
    return f"BREAK-GLASS in {deployed.environment}: {guards} refused, and {were} overridden"


def describe_debt(deployed: DeploymentResult) -> str:
    condition = f"a normal promotion to {deployed.environment}"
    if deployed.action != "promote":
        condition = f"a normal deployment of a release to {deployed.environment}"
    return f"This is a debt, owed until {condition}"


def _render_headline(deployed: DeploymentResult) -> Text:
    if deployed.up_to_date:
        return to_text(describe_up_to_date(deployed))
    text = to_text(format_headline(deployed))
    text.stylize("bold", 0, len(deployed.environment))
    if deployed.action != "destroy":
        text.highlight_words([shorten_id(deployed.release)], "bold green")
    return text.append(f" ({format_extent(deployed)})" if deployed.deployment else "")


def _show_verification(deployed: DeploymentResult, out: Console) -> None:
    if deployed.verification is not None:
        show_checks(deployed.verification.checks, out)
    elif is_unverified(deployed):
        command = add_sandbox_flag(format_command("verify", deployed.environment))
        print_text(out, ("not verified", "bold yellow"), f": {command}")


def _show_dry_run(deployed: DeploymentResult, out: Console) -> None:
    what = f"release {format_label_or_id(deployed.label, deployed.release)}" if deployed.release else "the working tree"
    print_text(out, "Dry run, no changes. ", _describe_purpose(deployed, what), ", envctl would:")
    show_stages(deployed.stages, out)
    print_hint(out, deployed.next)


def _describe_purpose(deployed: DeploymentResult, what: str) -> str:
    match deployed.action:
        case "destroy":
            return f"To destroy all resources of {deployed.environment}"
        case "rollback":
            return f"To roll {deployed.environment} back to {what}"
        case _:
            of = f"{' and '.join(deployed.only)} of " if deployed.only else ""
            return f"To deploy {of}{what} to {deployed.environment}"
