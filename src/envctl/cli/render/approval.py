"""What came of a person's word at a gate."""

from rich.console import Console

from envctl.cli.render.line import counted
from envctl.cli.render.text import hanging, hinted, joined, one_line, say
from envctl.domain.naming import short
from envctl.usecases.approve import Approved, Withdrawn


def show_approved(approved: Approved, out: Console) -> None:
    verb = "had already approved" if approved.already else "approved"
    what = f" {verb} release {short(approved.release)} for {approved.environment} (gate {approved.gate})."
    say(out, joined((str(approved.by), "bold"), what))
    if approved.plan:
        say(out, f"It holds for plan {short(approved.plan)}, and for one that does less.")
    for note in approved.notes:
        hanging(out, joined(("! ", "bold yellow"), one_line(note)))
    if approved.missing:
        lacking = ", ".join(f"{counted(number, 'approval')} for {gate}" for gate, number in approved.missing.items())
        say(out, f"Still missing: {lacking}.")
    else:
        say(out, f"Every gate of {approved.environment} has its approvals for this release.")
    hinted(out, approved.next)


def show_withdrawn(withdrawn: Withdrawn, out: Console) -> None:
    if not withdrawn.release:
        say(out, f"Nothing to take back: no release waits to come to {withdrawn.environment}.")
        return
    what = f"release {short(withdrawn.release)} for {withdrawn.environment} (gate {withdrawn.gate})"
    if withdrawn.withdrawn:
        say(out, joined((str(withdrawn.by), "bold"), f" no longer approves {what}."))
    else:
        say(out, joined("Nothing to take back: ", (str(withdrawn.by), "bold"), f" has not approved {what}."))
