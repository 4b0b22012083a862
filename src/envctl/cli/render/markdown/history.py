"""The ledger as tables, newest first: its entries and its releases; and the result of its verification."""

from datetime import UTC

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words import history as words
from envctl.cli.render.words import releases as release_words
from envctl.cli.render.words.events import choose_tone, describe_foreign, describe_unread
from envctl.cli.render.words.signing import SIGNED_BY, has_signers
from envctl.domain.ledger.state import to_label
from envctl.domain.release_label import format_label
from envctl.usecases.inspect.history import History, LedgerVerification
from envctl.usecases.inspect.releases import ReleaseDetails, Releases

HEADS = ("#", "", "time", "who", "release", "what")


def render_history(history: History) -> str:
    scope = f" of {md.escape(history.environment)}" if history.environment else ""
    if not history.entries:
        return md.render_page(f"## History{scope}", f"The ledger has no entries {words.format_period(history, UTC)}.")
    doubts, signed = {each.seq: each.why for each in history.unbelieved}, has_signers(history.signers)
    rows = (
        (
            str(entry.seq),
            md.FAIL if entry.seq in doubts else md.MARKS[choose_tone(entry.event)],
            format_time(entry.at, UTC),
            md.escape(words.mark_unverified(entry.actor)),
            md.code(release) if (release := words.format_release(entry.event)) else "",
            (f"**{words.UNTRUSTED_LABEL}** ({doubts[entry.seq]}): " if entry.seq in doubts else "")
            + md.escape(words.describe_entry(history, entry)),
            *([md.escape(str(history.signers[entry.seq]))] if signed else []),
        )
        for entry in history.entries
    )
    return md.render_page(
        f"## History{scope}",
        md.render_table((*HEADS, SIGNED_BY) if signed else HEADS, rows),
        words.REST if history.more else "",
        "\n".join(
            f"- {md.WARN} {md.escape(line)}"
            for line in (*describe_unread(history.newer), *words.list_rule_changes(history))
        ),
        "\n".join(f"- {md.escape(line)}" for line in words.list_failure_logs(history)),
        "\n\n".join(words.explain_authors(history)),
    )


def render_ledger_verification(ledger: LedgerVerification) -> str:
    if not ledger.entries:
        return md.render_page(f"## {md.NEUTRAL} The ledger is empty")
    proof = md.escape(capitalize(words.describe_verification(ledger)))
    foreign = describe_foreign(ledger.foreign, len(ledger.foreign))
    lists = ("\n".join(f"- {md.WARN} {md.escape(each)}" for each in listed) for listed in (ledger.remarks, foreign))
    return md.render_page(f"## {md.OK} {words.judge_ledger(ledger)}", f"{proof} Head: {md.code(ledger.head)}", *lists)


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
