"""What people vouched for."""

from collections import Counter

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_nowrap, print_text, print_warnings
from envctl.cli.render.text.sentences import format_count
from envctl.domain.command_lines import format_command
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.vouch import VouchedHistory

MAX_SHOWN = 5


def show_vouched_history(vouched: VouchedHistory, out: Console) -> None:
    for name in vouched.signed:
        print_text(out, (name, "bold"), f": its people vouch for entries 1 to {vouched.number} now")
    for name in vouched.signed_before:
        print_text(out, (name, "bold"), ": its people vouched for them before")
    print_nowrap(out, f"head {vouched.head}", indent=2)
    if not vouched.entries:
        print_text(out, "All of them count without that.")
        return
    kinds = Counter(each.environment or "releases" for each in vouched.entries)
    named = join_names([f"{count} about {name}" for name, count in kinds.items()])
    state = "do not count yet" if vouched.missing else "count now, if nothing was signed before them"
    print_text(out, f"{format_count(len(vouched.entries), 'entry')} without a signature {state}: {named}.")
    print_warnings(out, [f"{each}: {each.why}" for each in vouched.entries[:MAX_SHOWN]])
    if vouched.missing:
        command = format_command("ledger sign", *vouched.missing, through=str(vouched.number))
        print_hint(out, f"people of {join_names(vouched.missing)} must vouch too: {command}")
