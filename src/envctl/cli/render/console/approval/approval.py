"""Approvals, GitHub reviews, withdrawals, locks and unlocks as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_item, print_text, print_warnings
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.approval import approvals as words
from envctl.domain.ledger.state import Hold, Lock
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import ReviewResult
from envctl.usecases.approval.locking import LockResult, UnlockResult


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
        for line in words.list_stack_lines(gate):
            print_text(out, line, indent=4)
    print_hint(out, approval.next)


def show_withdrawal(withdrawn: WithdrawalResult, out: Console) -> None:
    print_text(out, words.describe_withdrawal(withdrawn))


def show_lock(locked: LockResult, out: Console) -> None:
    if locked.already:
        print_text(out, (locked.environment, "bold"), f" is already locked, {_format_holder(locked.lock)}")
        print_text(out, "The lock stays unchanged.")
    else:
        what = f" is locked: {to_one_line(locked.lock.reason)}"
        print_text(out, (locked.environment, "bold"), what)
        print_text(out, "All changes are blocked until it is unlocked. Running deployments are not stopped.")
    print_hint(out, locked.next)


def show_unlock(unlocked: UnlockResult, out: Console) -> None:
    if unlocked.lock:
        print_text(out, (unlocked.environment, "bold"), f" is unlocked. It was locked {_format_holder(unlocked.lock)}")
    elif unlocked.hold:
        release = shorten_id(unlocked.hold.release)
        holder = _format_holder(unlocked.hold)
        print_text(out, f"Release {release} can be deployed to {unlocked.environment} again. It was on hold {holder}")
    else:
        what = "has no lock, and a release is on hold there" if unlocked.next else "has no such lock or hold"
        print_text(out, f"{unlocked.environment} {what}.")
    print_hint(out, unlocked.next)


def _format_holder(held: Lock | Hold) -> str:
    return f"by {format_actor(held.by)} since {format_time(held.at)}: {to_one_line(held.reason)}"
