"""Checks of the ledger: chain, checkpoints, and protection from overwriting."""

from collections.abc import Iterator

from envctl.domain.ledger.checkpoint import INTERVAL
from envctl.usecases.account.bucket_inventory import S3_SCHEME
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_warning
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ledger.integrity import load_checkpoint
from envctl.usecases.ports.context import Context
from envctl.usecases.project.removed_environments import describe_gone, find_gone


def check_ledger(context: Context) -> Iterator[Row]:
    present = journal.verify_ledger(context.ports)
    entries = present.seq
    seen = f"whole: all {entries} entries fit the chain" if entries else "nothing was recorded yet"
    yield report_good("ledger", seen)
    last = load_checkpoint(context.ports).seq
    since = entries - last
    if since > INTERVAL:
        seen = f"none that can be used for {since} entries: reading takes longer"
        following = (entries // INTERVAL + 1) * INTERVAL
        yield report_warning("checkpoints", seen, f"the next is left at entry {following}, by itself")
    elif last:
        yield report_good("checkpoints", f"the last is {since} entries old")
    if gone := find_gone(context.project, present):
        yield report_bad("environments", *map(describe_gone, gone))


def check_create_only(context: Context, *, probe: bool) -> Iterator[Row]:
    """Check create-only writes. Without `probe`, read the result of an earlier trial: no write permission needed."""
    if not context.project.store.url.startswith(S3_SCHEME):
        return
    if probe:
        yield Row(ledger_store.require_create_only(context.ports))
        return
    finding = ledger_store.read_probe(context.ports, "envctl doctor --probe")
    yield (
        report_bad(finding.name, ledger_store.OVERWRITE_PROBLEM, seen=finding.seen)
        if finding.verdict == "bad"
        else Row(finding)
    )
