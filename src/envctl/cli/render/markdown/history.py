"""The ledger as tables, newest first: its entries and its releases; and the result of its verification."""

from datetime import UTC

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words import history as words
from envctl.cli.render.words import releases as release_words
from envctl.cli.render.words.events import choose_tone, describe_foreign, describe_unread
from envctl.domain.ledger.state import to_label
from envctl.domain.release_label import format_label
from envctl.usecases.inspect.history import History, LedgerVerification
from envctl.usecases.inspect.releases import ReleaseDetails, Releases

HEADS = ("#", "", "time", "who", "release", "what")


def render_history(history: History) -> str:
    scope = f" of {md.escape(history.environment)}" if history.environment else ""
    if not history.entries:
        return md.render_page(f"## History{scope}", f"The ledger has no entries {words.format_period(history, UTC)}.")
    doubts = {each.seq: each.why for each in history.unbelieved}
    rows = (
        (
            str(entry.seq),
            md.FAIL if entry.seq in doubts else md.MARKS[choose_tone(entry.event)],
            format_time(entry.at, UTC),
            md.escape(words.mark_unverified(entry.actor)),
            md.code(release) if (release := words.format_release(entry.event)) else "",
            (f"**{words.UNTRUSTED_LABEL}** ({doubts[entry.seq]}): " if entry.seq in doubts else "")
            + md.escape(words.describe_entry(history, entry)),
        )
        for entry in history.entries
    )
    return md.render_page(
        f"## History{scope}",
        md.render_table(HEADS, rows),
        words.REST if history.more else "",
        "\n".join(
            f"- {md.WARN} {md.escape(line)}"
            for line in (*describe_unread(history.newer), *words.list_rule_changes(history))
        ),
        "\n".join(f"- {md.escape(line)}" for line in words.list_failure_logs(history)),
        words.explain_unverified(history),
    )


def render_ledger_verification(ledger: LedgerVerification) -> str:
    if not ledger.entries:
        return md.render_page(f"## {md.NEUTRAL} The ledger is empty")
    proof = md.escape(capitalize(words.describe_verification(ledger)))
    foreign = "\n".join(f"- {md.escape(each)}" for each in describe_foreign(ledger.foreign, len(ledger.foreign)))
    return md.render_page(f"## {md.OK} The ledger is verified", f"{proof} Head: {md.code(ledger.head)}", foreign)


def render_releases(listed: Releases) -> str:
    scope = f" of {md.escape(listed.environment)}" if listed.environment else ""
    heads = release_words.HEADS
    rows = []
    for each in listed.releases:
        name, *others = release_words.format_row(each, listed.now)
        rows.append((md.code(name), *map(md.escape, others)))
    return md.render_page(
        f"## Releases{scope}",
        md.render_table(heads, rows) or release_words.describe_empty_list(listed),
        release_words.describe_rest(listed) if listed.more else "",
    )


def render_release_details(details: ReleaseDetails) -> str:
    facts = ((name, md.escape(text)) for name, text in release_words.list_facts(details, UTC))
    places = (
        (md.escape(place.environment), md.escape(release_words.describe_place(place, details.now, UTC)))
        for place in details.places
    )
    return md.render_page(
        f"## Release {md.escape(format_label(to_label(details.release)))}",
        md.render_table(("what", "value"), facts),
        md.render_table(("environment", "state"), places),
    )
