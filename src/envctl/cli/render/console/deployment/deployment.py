"""Results of deployments: running release, verification, overridden guards and next command."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.deployment.verification import show_checks
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text, to_one_line, to_text
from envctl.cli.render.terminal.times import format_seconds
from envctl.domain.ledger.state import Deployment
from envctl.domain.text.lists import join_names
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.deployment.run import Deployed
from envctl.usecases.deployment.traffic.rollout_model import RolledOut


def show_deployment(deployed: Deployed, out: Console) -> None:
    if deployed.dry_run:
        _show_dry_run(deployed, out)
        return
    print_text(out, _render_headline(deployed))
    if deployed.action == "rollback" and not deployed.up_to_date:
        print_text(out, describe_hold(deployed))
    for rolled in deployed.rollouts:
        print_text(out, describe_rollout(rolled))
    if deployed.forgotten and deployed.action == "destroy":
        print_text(out, describe_forgotten(deployed))
    _show_verification(deployed, out)
    if part := describe_partial(deployed):
        print_text(out, part)
    for remark in deployed.warnings:
        print_item(
            out,
            join_text(
                ("! ", "bold yellow"), (f"{remark.code} {remark.guard}", "bold"), f": {to_one_line(remark.message)}"
            ),
        )
    if describe_overrides(deployed):
        _show_overrides(deployed, out)
    print_hint(out, deployed.next)


def format_headline(deployed: Deployed) -> str:
    """Return the new state of the environment, without a final period."""
    release = f"release {shorten_id(deployed.release)}"
    if deployed.only:
        return f"{deployed.environment} has {_join_stacks(deployed)} of {release}"
    match deployed.action:
        case "destroy" if deployed.lost:
            return f"{deployed.environment} is given up: what {join_names(deployed.lost)} held may remain"
        case "destroy":
            return (
                f"{deployed.environment} holds nothing {'any more' if not deployed.forgotten else 'that envctl tracks'}"
            )
        case "rollback":
            return f"{deployed.environment} is back on {release}"
        case _:
            return f"{deployed.environment} runs {release}"


def describe_up_to_date(deployed: Deployed) -> str:
    if deployed.action == "destroy":
        return f"Nothing to do: {deployed.environment} holds nothing already."
    if deployed.only:
        return f"Nothing to do: {deployed.environment} has {_join_stacks(deployed)} like that already."
    release = shorten_id(deployed.release)
    return f"Nothing to do: {deployed.environment} runs release {release} with these settings already."


def format_extent(deployed: Deployed) -> str:
    done = deployed.deployment
    if done is None:
        return ""
    parts = [_format_change_count(done)]
    if done.ended_at:
        parts.append(f"in {format_seconds((done.ended_at - done.started_at).total_seconds())}")
    return ", ".join(parts)


def describe_forgotten(deployed: Deployed) -> str:
    """Name the stacks forgotten earlier and therefore not destroyed."""
    return f"Forgotten before, and not touched: {join_names(deployed.forgotten)}. Their resources may still be there."


def describe_hold(deployed: Deployed) -> str:
    if not deployed.held:
        return f"The release that it left is on hold in {deployed.environment} already."
    return f"Release {shorten_id(deployed.held)} is on hold in {deployed.environment} until a newer one is promoted."


def describe_rollout(rolled: RolledOut) -> str:
    shares = (
        f" in steps of {join_names([f'{share.percent} %' for share in rolled.shares])}" if rolled.shares[1:] else ""
    )
    return f"The requests of {rolled.stack} went from {rolled.before} to {rolled.color}{shares}."


def is_unverified(deployed: Deployed) -> bool:
    """Check if a full deployment was not verified afterwards."""
    done = deployed.action != "destroy" and not deployed.up_to_date and not deployed.only
    return done and deployed.verification is None


def describe_partial(deployed: Deployed) -> str:
    """Return a note about a deployment of some stacks; empty for all others."""
    if not deployed.only or deployed.up_to_date or deployed.dry_run:
        return ""
    return "A part of a release proves nothing. An apply of all stacks completes it."


def _join_stacks(deployed: Deployed) -> str:
    return " and ".join(deployed.only)


def describe_overrides(deployed: Deployed) -> str:
    """Summarize the guards overridden by break-glass, without a final period; empty if there were none."""
    if not deployed.waived or deployed.up_to_date:
        return ""
    verb = "said no, and was" if len(deployed.waived) == 1 else "said no, and were"
    return f"BREAK-GLASS in {deployed.environment}: {format_count(len(deployed.waived), 'guard')} {verb} overridden"


def describe_debt(deployed: Deployed) -> str:
    condition = f"a normal promotion into {deployed.environment}"
    if deployed.action != "promote":
        condition = f"a release comes to {deployed.environment} the normal way"
    return f"This is a debt, owed until {condition}"


def _render_headline(deployed: Deployed) -> Text:
    if deployed.up_to_date:
        return to_text(describe_up_to_date(deployed))
    text = to_text(format_headline(deployed))
    text.stylize("bold", 0, len(deployed.environment))
    if deployed.action != "destroy":
        text.highlight_words([shorten_id(deployed.release)], "bold green")
    return text.append(f" ({format_extent(deployed)})" if deployed.deployment else "")


def _format_change_count(done: Deployment) -> str:
    if not done.changed:
        return "no resource changed"
    return f"{done.changed} {'destroyed' if done.action == 'destroy' else 'changed'}"


def _show_verification(deployed: Deployed, out: Console) -> None:
    if deployed.verification is not None:
        show_checks(deployed.verification.checks, out)
    elif is_unverified(deployed):
        print_text(
            out,
            join_text(
                ("not verified", "bold yellow"), f": {add_sandbox_flag(f'envctl verify {deployed.environment}')}"
            ),
        )


def _show_overrides(deployed: Deployed, out: Console) -> None:
    print_text(out, to_text(f"{describe_overrides(deployed)}.", "bold red"))
    for refusal in deployed.waived:
        print_item(
            out,
            join_text("  ", (f"{refusal.code} {refusal.guard}", "bold red"), f": {to_one_line(refusal.message)}"),
            4,
        )
    print_text(out, to_text(f"{describe_debt(deployed)}.", "bold red"))


def _show_dry_run(deployed: Deployed, out: Console) -> None:
    what = f"release {shorten_id(deployed.release)}" if deployed.release else "the working tree"
    print_text(out, join_text("Dry run, nothing is done. ", _describe_purpose(deployed, what), ", envctl would:"))
    for number, stage in enumerate(deployed.stages, 1):
        print_item(out, to_text(f"{number:>3}. {stage}"), 5)
    print_hint(out, deployed.next)


def _describe_purpose(deployed: Deployed, what: str) -> str:
    match deployed.action:
        case "destroy":
            return f"To take away all that {deployed.environment} holds"
        case "rollback":
            return f"To bring {deployed.environment} back to {what}"
        case _:
            of = f"{_join_stacks(deployed)} of " if deployed.only else ""
            return f"To deploy {of}{what} to {deployed.environment}"
