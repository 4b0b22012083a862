"""The ledger: whether it can be read, whether it can be believed, and whether nothing in it can be written over."""

from collections.abc import Iterator

from envctl.domain.checkpoint import EVERY
from envctl.domain.project import Project
from envctl.usecases import create_only, record
from envctl.usecases.bucket_places import S3
from envctl.usecases.checkpointing import load_checkpoint
from envctl.usecases.gone import describe_gone, find_gone
from envctl.usecases.health.rows import Row, bad, good, warn
from envctl.usecases.ports import Ports


def ledger(ports: Ports, project: Project) -> Iterator[Row]:
    present = record.verify(ports)
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
        yield Row(create_only.demand(ports))
        return
    finding = create_only.seen(ports, "envctl doctor --probe")
    yield bad(finding.name, create_only.OVERWRITTEN, seen=finding.seen) if finding.verdict == "bad" else Row(finding)
