"""What came of a command that changes something: a short word at its end, and the next command."""

from rich.console import Console

from envctl.cli.render.line import counted
from envctl.cli.render.moments import lasting
from envctl.cli.render.text import hinted, joined, say
from envctl.domain.guards import short
from envctl.usecases.approve import Approved
from envctl.usecases.deploy import Deployed
from envctl.usecases.recover import Recovered

NOUNS = {"apply": "deployment", "promote": "promotion"}


def show_deployed(deployed: Deployed, out: Console) -> None:
    if deployed.dry_run:
        _explain(deployed, out)
        return
    release = short(deployed.release)
    if deployed.up_to_date:
        say(out, f"Nothing to do: {deployed.environment} runs release {release} with these settings already.")
    else:
        say(out, joined((deployed.environment, "bold"), " runs release ", (release, "bold green"), _extent(deployed)))
    hinted(out, deployed.next)


def _extent(deployed: Deployed) -> str:
    done = deployed.deployment
    if done is None:
        return ""
    parts = [f"{done.changed} changed" if done.changed else "no resource changed"]
    if done.ended_at:
        parts.append(f"in {lasting((done.ended_at - done.started_at).total_seconds())}")
    return f" ({', '.join(parts)})"


def _explain(deployed: Deployed, out: Console) -> None:
    what = f"release {short(deployed.release)}" if deployed.release else "the working tree"
    say(
        out,
        joined("Dry run, nothing is done. To deploy ", what, " to ", (deployed.environment, "bold"), ", envctl would:"),
    )
    for number, stage in enumerate(deployed.stages, 1):
        say(out, f"{number:>2}. {stage}", 1)
    hinted(out, deployed.next)


def show_approved(approved: Approved, out: Console) -> None:
    verb = "had already approved" if approved.already else "approved"
    what = f" {verb} release {short(approved.release)} for {approved.environment} (gate {approved.gate})."
    say(out, joined((str(approved.by), "bold"), what))
    if approved.missing:
        lacking = ", ".join(f"{counted(number, 'approval')} for {gate}" for gate, number in approved.missing.items())
        say(out, f"Still missing: {lacking}.")
    else:
        say(out, f"Every gate of {approved.environment} has its approvals for this release.")
    hinted(out, approved.next)


def show_recovered(recovered: Recovered, out: Console) -> None:
    deployment = recovered.deployment
    if deployment is None:
        say(out, f"Nothing to recover: no deployment to {recovered.environment} is unfinished.")
        return
    say(
        out,
        f"The {NOUNS[deployment.action]} of release {short(deployment.release)} to {recovered.environment}, begun by"
        f" {deployment.by}, is recorded as {deployment.outcome}. What it had applied is in Terraform's state:"
        " the next deployment goes on from there.",
    )
    hinted(out, recovered.next)
