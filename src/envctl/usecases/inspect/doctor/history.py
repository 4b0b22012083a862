"""The ledger: whether it can be read, whether it can be believed, and whether nothing in it can be written over."""

from collections.abc import Iterator

from envctl.domain.config.project import Project
from envctl.domain.ledger.checkpoint import EVERY
from envctl.usecases.account.bucket_inventory import S3
from envctl.usecases.inspect.doctor.rows import Row, bad, good, warn
from envctl.usecases.ledger import journal, store_probe
from envctl.usecases.ledger.checkpoints import load_checkpoint
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.removed_environments import describe_gone, find_gone


def ledger(ports: Ports, project: Project) -> Iterator[Row]:
    present = journal.verify(ports)
    entries = present.seq
    yield good("ledger", f"whole: all {entries} entries fit the chain" if entries else "nothing was recorded yet")
    last = load_checkpoint(ports).seq
    since = entries - last
    if since > EVERY:
        seen = f"none that can be used for {since} entries: reading takes longer"
        yield warn("checkpoints", seen, f"the next is left at entry {(entries // EVERY + 1) * EVERY}, by itself")
    elif last:
        yield good("checkpoints", f"the last is {since} entries old")
    if gone := find_gone(project, present):
        yield bad("environments", *map(describe_gone, gone))


def nothing_written_over(ports: Ports, project: Project, *, probe: bool) -> Iterator[Row]:
    """Without `probe` only what an earlier trial left is read: who looks needs no right to write."""
    if not project.store.url.startswith(S3):
        return
    if probe:
        yield Row(store_probe.demand(ports))
        return
    finding = store_probe.seen(ports, "envctl doctor --probe")
    yield bad(finding.name, store_probe.OVERWRITTEN, seen=finding.seen) if finding.verdict == "bad" else Row(finding)
