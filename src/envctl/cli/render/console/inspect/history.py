"""Ledger entries, newest first."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.text import STYLES, print_nowrap, print_text, print_warnings, to_text
from envctl.cli.render.text.times import format_clock_time, format_time
from envctl.cli.render.words import history as words
from envctl.cli.render.words.events import choose_tone, describe_event, describe_foreign, describe_unread
from envctl.cli.render.words.signing import SIGNED_BY, has_signers
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.signers import Signer
from envctl.usecases.inspect.history import History, LedgerVerification

MIN_TABLE_WIDTH = 100
RELEASE_WIDTH = 12
ACTOR_WIDTH = 24


def show_history(history: History, out: Console) -> None:
    if not history.entries:
        about = f" about {history.environment}" if history.environment else ""
        print_text(out, f"The ledger has no entries{about} {words.format_period(history)}.")
        return
    if out.width >= MIN_TABLE_WIDTH:
        _show_table(history, out)
    else:
        signers = history.signers if has_signers(history.signers) else {}
        for entry in history.entries:
            _show_compact_entry(entry, render_event(history, entry), signers.get(entry.seq), out)
    if history.more:
        print_text(out, (words.REST, "dim"))
    for each in history.unbelieved:
        print_text(out, (f"{words.UNTRUSTED_LABEL} #{each.seq}: ", "bold red"), f"it is ignored: {each.why}")
    print_warnings(out, (*describe_unread(history.newer), *words.list_rule_changes(history)))
    for line in words.list_failure_logs(history):
        print_text(out, (line, "dim"))
    for note in words.explain_authors(history):
        print_text(out, (note, "dim"))


def show_ledger_verification(verified: LedgerVerification, out: Console) -> None:
    if not verified.entries:
        print_text(out, "The ledger is empty.")
        return
    print_text(out, (f"{words.judge_ledger(verified)}: ", "green"), words.describe_verification(verified))
    print_warnings(out, verified.remarks)
    print_nowrap(out, f"head {verified.head}", indent=2)
    print_warnings(out, describe_foreign(verified.foreign, len(verified.foreign)))


def _show_table(history: History, out: Console) -> None:
    zones = {f"{entry.at.astimezone():%Z}" for entry in history.entries}
    # Times with different UTC offsets show their zone in each row.
    one_zone = zones.pop() if len(zones) == 1 else ""
    signed = has_signers(history.signers)
    by = (SIGNED_BY,) if signed else ()
    heads = ("#", f"time ({one_zone})" if one_zone else "time", "who", *by, "release", "what")
    rows = [
        (
            to_text(str(entry.seq)),
            to_text(format_clock_time(entry.at) if one_zone else format_time(entry.at)),
            to_text(words.mark_unverified(entry.actor)),
            *([to_text(str(history.signers[entry.seq]))] if signed else []),
            to_text(words.format_release(entry.event)),
            render_event(history, entry),
        )
        for entry in history.entries
    ]
    print_columns(heads, rows, out, max(ACTOR_WIDTH, out.width // 4))


def render_event(history: History, entry: Entry) -> Text:
    """Describe the event of an entry; an untrusted one is marked."""
    if any(each.seq == entry.seq for each in history.unbelieved):
        return to_text(f"{words.UNTRUSTED_LABEL}: {describe_event(entry.event)}", "bold red")
    return to_text(words.describe_entry(history, entry), STYLES[choose_tone(entry.event)])


def _show_compact_entry(entry: Entry, what: Text, signed_by: Signer | None, out: Console) -> None:
    head = to_text(f"#{entry.seq:<3} {format_time(entry.at)}  {words.format_release(entry.event):{RELEASE_WIDTH}}")
    name = to_text(f"  {words.mark_unverified(entry.actor)}")
    beside = head.cell_len + name.cell_len <= out.width
    print_text(out, head + name if beside else head)
    if not beside:
        print_text(out, words.mark_unverified(entry.actor), indent=5)
    print_text(out, what, indent=5)
    if signed_by:
        print_text(out, (f"{SIGNED_BY} {signed_by}" if signed_by.is_known else str(signed_by), "dim"), indent=5)
