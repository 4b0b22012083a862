"""What came of a lock, and of lifting one."""

from rich.console import Console

from envctl.cli.render.terminal.text import hinted, joined, known_as, one_line, say
from envctl.cli.render.terminal.times import moment
from envctl.domain.ledger.state import Hold, Lock
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.locking import Locked, Unlocked


def show_locked(locked: Locked, out: Console) -> None:
    if locked.already:
        say(out, joined((locked.environment, "bold"), f" is locked already, {_by(locked.lock)}"))
        say(out, "That stays so; nothing was recorded.")
    else:
        what = f" is locked: {one_line(locked.lock.reason)}"
        say(out, joined((locked.environment, "bold"), what))
        say(out, "Nothing changes there until it is unlocked; what runs already is not stopped.")
    hinted(out, locked.next)


def show_unlocked(unlocked: Unlocked, out: Console) -> None:
    if unlocked.lock:
        say(out, joined((unlocked.environment, "bold"), f" is unlocked. It was locked {_by(unlocked.lock)}"))
    elif unlocked.hold:
        release = short(unlocked.hold.release)
        lifted = f"Release {release} may come to {unlocked.environment} again. It was on hold {_by(unlocked.hold)}"
        say(out, lifted)
    else:
        say(out, f"Nothing to lift in {unlocked.environment}: there is no such lock or hold.")


def _by(held: Lock | Hold) -> str:
    return f"by {known_as(held.by)} since {moment(held.at)}: {one_line(held.reason)}"
