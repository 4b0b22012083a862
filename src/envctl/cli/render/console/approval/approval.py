"""What came of a person's word at a gate."""

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hanging, hinted, joined, one_line, say
from envctl.domain.text.short_ids import short
from envctl.usecases.approval.approve import Approved, Withdrawn
from envctl.usecases.approval.ci_reviewers import Reviewed


def show_approved(approved: Approved, out: Console) -> None:
    verb = "had already approved" if approved.already else "approved"
    what = f" {verb} release {short(approved.release)} for {approved.environment} (gate {approved.gate})."
    say(out, joined((str(approved.by), "bold"), what))
    if approved.plan:
        say(out, _holds(approved))
    _rest(approved, out)


def show_reviewed(reviewed: Reviewed, out: Console) -> None:
    if not reviewed.reviewers:
        say(out, f"Nobody has let this job begin as a reviewer: in GitHub {reviewed.environment} asks for none.")
    for each in reviewed.reviewers:
        if each.why:
            hanging(out, joined(("! ", "bold yellow"), f"{one_line(each.name)} {one_line(each.why)}: does not count"))
            continue
        verb = "had already approved" if each.outcome == "already" else "approved"
        what = f" {verb} release {short(reviewed.release)} for {reviewed.environment} (gate {reviewed.gate}) in GitHub."
        say(out, joined((one_line(each.name), "bold"), what))
    say(out, _holds(reviewed))
    _rest(reviewed, out)


def _holds(told: Approved | Reviewed) -> str:
    where = f" in {told.where}" if told.where else ""
    return f"It holds for plan {short(told.plan)}{where}, and for one that does less."


def _rest(told: Approved | Reviewed, out: Console) -> None:
    for note in told.notes:
        hanging(out, joined(("! ", "bold yellow"), one_line(note)))
    if told.missing:
        lacking = ", ".join(f"{counted(number, 'approval')} for {gate}" for gate, number in told.missing.items())
        say(out, f"Still missing: {lacking}.")
    else:
        say(out, f"Every gate of {told.environment} has its approvals for this release.")
    hinted(out, told.next)


def show_withdrawn(withdrawn: Withdrawn, out: Console) -> None:
    if not withdrawn.release:
        say(out, f"Nothing to take back: no release waits to come to {withdrawn.environment}.")
        return
    what = f"release {short(withdrawn.release)} for {withdrawn.environment} (gate {withdrawn.gate})"
    if withdrawn.withdrawn:
        say(out, joined((str(withdrawn.by), "bold"), f" no longer approves {what}."))
    else:
        say(out, joined("Nothing to take back: ", (str(withdrawn.by), "bold"), f" has not approved {what}."))
