"""The ledger, newest entry first."""

from collections.abc import Iterator
from datetime import tzinfo

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.inspect.events import is_failure, style, told
from envctl.cli.render.terminal.columns import columns
from envctl.cli.render.terminal.text import called, hanging, joined, one_line, plain, say, whole
from envctl.cli.render.terminal.times import clock, moment, zone_name
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Actor, Event
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.history import History, Verified

TABLE_FROM = 100
RELEASE = 12
WHO = 24
NOT_BELIEVED = "✗ not believed"


def show_history(history: History, out: Console) -> None:
    if not history.entries:
        about = f" about {history.environment}" if history.environment else ""
        say(out, f"The ledger says nothing{about} {when_of(history)}.")
        return
    if out.width >= TABLE_FROM:
        _table(history, out)
    else:
        for entry in history.entries:
            _in_two_lines(entry, marked(history, entry), out)
    if history.more:
        say(out, plain("… and older entries", "dim"))
    for each in history.unbelieved:
        say(out, joined((f"{NOT_BELIEVED} #{each.seq}: ", "bold red"), f"it does not count: {each.why}"))
    for line in rules_of(history):
        hanging(out, joined(("! ", "bold yellow"), line))
    for line in logs_of(history):
        say(out, plain(line, "dim"))
    if not all(entry.actor.verified for entry in history.entries):
        say(out, plain("? unverified: nobody but that person's own machine vouches for the name", "dim"))


def rules_of(history: History) -> Iterator[str]:
    """What a deployment changed of the rules of its environment."""
    for seq, changes in history.rules.items():
        yield f"#{seq}: the rules changed: {'; '.join(map(one_line, changes))}"


def logs_of(history: History) -> Iterator[str]:
    """Where the texts of failures are: what Terraform and checks say is in no entry, since it may quote secrets."""
    for entry in history.entries:
        if is_failure(entry.event) and entry.actor.run_url:
            yield f"#{entry.seq}: what was said is in the log of its job: {entry.actor.run_url}"


def show_verified(verified: Verified, out: Console) -> None:
    if not verified.entries:
        say(out, "The ledger is empty.")
        return
    entries = "its 1 entry fits" if verified.entries == 1 else f"all {verified.entries} entries fit"
    say(out, joined(("The ledger is whole: ", "green"), f"{entries} the chain."))
    if verified.signed:
        say(out, f"Signed as pinned: all about {', '.join(verified.signed)}.")
    whole(out, f"head {verified.head}", 2)


def _table(history: History, out: Console) -> None:
    zones = {zone_name(entry.at) for entry in history.entries}
    # Where clocks were changed in between, each time says by which it was.
    one_zone = zones.pop() if len(zones) == 1 else ""
    heads = ("#", f"time ({one_zone})" if one_zone else "time", "who", "release", "what")
    rows = [
        (
            plain(str(entry.seq)),
            plain(clock(entry.at) if one_zone else moment(entry.at)),
            plain(who(entry.actor)),
            plain(release_of(entry.event)),
            marked(history, entry),
        )
        for entry in history.entries
    ]
    columns(heads, rows, out, max(WHO, out.width // 4))


def marked(history: History, entry: Entry) -> Text:
    """What happened; or was said to have, by whom nobody knows."""
    if any(each.seq == entry.seq for each in history.unbelieved):
        return plain(f"{NOT_BELIEVED}: {told(entry.event)}", "bold red")
    return plain(told(entry.event), style(entry.event))


def _in_two_lines(entry: Entry, what: Text, out: Console) -> None:
    head = plain(f"#{entry.seq:<3} {moment(entry.at)}  {release_of(entry.event):{RELEASE}}")
    name = plain(f"  {who(entry.actor)}")
    beside = head.cell_len + name.cell_len <= out.width
    say(out, head + name if beside else head)
    if not beside:
        say(out, who(entry.actor), 5)
    say(out, what, 5)


def when_of(history: History, zone: tzinfo | None = None) -> str:
    """In which time there is nothing."""
    ends = (("since", history.since), ("until", history.until))
    return " ".join(f"{word} {moment(at, zone)}" for word, at in ends if at) or "yet"


def release_of(event: Event) -> str:
    """Empty for what speaks of an environment alone."""
    return short(getattr(event, "release", ""))


def who(actor: Actor) -> str:
    return called(actor) if actor.verified else f"{called(actor)} ?"
