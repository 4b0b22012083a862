"""What came of a deployment: what runs now, what proves it, what was overridden, and the next command."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.deployment.verification import show_checks
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import hanging, hinted, joined, one_line, plain, say
from envctl.cli.render.terminal.times import lasting
from envctl.domain.ledger.state import Deployment
from envctl.domain.text.lists import listed
from envctl.domain.text.short_ids import short
from envctl.usecases.deployment.run import Deployed
from envctl.usecases.deployment.traffic.rollout_model import RolledOut


def show_deployed(deployed: Deployed, out: Console) -> None:
    if deployed.dry_run:
        _explain(deployed, out)
        return
    say(out, _headline(deployed))
    if deployed.action == "rollback" and not deployed.up_to_date:
        say(out, left_on_hold(deployed))
    for rolled in deployed.rollouts:
        say(out, went_over(rolled))
    if deployed.forgotten and deployed.action == "destroy":
        say(out, left_behind(deployed))
    _proof(deployed, out)
    if part := in_part(deployed):
        say(out, part)
    for remark in deployed.warnings:
        hanging(
            out,
            joined(("! ", "bold yellow"), (f"{remark.code} {remark.guard}", "bold"), f": {one_line(remark.message)}"),
        )
    if overridden(deployed):
        _overridden(deployed, out)
    hinted(out, deployed.next)


def headline(deployed: Deployed) -> str:
    """What is the case now, in a sentence without its end."""
    release = f"release {short(deployed.release)}"
    if deployed.only:
        return f"{deployed.environment} has {_some(deployed)} of {release}"
    match deployed.action:
        case "destroy" if deployed.lost:
            return f"{deployed.environment} is given up: what {listed(deployed.lost)} held may remain"
        case "destroy":
            return (
                f"{deployed.environment} holds nothing {'any more' if not deployed.forgotten else 'that envctl tracks'}"
            )
        case "rollback":
            return f"{deployed.environment} is back on {release}"
        case _:
            return f"{deployed.environment} runs {release}"


def nothing_to_do(deployed: Deployed) -> str:
    if deployed.action == "destroy":
        return f"Nothing to do: {deployed.environment} holds nothing already."
    if deployed.only:
        return f"Nothing to do: {deployed.environment} has {_some(deployed)} like that already."
    return f"Nothing to do: {deployed.environment} runs release {short(deployed.release)} with these settings already."


def extent(deployed: Deployed) -> str:
    done = deployed.deployment
    if done is None:
        return ""
    parts = [_touched(done)]
    if done.ended_at:
        parts.append(f"in {lasting((done.ended_at - done.started_at).total_seconds())}")
    return ", ".join(parts)


def left_behind(deployed: Deployed) -> str:
    """What a destroy did not touch, since it was forgotten before."""
    return f"Forgotten before, and not touched: {listed(deployed.forgotten)}. Their resources may still be there."


def left_on_hold(deployed: Deployed) -> str:
    if not deployed.held:
        return f"The release that it left is on hold in {deployed.environment} already."
    return f"Release {short(deployed.held)} is on hold in {deployed.environment} until a newer one is promoted."


def went_over(rolled: RolledOut) -> str:
    shares = f" in steps of {listed([f'{share.percent} %' for share in rolled.shares])}" if rolled.shares[1:] else ""
    return f"The requests of {rolled.stack} went from {rolled.before} to {rolled.color}{shares}."


def unproven(deployed: Deployed) -> bool:
    """Whether it was deployed, and not looked at afterwards."""
    done = deployed.action != "destroy" and not deployed.up_to_date and not deployed.only
    return done and deployed.verification is None


def in_part(deployed: Deployed) -> str:
    """What a deployment of some stacks leaves open; nothing for one of all, or of none."""
    if not deployed.only or deployed.up_to_date or deployed.dry_run:
        return ""
    return "A part of a release proves nothing. An apply of all stacks completes it."


def _some(deployed: Deployed) -> str:
    return " and ".join(deployed.only)


def overridden(deployed: Deployed) -> str:
    """What break-glass did, in a sentence without its end; nothing where there was nothing to deploy after all."""
    if not deployed.waived or deployed.up_to_date:
        return ""
    verb = "said no, and was" if len(deployed.waived) == 1 else "said no, and were"
    return f"BREAK-GLASS in {deployed.environment}: {counted(len(deployed.waived), 'guard')} {verb} overridden"


def debt(deployed: Deployed) -> str:
    way = f"a normal promotion into {deployed.environment}"
    if deployed.action != "promote":
        way = f"a release comes to {deployed.environment} the normal way"
    return f"This is a debt, owed until {way}"


def _headline(deployed: Deployed) -> Text:
    if deployed.up_to_date:
        return plain(nothing_to_do(deployed))
    told = plain(headline(deployed))
    told.stylize("bold", 0, len(deployed.environment))
    if deployed.action != "destroy":
        told.highlight_words([short(deployed.release)], "bold green")
    return told.append(f" ({extent(deployed)})" if deployed.deployment else "")


def _touched(done: Deployment) -> str:
    if not done.changed:
        return "no resource changed"
    return f"{done.changed} {'destroyed' if done.action == 'destroy' else 'changed'}"


def _proof(deployed: Deployed, out: Console) -> None:
    if deployed.verification is not None:
        show_checks(deployed.verification.checks, out)
    elif unproven(deployed):
        say(out, joined(("not verified", "bold yellow"), f": {to_type(f'envctl verify {deployed.environment}')}"))


def _overridden(deployed: Deployed, out: Console) -> None:
    say(out, plain(f"{overridden(deployed)}.", "bold red"))
    for refusal in deployed.waived:
        hanging(out, joined("  ", (f"{refusal.code} {refusal.guard}", "bold red"), f": {one_line(refusal.message)}"), 4)
    say(out, plain(f"{debt(deployed)}.", "bold red"))


def _explain(deployed: Deployed, out: Console) -> None:
    what = f"release {short(deployed.release)}" if deployed.release else "the working tree"
    say(out, joined("Dry run, nothing is done. ", _purpose(deployed, what), ", envctl would:"))
    for number, stage in enumerate(deployed.stages, 1):
        hanging(out, plain(f"{number:>3}. {stage}"), 5)
    hinted(out, deployed.next)


def _purpose(deployed: Deployed, what: str) -> str:
    match deployed.action:
        case "destroy":
            return f"To take away all that {deployed.environment} holds"
        case "rollback":
            return f"To bring {deployed.environment} back to {what}"
        case _:
            of = f"{_some(deployed)} of " if deployed.only else ""
            return f"To deploy {of}{what} to {deployed.environment}"
