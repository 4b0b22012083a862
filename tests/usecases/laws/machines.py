"""The stage of the laws: machines that share one store and one reality. Each port tells a watcher what happens there.

A machine can be killed between any two things that it does, and somebody else can be at work in between.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Protocol

from envctl.domain.config.checks.check_table import Probe
from envctl.domain.errors import StateLock
from envctl.domain.ledger.entries import Entry, decode_entry
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.domain.reading.reading import Reading
from envctl.usecases.ports.core import PlanAnswer
from envctl.usecases.ports.terraform import OnFinished, PlanLocking, PreparedStack, ignore_changes
from tests.fakes.checks import MemoryCheckRunner
from tests.fakes.folders import MemoryTree
from tests.fakes.git import SettableVersionControl
from tests.fakes.machine import SettableClock
from tests.fakes.project_files import project_files
from tests.fakes.store import MemoryStore
from tests.fakes.terminal import ScriptedPrompter
from tests.fakes.terraform import Killed, MemoryTerraform, MemoryWorkspace
from tests.fakes.world import World
from tests.usecases.laws.oracle.rulebook import NEW_NAMES, ORDER, PROD, Asked, Rules
from tests.usecases.project_text import NO_THIRD, Third, project

Where = tuple[str, str]
Content = tuple[str, str]
ENVIRONMENTS = ORDER
NAMES = (*ENVIRONMENTS, *NEW_NAMES.values())
"""With those that come to be when one is renamed."""
STACKS = ("network", "web")
LEAVING = find_spec("envctl.domain.plan.changes") is not None
"""Whether a stack that leaves the project is a part of plans."""


class Watcher(Protocol):
    """What the ports tell. `content` is the code and the image that lie ready; None where all is to be destroyed."""

    def recorded(self, machine: "Machine", entry: Entry) -> None: ...
    def planned(self, machine: "Machine", where: Where, plan: StackPlan, content: Content | None) -> None: ...
    def applies(self, machine: "Machine", where: Where) -> None: ...
    def applied(self, machine: "Machine", where: Where) -> None: ...
    def shown(self, machine: "Machine", plan: EnvironmentPlan, answer: PlanAnswer) -> None: ...
    def looked(self, machine: "Machine", where: Where, drifted: int) -> None: ...
    def probed(self, machine: "Machine", environment: str, check: str, problem: str) -> None: ...
    def waited(self, machine: "Machine", where: Where, problem: str) -> None: ...


class StillClock(SettableClock):
    """Time passes only where a rule says so."""

    def now(self) -> datetime:
        return self.time.astimezone(UTC)


@dataclass
class WrongClock(SettableClock):
    """As far off from the true one as it is told."""

    true: StillClock = field(default_factory=StillClock)
    off: timedelta = timedelta()

    def now(self) -> datetime:
        return self.true.now() + self.off


@dataclass
class Shared:
    """What is the same whoever looks at it from wherever."""

    tree: MemoryTree
    asked: Asked
    third: Third = NO_THIRD
    content: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, datetime] = field(default_factory=dict)
    clock: StillClock = field(default_factory=StillClock)
    versions: SettableVersionControl = field(default_factory=SettableVersionControl)
    terraform: MemoryTerraform = field(default_factory=lambda: MemoryTerraform(MemoryWorkspace()))
    failing: set[tuple[str, str]] = field(default_factory=set)
    place_of_prod: dict[str, str] = field(default_factory=dict)


class Machine(World):
    """`fuse` counts down to the moment in which the process is killed. `meanwhile` is what somebody else does the next
    time that this machine asks a person, or is about to write into the ledger.
    """

    def __init__(self, shared: Shared, watcher: Watcher) -> None:
        super().__init__(tree=shared.tree, clock=WrongClock(true=shared.clock), version_control=shared.versions)
        self.watcher, self.shared = watcher, shared
        self.store = WatchedStore(self)
        self.terraform = WatchedTerraform(self)
        self.prompter = WatchedPrompter(self)
        self.check_runner = WatchedCheckRunner(self)
        self.fuse: int | None = None
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def burns(self) -> None:
        if self.fuse is None:
            return
        self.fuse -= 1
        if self.fuse < 0:
            self.fuse = None
            raise Killed

    def pauses(self, at: str) -> None:
        if do := self.meanwhile.pop(at, None):
            do()
        self.burns()

    def has_clock_off(self, off: timedelta) -> None:
        self.clock.off = off  # type: ignore[attr-defined]

    def content(self, environment: str) -> Content:
        """Beside the pipeline there is no stack that takes the image."""
        if "modules/web/main.tf" not in self.workspace.code[environment]:
            return self.terraform.hash_code(environment), ""
        main = json.loads(self.workspace.stacks[environment, "web"])
        return self.terraform.hash_code(environment), main["module"]["web"]["image"]

    def require_own_depth(self, environment: str, stack: PreparedStack) -> None:
        """`set` travels with the release: what the code of the third stack says of itself is what it is given."""
        where = (environment, stack.name)
        text = self.workspace.code[environment]["modules/jobs/main.tf"].data.decode()
        wanted = int(text.partition("depth=")[2].partition(")")[0])
        if stack.root:
            given = self.workspace.generated[where].settings.get("depth", 0)
            assert "kind='root'" in text, text
        else:
            given = json.loads(self.workspace.stacks[where])["module"][stack.name].get("depth", 0)
            assert "kind='module'" in text, text
        assert given == wanted, f"{stack.name} has depth {given}, and its release {wanted}"

    def stacks_in(self, environment: str) -> frozenset[str]:
        """Those that hold something in reality."""
        return frozenset(stack for where, stack in self.terraform.reality if where == environment)

    def of_the_tree(self, *, beside: bool) -> Content:
        """As it would be in a release that is made now, for the pipeline or beside it."""
        digest = hashlib.sha256()
        for name, data in sorted(self.tree.content.items()):
            if name.startswith("modules/") and name.startswith("modules/beside/") == beside:
                digest.update(name.encode() + b"\0" + data)
        if beside:
            return digest.hexdigest(), ""
        files = (data for name, data in self.tree.content.items() if name.endswith("/terraform.tfvars"))
        settings = b"".join(files).decode()
        return digest.hexdigest(), settings.partition('image = "')[2].partition('"')[0]


class WatchedStore(MemoryStore):
    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.shared.content)
        self.machine = machine

    def create(self, key: str, data: bytes) -> None:
        ledger = key.startswith("ledger/")
        self.machine.pauses("writing" if ledger else "")
        super().create(key, data)
        self.machine.shared.written[key] = self.machine.shared.clock.now()
        if ledger:
            self.machine.watcher.recorded(self.machine, decode_entry(data))
        self.machine.burns()

    def now(self) -> datetime | None:
        """Its own clock is right, whatever the machines believe."""
        return self.machine.shared.clock.now()

    def last_modified(self, key: str) -> datetime | None:
        return self.machine.shared.written.get(key)


class WatchedTerraform(MemoryTerraform):
    """Who is killed while it applies leaves Terraform's lock behind."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.workspace)
        shared = machine.shared.terraform
        self.reality, self.locks, self.extra_changes = shared.reality, shared.locks, shared.extra_changes
        self.states = shared.states
        self.fails_on, self.dies_on, self.drifted = shared.fails_on, shared.dies_on, shared.drifted
        self.unready = shared.unready
        self.machine = machine

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: PlanLocking = "wait",
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        self.machine.burns()
        plan = super().plan(environment, stack, destroy=destroy, locking=locking, on_changes=on_changes)
        content = None if destroy else self.machine.content(environment)
        if not destroy and not stack.leaves and stack.name in {"jobs", "cron"} and not stack.workload:
            self.machine.require_own_depth(environment, stack)
        self.machine.watcher.planned(self.machine, (environment, stack.name), plan, content)
        return plan

    def apply(self, environment: str, stack: PreparedStack, on_finished: OnFinished = ignore_changes) -> None:
        where = (environment, stack.name)
        self.machine.watcher.applies(self.machine, where)
        try:
            self.machine.burns()
            super().apply(environment, stack, on_finished)
            self.machine.watcher.applied(self.machine, where)
            self.machine.burns()
        except Killed:
            now = self.machine.shared.clock.now()
            self.locks[self._locate_state(where)] = StateLock(
                stack.name, f"{environment}-{stack.name}", "who died", created=now
            )
            raise

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        self.machine.burns()
        where = (environment, stack.name)
        self.machine.watcher.waited(self.machine, where, "it is not ready" if where in self.unready else "")
        super().await_ready(environment, stack)

    def detect_drift(
        self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
    ) -> StackComparison:
        self.machine.burns()
        seen = super().detect_drift(environment, stack, unchanged=unchanged, locked=locked)
        self.machine.watcher.looked(self.machine, (environment, stack.name), len(seen.drift.resources))
        return seen


class WatchedPrompter(ScriptedPrompter):
    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
        self.machine.pauses("asking")
        self.yes = "all" if len(self.asked) % 2 else "yes"
        answer = super().confirm_plan(plan, reading, again=again)
        self.machine.watcher.shown(self.machine, plan, answer)
        return answer

    def confirm_approval(self, plan: EnvironmentPlan, reading: Reading, gate: str, notes: object) -> bool:
        self.machine.pauses("asking")
        yes = self._take_answer()
        self.machine.watcher.shown(self.machine, plan, "yes" if yes else "")
        return yes


class WatchedCheckRunner(MemoryCheckRunner):
    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        self.machine.burns()
        environment = surroundings["ENVCTL_ENVIRONMENT"]
        problem = "it is down" if (environment, probe.name) in self.machine.shared.failing else ""
        self.machine.watcher.probed(self.machine, environment, probe.name, problem)
        return problem


def stage(watcher: Watcher, waivable: Mapping[str, frozenset[str]]) -> tuple[Machine, Machine]:
    asked = Asked(replace(PROD, waivable=waivable["prod"]), Rules(waivable=waivable["staging"]))
    shared = Shared(MemoryTree({**project_files(), "envctl.toml": project(asked, {})}), asked)
    return Machine(shared, watcher), Machine(shared, watcher)
