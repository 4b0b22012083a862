"""A large project in memory, as its ledger would tell of it, and a store that counts what it is asked for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TypeVar

from tests.fakes.checkpoints import encode_state
from tests.fakes.store import MemoryStore
from tests.fakes.terraform import MemoryTerraform
from tests.fakes.world import World

from benchmarks.assumptions import KEYS_A_PAGE, LIST, READ, READS_AT_ONCE, WRITE, Size
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import GENESIS, Entry, encode_entry
from envctl.domain.ledger.events import Actor, DeploymentStarted, DeploymentSucceeded, Event, VerificationPassed
from envctl.domain.ledger.projection.apply_entries import apply_entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import EnvironmentState, LedgerState
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.domain.release.bundle import compute_identity, pack
from envctl.usecases.ledger import ledger_store
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import project_file, working_tree

T = TypeVar("T")
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ROLE = "arn:aws:sts::444444444444:assumed-role/envctl-ci/GitHubActions"
JOB = Actor(ROLE, via="aws", verified=True, run_url="https://github.com/acme/shop/actions/runs/12345678901", arn=ROLE)
# What a deployment of ten stacks did to which types of resources.
PERFORMED = tuple(f"create aws_resource_type_{number}" for number in range(20))


@dataclass
class CountingStore(MemoryStore):
    """As one command sees the store: nothing is fetched twice. `seconds` is how long S3 would have let it wait."""

    reads: int = 0
    creates: int = 0
    lists: int = 0
    fetched: int = 0
    seconds: float = 0.0
    known: set[str] = field(default_factory=set)

    def create(self, key: str, data: bytes) -> None:
        self.creates += 1
        self.seconds += WRITE
        super().create(key, data)

    def read(self, key: str) -> bytes | None:
        return self.read_all([key])[0]

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        wanted = [key for key in keys if key not in self.known]
        self.reads += len(wanted)
        self.seconds += ceil(len(wanted) / READS_AT_ONCE) * READ
        self.fetched += sum(len(self.content.get(key, b"")) for key in wanted)
        self.known.update(key for key in wanted if key in self.content)
        return super().read_all(keys)

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        found = super().list_keys(prefix, after)
        pages = max(1, ceil(len(found) / KEYS_A_PAGE))
        self.lists += pages
        self.seconds += pages * LIST
        return found


@dataclass(frozen=True)
class Measured:
    """`cpu` is processor time of envctl on this machine, and `waited` what the store would have taken."""

    cpu: float
    waited: float
    reads: int
    lists: int
    creates: int
    fetched: int

    @property
    def wall(self) -> float:
        return self.cpu + self.waited

    def __str__(self) -> str:
        asked = f"{self.reads:>5} reads {self.lists:>4} lists {self.creates:>5} creates {self.fetched / 1e6:6.1f} MB"
        return f"{asked}   {self.cpu:6.1f} s cpu, {self.waited:5.1f} s waiting"


def measured(world: World, use: Callable[[], T]) -> tuple[T, Measured]:
    """As a command of its own: what it reads it reads for the first time."""
    store = CountingStore(world.store.content)
    world.store, began = store, time.process_time()
    found = use()
    cpu = time.process_time() - began
    world.store = MemoryStore(store.content)
    return found, Measured(cpu, store.seconds, store.reads, store.lists, store.creates, store.fetched)


class Still(MemoryTerraform):
    """Everything is as it was applied."""

    def detect_drift(
        self,
        environment: str,  # noqa: ARG002
        stack: PreparedStack,
        *,
        unchanged: bool,  # noqa: ARG002
        locked: bool = False,  # noqa: ARG002
    ) -> StackComparison:
        return StackComparison(StackPlan(stack.name), StackPlan(stack.name))


def names(size: Size) -> list[str]:
    return [f"cell-{number:04}" for number in range(1, size.environments + 1)]


def stacks(size: Size) -> tuple[str, ...]:
    return tuple(f"stack-{number:02}" for number in range(1, size.stacks + 1))


def fleet(size: Size, releases: int = 1) -> World:
    """Every environment runs one release, verified; the ledger is as long as that takes. Each remembers so many
    releases, as it does after as many deployments.
    """
    order = ", ".join(f'"{name}"' for name in names(size))
    tables = "".join(f"[environments.{name}]\n" for name in names(size))
    wired = "".join(f'[stacks.{stack}]\nmodule = "modules/unit"\n' for stack in stacks(size))
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", f'[project]\nname = "fleet"\n[pipeline]\norder = [{order}]\n{tables}{wired}')
    world.edit("modules/unit/main.tf", 'variable "environment" { type = string }\n')
    world.terraform = Still(world.workspace)
    bundle = pack(working_tree.build_release(Context(world.ports, project_file.load_project(world.ports))))
    world.store.content[f"releases/{compute_identity(bundle)}.tar"] = bundle
    _record(world, size, compute_identity(bundle), releases)
    world.clock.time = BEGAN + timedelta(days=30)
    return world


def _record(world: World, size: Size, release: str, releases: int) -> None:
    now, prev, named, events = LedgerState(), GENESIS, "", _events(size, release)
    # One that an entry comes after, which names it.
    last = (len(events) - 1) // checkpoint.INTERVAL * checkpoint.INTERVAL
    for seq, event in enumerate(events, 1):
        entry = Entry(
            seq=seq,
            prev=prev,
            at=BEGAN + timedelta(seconds=seq),
            actor=JOB,
            event=event,
            mark=f"{seq:016x}",
            checkpoint=named,
        )
        world.store.content[f"ledger/{seq:010d}.json"] = encode_entry(entry)
        now = apply_entry(now, entry)
        prev, named = now.head, ""
        if seq == last:
            now = aged(now, releases)
            named = checkpoint.compute_name(now)
            world.store.content[ledger_store.checkpoint_key(seq)] = encode_state(now)


def _events(size: Size, release: str) -> list[Event]:
    events: list[Event] = [ReleaseCreated(release=release, commit="c0ffee")]
    for name in names(size):
        started = len(events) + 1
        events.append(
            DeploymentStarted(
                environment=name, release=release, settings="5e" * 32, action="promote", source="cell", plan="f0" * 32
            )
        )
        events.append(
            DeploymentSucceeded(
                environment=name, release=release, started=started, stacks=stacks(size), changed=60, performed=PERFORMED
            )
        )
        events.append(VerificationPassed(name, release, started, ("http", "smoke")))
    return events


def aged(now: LedgerState, releases: int) -> LedgerState:
    """The same, after so many releases have been everywhere."""
    earlier = [f"{number:064x}" for number in range(releases - 1)]
    environments = {name: _aged(there, earlier) for name, there in now.environments.items()}
    return replace(now, environments=environments)


def _aged(there: EnvironmentState, earlier: Sequence[str]) -> EnvironmentState:
    if there.current_evidence is None:
        return there
    deployment = there.current_evidence.deployment
    old = {
        name: replace(there.current_evidence, deployment=replace(deployment, release=name), since=None)
        for name in earlier
    }
    performed = dict.fromkeys(earlier, frozenset(PERFORMED))
    return replace(there, evidence={**old, **there.evidence}, performed={**performed, **there.performed})
