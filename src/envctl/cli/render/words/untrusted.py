"""Untrusted ledger entries."""

from envctl.cli.render.text.actors import shorten_actor
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.times import Zone, format_time
from envctl.domain.command_lines import format_command
from envctl.domain.ledger.state import DistrustedEntry

MAX_NAMED = 3


def describe_untrusted(found: tuple[DistrustedEntry, ...], zone: Zone = None) -> list[str]:
    """Describe the latest untrusted entries, newest first, and the command for older ones."""
    sentences = [
        f"{each} is not trusted: {each.why}. It names {to_one_line(shorten_actor(each.by))} as its author,"
        f" {format_time(each.at, zone)}"
        for each in found[-MAX_NAMED:][::-1]
    ]
    others = add_sandbox_flag(f"older untrusted entries are not shown; list all: {format_command('ledger verify')}")
    return [*sentences, others] if len(found) > MAX_NAMED else sentences
