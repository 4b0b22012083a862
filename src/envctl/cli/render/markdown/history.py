"""The ledger as a table, newest entry first, and whether its chain is whole."""

from datetime import UTC

from envctl.cli.render.console.inspect.events import style
from envctl.cli.render.console.inspect.events import told as told_of
from envctl.cli.render.console.inspect.history import NOT_BELIEVED, logs_of, release_of, rules_of, when_of, who
from envctl.cli.render.markdown.page.pieces import NEITHER, PASSES, REFUSES, WARNS, code, escaped, page, table
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.times import moment
from envctl.usecases.inspect.history import History, Verified

HEADS = ("#", "", "time", "who", "release", "what")
# What is green, red or yellow to people.
MARKS = {"green": PASSES, "bold red": REFUSES, "yellow": WARNS}


def history(told: History) -> str:
    about = f" of {escaped(told.environment)}" if told.environment else ""
    if not told.entries:
        return page(f"## History{about}", f"The ledger says nothing {when_of(told, UTC)}.")
    doubts = {each.seq: each.why for each in told.unbelieved}
    rows = (
        (
            str(entry.seq),
            REFUSES if entry.seq in doubts else MARKS.get(style(entry.event), ""),
            moment(entry.at, UTC),
            escaped(who(entry.actor)),
            code(release) if (release := release_of(entry.event)) else "",
            (f"**{NOT_BELIEVED}** ({doubts[entry.seq]}): " if entry.seq in doubts else "")
            + escaped(told_of(entry.event)),
        )
        for entry in told.entries
    )
    unverified = not all(entry.actor.verified for entry in told.entries)
    return page(
        f"## History{about}",
        table(HEADS, rows),
        "… and older entries" if told.more else "",
        "\n".join(f"- {WARNS} {escaped(line)}" for line in rules_of(told)),
        "\n".join(f"- {escaped(line)}" for line in logs_of(told)),
        "? unverified: nobody but that person's own machine vouches for the name" if unverified else "",
    )


def verified(told: Verified) -> str:
    if not told.entries:
        return page(f"## {NEITHER} The ledger is empty")
    fits = "its 1 entry fits" if told.entries == 1 else f"all {counted(told.entries, 'entry')} fit"
    signed = f"Signed as pinned: all about {', '.join(told.signed)}." if told.signed else ""
    return page(f"## {PASSES} The ledger is whole", f"{fits.capitalize()} the chain. Head: {code(told.head)}", signed)
