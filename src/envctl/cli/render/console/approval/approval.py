"""Approvals, GitHub reviews and withdrawals as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_item, print_text, print_warnings
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words.approvals import describe_outlook, describe_validity, list_gate_details
from envctl.domain.release_label import format_label_or_id
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import ReviewResult


def show_approval(approved: ApprovalResult, out: Console) -> None:
    verb = "had already approved" if approved.already else "approved"
    release = format_label_or_id(approved.label, approved.release)
    what = f" {verb} release {release} for {approved.environment} (gate {approved.gate})."
    print_text(out, (str(approved.by), "bold"), what)
    _show_validity(approved, out)


def show_reviews(reviewed: ReviewResult, out: Console) -> None:
    if not reviewed.reviewers:
        print_text(out, f"This job has no reviewers: {reviewed.environment} requires none in GitHub.")
    for each in reviewed.reviewers:
        if each.why:
            print_item(out, ("! ", "bold yellow"), f"{to_one_line(each.name)} {to_one_line(each.why)}: does not count")
            continue
        verb = "had already approved" if each.outcome == "already" else "approved"
        release = format_label_or_id(reviewed.label, reviewed.release)
        what = f"release {release} for {reviewed.environment} (gate {reviewed.gate})"
        print_text(out, (to_one_line(each.name), "bold"), f" {verb} {what} in GitHub.")
    _show_validity(reviewed, out)


def _show_validity(approval: ApprovalResult | ReviewResult, out: Console) -> None:
    if approval.plan:
        print_text(out, describe_validity(approval))
    print_warnings(out, map(to_one_line, approval.notes))
    print_text(out, describe_outlook(approval))
    for name, gate in approval.approvals.items():
        details = "; ".join(list_gate_details(gate))
        print_item(out, f"  {name} {gate.have}/{gate.need}: ", details, indent=4)
    print_hint(out, approval.next)


def show_withdrawal(withdrawn: WithdrawalResult, out: Console) -> None:
    if not withdrawn.release:
        print_text(out, f"No approval to withdraw: no release is waiting for {withdrawn.environment}.")
        return
    release = format_label_or_id(withdrawn.label, withdrawn.release)
    what = f"release {release} for {withdrawn.environment} (gate {withdrawn.gate})"
    if withdrawn.withdrawn:
        print_text(out, (str(withdrawn.by), "bold"), f" no longer approves {what}.")
    else:
        print_text(out, "No approval to withdraw: ", (str(withdrawn.by), "bold"), f" has not approved {what}.")
