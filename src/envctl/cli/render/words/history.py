"""Ledger entries with their release and author."""

from collections.abc import Iterator
from datetime import tzinfo

from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import shorten_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.events import describe_event, is_failure
from envctl.cli.render.words.signing import describe_authors, explain_unsigned_entries
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Actor, DeploymentStarted, Event
from envctl.domain.release_label import format_label_name
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.history import History, LedgerVerification

UNTRUSTED_LABEL = "✗ not trusted"
REST = "… and older entries"


def describe_verification(ledger: LedgerVerification) -> str:
    """Return what the verdict stands on: the entries, the keys that signed them, and what no signature proves."""
    matches = "its 1 entry matches" if ledger.entries == 1 else f"all {ledger.entries} entries match"
    signed = f" Signed with the pinned keys: {', '.join(ledger.signed)}." if ledger.signed else ""
    return " ".join(filter(None, (f"{matches} the chain.{signed}", describe_authors(ledger))))


def judge_ledger(ledger: LedgerVerification) -> str:
    """Return the verdict: without signatures only the order is verified."""
    return "The ledger is in order" if ledger.unsigned or ledger.vouched else "The ledger is verified"


def explain_authors(history: History) -> Iterator[str]:
    """Yield what the mark of unverified actors means, and that no entry is signed, if that is so."""
    if not all(entry.actor.verified for entry in history.entries):
        yield "? unverified: name comes from local git config"
    if unsigned := explain_unsigned_entries(history.signers):
        yield unsigned


def list_rule_changes(history: History) -> Iterator[str]:
    for seq, changes in history.rules.items():
        yield f"#{seq}: the rules changed: {'; '.join(map(to_one_line, changes))}"


def list_failure_logs(history: History) -> Iterator[str]:
    """Yield links to job logs of failures: their texts may quote secrets and are not in the ledger."""
    for entry in history.entries:
        if is_failure(entry.event) and entry.actor.run_url:
            yield f"#{entry.seq}: details are in the log of its job: {entry.actor.run_url}"


def describe_entry(history: History, entry: Entry) -> str:
    """Describe the event of an entry; the start of a deployment with what people know its release by."""
    text = describe_event(entry.event)
    label = history.labels.get(entry.event.release) if isinstance(entry.event, DeploymentStarted) else None
    name = format_label_name(label) if label else ""
    return f"{text}: {name}" if name else text


def format_period(history: History, zone: tzinfo | None = None) -> str:
    """Return the period of an empty history."""
    ends = (("since", history.since), ("until", history.until))
    return " ".join(f"{word} {format_time(at, zone)}" for word, at in ends if at) or "yet"


def format_release(event: Event) -> str:
    """Return the short id of the event's release; empty for events without one."""
    return shorten_id(getattr(event, "release", ""))


def mark_unverified(actor: Actor) -> str:
    return shorten_actor(actor) if actor.verified else f"{shorten_actor(actor)} ?"
