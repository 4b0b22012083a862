"""Projects with a long history, on a store that is a folder: as many entries and releases as a benchmark wants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from tests.fakes.checkpoints import encode_state
from tests.fakes.world import World

from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import GENESIS, Entry, encode_entry
from envctl.domain.ledger.events import Actor, DeploymentStarted, DeploymentSucceeded, Event, VerificationPassed
from envctl.domain.ledger.projection.apply_entries import apply_entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import compute_identity, pack
from envctl.usecases.ledger import ledger_store
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree

ORDER = ("dev", "staging", "prod")
_PROJECT = """
[project]
name = "bench"
[pipeline]
order = ["dev", "staging", "prod"]
[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]
[stacks.main]
module = "modules/main"
"""
_MODULE = (
    'variable "environment" {{\n  type = string\n}}\nresource "terraform_data" "this" {{\n  input = "{number}"\n}}\n'
)
_WHO = Actor("somebody")
_DIGEST = "5e" * 32


@dataclass(frozen=True)
class History:
    """Every release goes the whole way, as often as it takes to fill `entries`; the last one is in dev alone."""

    entries: int
    releases: int

    @property
    def whole(self) -> int:
        """As many entries as end with the end of a deployment."""
        return self.entries - (self.entries - self.releases) % 3


def lay_out(folder: Path, history: History) -> None:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", _PROJECT)
    bundles = [_bundle(world, number) for number in range(history.releases)]
    store = folder / ".envctl" / "store"
    for bundle in bundles:
        _write(store / "releases" / f"{compute_identity(bundle)}.tar", bundle)
    _record(store, history, [compute_identity(bundle) for bundle in bundles])
    for name, data in world.tree.content.items():
        _write(folder / name, data)
    for environment in ORDER:
        _write(folder / "environments" / environment / "terraform.tfvars", b"")


def _bundle(world: World, number: int) -> bytes:
    world.edit("modules/main/main.tf", _MODULE.format(number=number))
    return pack(working_tree.build_release(Context(world.ports, project_file.load_project(world.ports))))


def _record(store: Path, history: History, releases: Sequence[str]) -> None:
    now, prev, named = LedgerState(), GENESIS, ""
    began = datetime.now(UTC) - timedelta(minutes=history.entries + 1)
    for seq, event in enumerate(islice(_events(history, releases), history.whole), 1):
        entry = Entry(
            seq=seq,
            prev=prev,
            at=began + timedelta(minutes=seq),
            actor=_WHO,
            event=event,
            mark=f"{seq:016x}",
            checkpoint=named,
        )
        _write(store / "ledger" / f"{seq:010d}.json", encode_entry(entry))
        now = apply_entry(now, entry)
        prev, named = now.head, ""
        if seq % checkpoint.INTERVAL == 0:
            named = checkpoint.compute_name(now)
            _write(store / ledger_store.checkpoint_key(seq), encode_state(now))


def _events(history: History, releases: Sequence[str]) -> Iterator[Event]:
    yield from (ReleaseCreated(release=release, commit="c0ffee") for release in releases)
    seq = len(releases)
    # What the newest release takes in dev is left over at the end.
    ways = max(1, (history.entries - seq - 3) // (3 * len(ORDER)))
    for way in range(ways):
        release = releases[way * max(1, len(releases) - 1) // ways]
        for environment in ORDER:
            yield from _deployed(environment, release, seq + 1)
            seq += 3
    while True:
        yield from _deployed(ORDER[0], releases[-1], seq + 1)
        seq += 3


def _deployed(environment: str, release: str, started: int) -> tuple[Event, ...]:
    at = ORDER.index(environment)
    source = ORDER[at - 1] if at else ""
    return (
        DeploymentStarted(
            environment=environment,
            release=release,
            settings=_DIGEST,
            action="promote" if at else "apply",
            source=source,
            plan=_DIGEST,
        ),
        DeploymentSucceeded(
            environment=environment,
            release=release,
            started=started,
            stacks=("main",),
            changed=1,
            performed=("update terraform_data",),
        ),
        VerificationPassed(environment, release, started, ()),
    )


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
