"""Locks and unlocks as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import format_actor, print_hint, print_text, to_one_line
from envctl.cli.render.terminal.times import format_time
from envctl.domain.ledger.state import Hold, Lock
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.locking import Locked, Unlocked


def show_lock(locked: Locked, out: Console) -> None:
    if locked.already:
        print_text(out, (locked.environment, "bold"), f" is locked already, {_format_holder(locked.lock)}")
        print_text(out, "That stays so; nothing was recorded.")
    else:
        what = f" is locked: {to_one_line(locked.lock.reason)}"
        print_text(out, (locked.environment, "bold"), what)
        print_text(out, "Nothing changes there until it is unlocked; what runs already is not stopped.")
    print_hint(out, locked.next)


def show_unlock(unlocked: Unlocked, out: Console) -> None:
    if unlocked.lock:
        print_text(out, (unlocked.environment, "bold"), f" is unlocked. It was locked {_format_holder(unlocked.lock)}")
    elif unlocked.hold:
        release = shorten_id(unlocked.hold.release)
        holder = _format_holder(unlocked.hold)
        print_text(out, f"Release {release} may come to {unlocked.environment} again. It was on hold {holder}")
    else:
        print_text(out, f"Nothing to lift in {unlocked.environment}: there is no such lock or hold.")


def _format_holder(held: Lock | Hold) -> str:
    return f"by {format_actor(held.by)} since {format_time(held.at)}: {to_one_line(held.reason)}"
