"""Approvals, GitHub reviews and withdrawals as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_item, print_text, print_warnings
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words import approvals as words
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import ReviewResult


def show_approval(approved: ApprovalResult, out: Console) -> None:
    print_text(out, (str(approved.by), "bold"), f" {words.describe_approval(approved)}")
    _show_validity(approved, out)


def show_reviews(reviewed: ReviewResult, out: Console) -> None:
    if not reviewed.reviewers:
        print_text(out, words.describe_missing_reviewers(reviewed))
    for each in reviewed.reviewers:
        sentence = words.describe_review(each, reviewed)
        if each.why:
            print_warnings(out, [f"{to_one_line(each.name)} {sentence}"])
        else:
            print_text(out, (to_one_line(each.name), "bold"), f" {sentence}")
    _show_validity(reviewed, out)


def _show_validity(approval: ApprovalResult | ReviewResult, out: Console) -> None:
    if validity := words.describe_validity(approval):
        print_text(out, validity)
    print_warnings(out, map(to_one_line, approval.notes))
    print_text(out, words.describe_outlook(approval))
    for name, gate in approval.approvals.items():
        details = "; ".join(words.list_gate_details(gate))
        print_item(out, f"  {name} {gate.have}/{gate.need}: ", details, indent=4)
    print_hint(out, approval.next)


def show_withdrawal(withdrawn: WithdrawalResult, out: Console) -> None:
    print_text(out, words.describe_withdrawal(withdrawn))
