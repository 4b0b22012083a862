"""Approvals, GitHub reviews and withdrawals as text."""

from rich.console import Console

from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text, to_one_line
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.approval.approve import Approved, Withdrawn
from envctl.usecases.approval.ci_reviewers import Reviewed


def show_approval(approved: Approved, out: Console) -> None:
    verb = "had already approved" if approved.already else "approved"
    what = f" {verb} release {shorten_id(approved.release)} for {approved.environment} (gate {approved.gate})."
    print_text(out, join_text((str(approved.by), "bold"), what))
    if approved.plan:
        print_text(out, _format_validity(approved))
    _show_missing_approvals(approved, out)


def show_reviews(reviewed: Reviewed, out: Console) -> None:
    if not reviewed.reviewers:
        print_text(out, f"Nobody has let this job begin as a reviewer: in GitHub {reviewed.environment} asks for none.")
    for each in reviewed.reviewers:
        if each.why:
            print_item(
                out,
                join_text(("! ", "bold yellow"), f"{to_one_line(each.name)} {to_one_line(each.why)}: does not count"),
            )
            continue
        verb = "had already approved" if each.outcome == "already" else "approved"
        release = shorten_id(reviewed.release)
        what = f" {verb} release {release} for {reviewed.environment} (gate {reviewed.gate}) in GitHub."
        print_text(out, join_text((to_one_line(each.name), "bold"), what))
    print_text(out, _format_validity(reviewed))
    _show_missing_approvals(reviewed, out)


def _format_validity(approval: Approved | Reviewed) -> str:
    where = f" in {approval.where}" if approval.where else ""
    return f"It holds for plan {shorten_id(approval.plan)}{where}, and for one that does less."


def _show_missing_approvals(approval: Approved | Reviewed, out: Console) -> None:
    for note in approval.notes:
        print_item(out, join_text(("! ", "bold yellow"), to_one_line(note)))
    if approval.missing:
        lacking = ", ".join(
            f"{format_count(number, 'approval')} for {gate}" for gate, number in approval.missing.items()
        )
        print_text(out, f"Still missing: {lacking}.")
    else:
        print_text(out, f"Every gate of {approval.environment} has its approvals for this release.")
    print_hint(out, approval.next)


def show_withdrawal(withdrawn: Withdrawn, out: Console) -> None:
    if not withdrawn.release:
        print_text(out, f"Nothing to take back: no release waits to come to {withdrawn.environment}.")
        return
    what = f"release {shorten_id(withdrawn.release)} for {withdrawn.environment} (gate {withdrawn.gate})"
    if withdrawn.withdrawn:
        print_text(out, join_text((str(withdrawn.by), "bold"), f" no longer approves {what}."))
    else:
        print_text(out, join_text("Nothing to take back: ", (str(withdrawn.by), "bold"), f" has not approved {what}."))
