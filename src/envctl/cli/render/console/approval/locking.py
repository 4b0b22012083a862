"""Locks and unlocks as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_text
from envctl.cli.render.text.actors import format_actor
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.times import format_time
from envctl.domain.ledger.state import Hold, Lock
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.approval.locking import LockResult, UnlockResult


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
        print_text(out, f"{unlocked.environment} has no such lock or hold.")


def _format_holder(held: Lock | Hold) -> str:
    return f"by {format_actor(held.by)} since {format_time(held.at)}: {to_one_line(held.reason)}"
