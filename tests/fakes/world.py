"""Fakes of the ports in memory, and the world of a test that holds them all."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from envctl.adapters.kubernetes.rendering.manifests import KubernetesManifests
from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.aws.access import CallerIdentity
from envctl.domain.aws.secret_status import NeededSecret, SecretChange, SecretState, SecretValue, Sighting
from envctl.domain.config.checks.check_table import Probe
from envctl.domain.config.project import PROJECT_FILE, Owner
from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    LockHeldError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
    UsageError,
)
from envctl.domain.images.image_reference import Presence
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.signatures import Algorithm
from envctl.domain.ledger.trust import Trust
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.domain.release.bundle import File
from envctl.domain.release.commit_message import CommitMessage, JobRequest
from envctl.domain.rollout.alarms import AlarmState, AlarmStatus
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.outputs import Output
from envctl.domain.terraform.workdir_names import LEAVING_FOLDER
from envctl.usecases.ledger import journal as record
from envctl.usecases.ledger import trust as trusts
from envctl.usecases.ports.aws import CopyProgress, RegistryImage, SecretReading, SecretReference
from envctl.usecases.ports.bucket_report import BucketReport
from envctl.usecases.ports.core import AlreadyExistsError, CostAnswer, PlanAnswer, Ports
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.project import CheckOutline, Revision
from envctl.usecases.ports.terraform import (
    BackendMistake,
    HashedProviders,
    InstalledTerraform,
    PlanLocking,
    PreparedEnvironment,
    PreparedStack,
    ProgressEvent,
    ProviderSource,
    UnpinnedProvider,
    ignore_changes,
)
from envctl.usecases.project import project_file
from tests.fakes.buckets import MemoryBuckets
from tests.fakes.ci import ScriptedCiRoles, SettableCiForge
from tests.fakes.clusters import MemoryClusterInspector, MemoryClusters
from tests.fakes.formatting import MemoryFormatter
from tests.fakes.installation import MemoryInstallation
from tests.fakes.modules import MemoryRemoteModules
from tests.fakes.new_projects import MemoryProjectFolder, MemoryTemplates


@dataclass
class MemoryStore:
    content: dict[str, bytes] = field(default_factory=dict)

    endpoint: str = ""

    def create(self, key: str, data: bytes) -> None:
        if key in self.content:
            raise AlreadyExistsError(key)
        self.content[key] = data

    def read(self, key: str) -> bytes | None:
        return self.content.get(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.content.get(key) for key in keys]

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        return sorted(key for key in self.content if key.startswith(prefix) and key > after)

    def prefetch(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        return nullcontext()

    def prefetch_time(self, delay: float = 0.0) -> None:
        pass

    def now(self) -> datetime | None:
        return None

    def last_modified(self, key: str) -> datetime | None:
        return None


def _parent_folders(name: str) -> set[str]:
    return {str(folder) for folder in PurePosixPath(name).parents}


@dataclass
class MemoryTree:
    content: dict[str, bytes]
    folder: str | None = field(default="", kw_only=True)

    def locate_project(self) -> str | None:
        return self.folder

    def read_contents(self, path: str) -> bytes | None:
        return self.content.get(path)

    def read_file(self, path: str) -> File | None:
        return File(self.content[path]) if path in self.content else None

    def read_folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        found = {
            name: File(data) for name, data in self.content.items() if str(PurePosixPath(path)) in _parent_folders(name)
        }
        return (
            {n: f for n, f in found.items() if n.endswith(endings) and not set(without) & set(n.split("/"))}
            if found
            else None
        )

    def write_contents(self, path: str, data: bytes) -> None:
        self.content[path] = data


@dataclass
class MemoryHeadCache:
    seen: tuple[int, str] | None = None
    copies: Mapping[int, bytes] = field(default_factory=dict)

    def load_head(self) -> tuple[int, str] | None:
        return self.seen

    def save_head(self, seq: int, head: str) -> None:
        if self.seen is None or seq > self.seen[0]:
            self.seen = (seq, head)

    def load_copies(self) -> Mapping[int, bytes]:
        return self.copies

    def save_copies(self, copies: Mapping[int, bytes]) -> None:
        self.copies = dict(copies)


@dataclass
class MemoryWorkspace:
    """A workspace without memory: every command prepares everything again."""

    code: dict[str, Mapping[str, File]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    stacks: dict[tuple[str, str], bytes] = field(default_factory=dict)
    trees: dict[tuple[str, str], Mapping[str, File]] = field(default_factory=dict)
    generated: dict[tuple[str, str], GeneratedFiles] = field(default_factory=dict)
    records: dict[tuple[str, str], bytes] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    unsaved_in: set[str] = field(default_factory=set)
    noted: dict[str, frozenset[str]] = field(default_factory=dict)
    # Set by the tests of what is remembered of a project file.
    project_mark: str = ""
    outlines: dict[str, CheckOutline] = field(default_factory=dict)

    @contextmanager
    def lock_environment(self, environment: str, holder: str) -> Iterator[None]:
        if environment in self.held:
            raise LockHeldError(Problem("E308", f"{holder} has to wait"))
        self.held.add(environment)
        try:
            yield
        finally:
            self.held.remove(environment)

    def find_holder(self, environment: str) -> str:
        return f"envctl at work in {environment}" if environment in self.held else ""

    def write_code(self, environment: str, files: Mapping[str, File]) -> None:
        self.code[environment] = dict(files)

    def save_code_release(self, environment: str, release: str) -> None:
        self.names[environment] = release

    def load_code_release(self, environment: str) -> str:
        return self.names.get(environment, "")

    def write_stack(self, environment: str, stack: str, main: bytes) -> None:
        self.trees.pop((environment, stack), None)
        self.stacks[environment, stack] = main

    def write_tree(
        self, environment: str, stack: str, root: str, files: Mapping[str, File], generated: GeneratedFiles
    ) -> None:
        self.stacks.pop((environment, stack), None)
        self.generated[environment, stack] = generated
        added = {f"{root}/{name}": File(data) for name, data in generated.encode().items()}
        self.trees[environment, stack] = {**files, **added}

    def write_generated(self, environment: str, stack: str, root: str, generated: GeneratedFiles) -> None:
        others = {path: file for path, file in self.trees[environment, stack].items() if "zzz_envctl" not in path}
        self.write_tree(environment, stack, root, others, generated)

    def write_module_record(self, environment: str, stack: str, record: bytes, root: str = "") -> None:
        self.records[environment, stack] = record

    def read_module_record(self, environment: str, stack: str, root: str = "") -> bytes | None:
        return self.records[environment, stack]

    def read_provider_lock(self, environment: str, stack: str, root: str = "") -> bytes | None:
        return None

    def load_known_states(self, environment: str) -> frozenset[str]:
        return self.noted.get(environment, frozenset())

    def save_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        self.noted[environment] = frozenset(stacks)

    def has_unsaved_state(self, environment: str) -> bool:
        return environment in self.unsaved_in

    def has_prepared(self, environment: str) -> bool:
        return False

    def load_prepared(self, environment: str) -> PreparedEnvironment | None:
        return None

    def hash_project(self) -> str:
        return self.project_mark

    def load_check_outline(self, mark: str) -> CheckOutline | None:
        return self.outlines.get(mark) if mark else None

    def save_check_outline(self, outline: CheckOutline, mark: str) -> None:
        self.outlines[mark] = outline

    def hash_inputs(self, inputs: Sequence[str]) -> str:
        return ""

    def hash_layout(self, prepared: PreparedEnvironment) -> str:
        names = [(prepared.environment, stack.name) for stack in prepared.all_stacks]
        stacks = [(self.stacks.get(name), self.trees.get(name)) for name in names]
        return repr((self.code.get(prepared.environment), stacks))

    def save_prepared(self, prepared: PreparedEnvironment, inputs: Sequence[str], mark: str) -> None:
        pass


@dataclass
class SerialWorkerPool:
    """A worker pool without threads: each job runs when a caller waits for it, in the order of submission."""

    waiting: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    on_pause: Callable[[float], None] = lambda _: None
    # Jobs ignore it: it comes after the last one.
    stop_requested: bool = False
    # Whether all jobs end at the same time.
    ends_together: bool = False

    def has_ended_job(self) -> bool:
        return self.ends_together and bool(self.waiting)

    def pause(self, seconds: float) -> None:
        self.on_pause(seconds)

    def submit(self, name: str, job: Callable[[], None], unit: str = "") -> None:
        self.waiting.append((name, job))

    def wait_for_job(self) -> tuple[str, BaseException | None]:
        name, job = self.waiting.pop(0)
        try:
            job()
        except Exception as error:  # noqa: BLE001 (the caller raises it)
            return name, error
        return name, None

    @contextmanager
    def interruptible_prompt(self) -> Iterator[None]:
        yield


class Killed(BaseException):
    """Simulates a killed process: no handler of it records anything."""


@dataclass
class MemoryTerraform:
    """A Terraform that applies hashes of code and root module. Keys are (environment, stack)."""

    workspace: MemoryWorkspace
    # The applied hashes.
    reality: dict[tuple[str, str], str] = field(default_factory=dict)
    states: set[tuple[str, str]] = field(default_factory=set)
    fails_on: set[tuple[str, str]] = field(default_factory=set)
    failure: str = "said no"
    unplannable: set[tuple[str, str]] = field(default_factory=set)
    # Stacks without resources.
    resourceless: set[tuple[str, str]] = field(default_factory=set)
    interrupted: set[tuple[str, str]] = field(default_factory=set)
    # Opened worker pools, and the one that gets a stop after its last job.
    pools: int = 0
    late_stop_in: int = 0
    stopped_late: bool = False
    ends_together: bool = False  # whether all jobs of a pool end at the same time
    # Stacks that cannot be planned until the named stack is applied.
    waits_for: dict[tuple[str, str], str] = field(default_factory=dict)
    # Makes the state of upstream stacks a part of a hash.
    hashes_upstream: bool = False
    dies_on: set[tuple[str, str]] = field(default_factory=set)
    dies_after: set[tuple[str, str]] = field(default_factory=set)
    remote: bool = False
    drifted: set[tuple[str, str]] = field(default_factory=set)
    unreachable: set[tuple[str, str]] = field(default_factory=set)
    unsaved: set[tuple[str, str]] = field(default_factory=set)
    unready: set[tuple[str, str]] = field(default_factory=set)  # stacks whose objects never get ready
    imported: list[tuple[str, str, str, str]] = field(default_factory=list)
    locks: dict[tuple[str, str], StateLock] = field(default_factory=dict)
    # Changes that every plan contains in addition.
    extra_changes: dict[tuple[str, str], tuple[ResourceChange, ...]] = field(default_factory=dict)
    extra_outputs: dict[tuple[str, str], tuple[OutputChange, ...]] = field(default_factory=dict)
    configurations: dict[tuple[str, str], tuple[ProviderConfiguration, ...]] = field(default_factory=dict)
    lineages: dict[tuple[str, str], str] = field(default_factory=dict)
    serials: dict[tuple[str, str], int] = field(default_factory=dict)
    output_values: dict[tuple[str, str], Mapping[str, Output]] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], EnvctlError] = field(default_factory=dict)
    installed_terraform: InstalledTerraform | EnvctlError = field(
        default_factory=lambda: InstalledTerraform("/usr/bin/terraform", "1.15.5")
    )
    provider_source: ProviderSource = field(default_factory=lambda: ProviderSource("cache", "/cache"))
    # Why Terraform starts the providers of an initialized stack itself; empty if envctl does.
    provider_starts: dict[tuple[str, str], str] = field(default_factory=dict)
    hashed_providers: HashedProviders | EnvctlError = field(default_factory=lambda: HashedProviders(b"", (), {}))
    unpinned_providers: tuple[UnpinnedProvider, ...] = ()
    # Mistakes in each backend, by key.
    backend_mistakes: dict[str, str] = field(default_factory=dict)
    hashed: list[tuple[bytes, tuple[str, ...]]] = field(default_factory=list)
    expected: list[tuple[str, str]] = field(default_factory=list)  # environments and stacks of plans to come
    planned: dict[tuple[str, str], str | None] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    # The secrets of the last plan.
    passed: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    on_pause: Callable[[float], None] = lambda _: None

    def detect_version(self, binary: str) -> InstalledTerraform:
        if isinstance(self.installed_terraform, EnvctlError):
            raise self.installed_terraform
        return self.installed_terraform

    def expect_plan(self, environment: str, stack: PreparedStack) -> None:
        self.expected.append((environment, stack.name))

    def expect_checks(self, environments: Sequence[str]) -> None:
        self.expected.extend((environment, "") for environment in environments)

    def explain_provider_start(self, environment: str, stack: PreparedStack) -> str | None:
        return self.provider_starts.get((environment, stack.name))

    def find_provider_source(self, providers: Mapping[str, str], *, knock: bool) -> ProviderSource:
        return self.provider_source

    def check_backend(self, binary: str, kind: str, keys: Mapping[str, object]) -> tuple[BackendMistake, ...]:
        return tuple(BackendMistake(key, text) for key, text in self.backend_mistakes.items() if key in keys)

    def find_unpinned_providers(self) -> tuple[UnpinnedProvider, ...]:
        return self.unpinned_providers

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> HashedProviders:
        self.hashed.append((provider_lock, tuple(platforms)))
        if isinstance(self.hashed_providers, EnvctlError):
            raise self.hashed_providers
        return self.hashed_providers

    @contextmanager
    def open_worker_pool(self) -> Iterator[SerialWorkerPool]:
        assert not self.stopped_late, "work goes on after a stop"
        self.pools += 1
        late = self.pools == self.late_stop_in
        pool = SerialWorkerPool(on_pause=self.on_pause, stop_requested=late, ends_together=self.ends_together)
        yield pool
        self.stopped_late = pool.stop_requested

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        self.calls.append(("init", environment, stack.name))

    def require_idle(self, environment: str, stack: PreparedStack) -> None:
        pass

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: PlanLocking = "wait",
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        self.passed[environment, stack.name] = stack.secrets
        where = (environment, stack.name)
        self.calls.append(("plan", *where))
        if locking != "none":
            self.check_lock(environment, stack)
        self._require_plannable(environment, stack, destroy=destroy)
        there, wanted = (
            self.reality.get(self._locate_state(where)),
            None if destroy else self._hash_configuration(environment, stack),
        )
        self.planned[where] = wanted
        held = 0 if there is None else 1
        if there == wanted or where in self.resourceless:
            return StackPlan(
                stack.name, stateless=destroy and self._locate_state(where) not in self.states, in_state=held
            )
        on_changes()
        action = Action.CREATE if there is None else Action.DELETE if wanted is None else Action.UPDATE
        value = AttributeChange("input", there, wanted)
        resource = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=action, attributes=(value,)
        )
        return StackPlan(
            stack.name,
            resources=(*self.extra_changes.get(where, ()), resource),
            outputs=self.extra_outputs.get(where, ()),
            stateless=there is None,
            in_state=held,
            providers=self.configurations.get(where, ()),
        )

    def _require_plannable(self, environment: str, stack: PreparedStack, *, destroy: bool) -> None:
        where = (environment, stack.name)
        if where in self.unplannable:
            raise OperationFailedError(Problem("E305", f"{stack.name} can't be planned"))
        upstream = self.waits_for.get(where)
        if upstream and not destroy:
            there = self.reality.get((environment, upstream))
            if there != self._hash_configuration(environment, PreparedStack(upstream)):
                raise UpstreamBehindError((upstream,), Problem("E305", f"{upstream} does not put that out"))

    def apply(self, environment: str, stack: PreparedStack) -> None:
        where = (environment, stack.name)
        self.calls.append(("apply", *where))
        self.sessions.append(stack.session)
        if where in self.dies_on:
            raise Killed
        if where in self.fails_on:
            raise OperationFailedError(Problem("E305", f"{stack.name} {self.failure}", stack=stack.name))
        if where in self.interrupted:
            raise InterruptedByUserError(Problem("E311", "interrupted: Terraform stopped cleanly"))
        planned, there = self.planned.pop(where), self._locate_state(where)
        # The state remains after a destroy.
        self.states.add(there)
        if planned is None:
            del self.reality[there]
        else:
            self.reality[there] = planned

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        if (environment, stack.name) in self.unready:
            message = f"{stack.name}: Deployment.apps/shop/web: 0 of 1 available"
            raise OperationFailedError(Problem("E660", message, stack=stack.name))

    def delete_plan(self, environment: str, stack: PreparedStack) -> None:
        self.planned.pop((environment, stack.name), None)

    def delete_plans(self, environment: str) -> None:
        for where in [each for each in self.planned if each[0] == environment]:
            del self.planned[where]

    def detect_drift(
        self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
    ) -> StackComparison:
        where = (environment, stack.name)
        self.calls.append(("drift under the lock" if locked else "drift", *where))
        if locked:
            self.check_lock(environment, stack)
        if where in self.unreachable:
            raise OperationFailedError(Problem("E305", f"{stack.name} can't be reached"))
        changed = AttributeChange("input", "as applied", "changed by hand")
        drifted = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=Action.UPDATE, attributes=(changed,)
        )
        drift = StackPlan(stack.name, resources=(drifted,) if where in self.drifted else ())
        return StackComparison(drift, self._pending_plan(environment, stack))

    def _pending_plan(self, environment: str, stack: PreparedStack) -> StackPlan:
        there, wanted = (
            self.reality.get(self._locate_state((environment, stack.name))),
            self._hash_configuration(environment, stack),
        )
        if there == wanted:
            return StackPlan(stack.name)
        action = Action.CREATE if there is None else Action.UPDATE
        value = AttributeChange("input", there, wanted)
        resource = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=action, attributes=(value,)
        )
        return StackPlan(stack.name, resources=(resource,), stateless=there is None)

    def lose_state(self, environment: str, stack: str) -> None:
        """Lose the state of a stack: its resources may still exist."""
        self.reality.pop((environment, stack), None)
        self.states.discard((environment, stack))

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        return self._locate_state((environment, stack.name)) in self.states

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        where = self._locate_state((environment, stack.name))
        if where not in self.states:
            return b""
        held = [self.reality[where]] if where in self.reality else []
        document = {"lineage": self.lineages.get(where, "".join(where)), "serial": self.serials.get(where, 1)}
        return json.dumps({**document, "resources": held, "outputs": {}}).encode()

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        where, document = self._locate_state((environment, stack.name)), json.loads(state)
        self.calls.append(("push", environment, where[1]))
        self.check_lock(environment, stack)
        if self.remote and where in self.dies_on | self.dies_after:
            self.locks[where] = StateLock(where[1], "7f3e", "who died")
        if where in self.dies_on:
            raise Killed
        if where in self.states and document["lineage"] != self.lineages.get(where, "".join(where)):
            raise OperationFailedError(Problem("E305", f"the state of {where[1]} has another lineage"))
        self.states.add(where)
        if self.remote and where not in self.lineages:
            # As with S3: a state written to an empty place gets a new lineage.
            document |= {"lineage": f"new {''.join(where)}", "serial": 1}
        self.lineages[where], self.serials[where] = document["lineage"], document["serial"]
        self.reality.pop(where, None)
        if document["resources"]:
            self.reality[where] = document["resources"][0]
        if where in self.dies_after:
            raise Killed

    def _locate_state(self, where: tuple[str, str]) -> tuple[str, str]:
        """Return the key of the state in the backend of the root module, by default the name of the stack."""
        main = self._find_main(where)
        # A stack of Kubernetes objects has no backend.
        backend = json.loads(main).get("terraform", {}).get("backend", {}) if main else {}
        said: dict[str, str] = next(iter(backend.values()), {})
        path = str(said.get("path") or said.get("key") or where[1])
        return where[0], PurePosixPath(path).stem

    def _find_main(self, where: tuple[str, str]) -> bytes | None:
        """Return the rendered root module, or the override file of a root module that runs as it is."""
        if where in self.workspace.trees:
            return json.dumps(self.workspace.generated[where].override).encode()
        return self.workspace.stacks.get(where)

    def expect_refresh(self, environment: str, stack: PreparedStack) -> None:
        self.calls.append(("expect_refresh", environment, stack.name))

    def refresh_state(self, environment: str, stack: PreparedStack) -> None:
        self.calls.append(("settle", environment, stack.name))
        self.drifted.discard((environment, stack.name))

    def read_outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        where = (environment, stack.name)
        if where in self.unreadable:
            raise self.unreadable[where]
        return self.output_values.get(where, {"here": Output(environment, sensitive=False)})

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        if lock := self.locks.get(self._locate_state((environment, stack.name))):
            raise StateLockedError(lock, Problem("E306", f"the state of {stack.name} is locked"))

    def force_unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        assert self.locks.pop(self._locate_state((environment, stack.name))).id == lock_id

    def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        self.imported.append((environment, stack.name, address, identity))

    def push_unsaved_state(self, environment: str, stack: PreparedStack) -> bool:
        where = (environment, stack.name)
        if where not in self.unsaved:
            return False
        self.unsaved.remove(where)
        return True

    def hash_code(self, environment: str) -> str:
        """Return the hash of the code in the workspace of an environment."""
        digest = hashlib.sha256()
        for name, file in sorted(self.workspace.code[environment].items()):
            if name.startswith(f"{LEAVING_FOLDER}/"):
                continue
            digest.update(name.encode() + b"\0" + file.data)
        return digest.hexdigest()

    def _hash_configuration(self, environment: str, stack: PreparedStack) -> str:
        where, there = (environment, stack.name), self._locate_state((environment, stack.name))[1]
        tree = {path: file.data for path, file in self.workspace.trees.get(where, {}).items()}
        main = repr(sorted(tree.items())).encode() if tree else self.workspace.stacks[where]
        if stack.leaves:
            return self.reality.get((environment, there), "")
        # The location of the state is not a part of the configuration.
        main = re.sub(rb"[\w-]+[.]tfstate", b"state", main)
        read = [self.reality.get((environment, name)) for name in stack.upstream] if self.hashes_upstream else []
        return f"{self.hash_code(environment)} {hashlib.sha256(main + repr(read).encode()).hexdigest()}"


@dataclass
class MemoryAccess:
    """Gives the same keys for every environment, except the refused ones."""

    refused: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)  # by environment
    ends_at: datetime | None = None
    asked: list[str] = field(default_factory=list)
    remembered: set[str] = field(default_factory=set)
    off: timedelta | None = None

    def is_confirmed(self, environment: str) -> bool:
        return environment in self.remembered

    def save_confirmed(self, environment: str) -> None:
        self.remembered.add(environment)

    def clock_skew(self) -> timedelta | None:
        return self.off

    def fetch_caller(self, environment: str = "") -> CallerIdentity:
        self.asked.append(environment)
        if environment in self.refused:
            raise OperationFailedError(Problem("E413", f"the role of {environment} can't be assumed"))
        account = self.accounts.get(environment, "111111111111")
        return CallerIdentity(account, f"arn:aws:sts::{account}:assumed-role/envctl-deployer/envctl", self.ends_at)

    def export_credentials(self, environment: str) -> Mapping[str, str]:
        self.fetch_caller(environment)
        return {
            "AWS_ACCESS_KEY_ID": "ASIAROLE",
            "AWS_SECRET_ACCESS_KEY": "key of the role",
            "AWS_SESSION_TOKEN": "token",
        }


@dataclass
class MemoryRegistries:
    """Registries with the images of `held`, or with every image if `held` is None."""

    held: set[str] | None = None  # references without tag
    tags: dict[str, str] = field(default_factory=dict)  # digests by reference
    unreachable: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def resolve_digest(self, tagged: RegistryImage) -> str | None:
        self._record_call("digest", tagged)
        return self.tags.get(str(tagged.image))

    def find_image(self, pinned: RegistryImage) -> Presence:
        self._record_call("find", pinned)
        return "there" if self.held is None or str(pinned.image) in self.held else "absent"

    def copy_image(self, source: RegistryImage, target: RegistryImage, tell: Callable[[CopyProgress], None]) -> None:
        self._record_call("copy from", source)
        self._record_call("copy to", target)
        for blobs in (0, 1, 2):
            tell(CopyProgress(blobs, 2, blobs << 20, 2 << 20))
        assert self.held is not None
        assert str(source.image) in self.held
        self.held.add(str(target.image))

    def _record_call(self, what: str, pulled: RegistryImage) -> None:
        self.asked.append((what, str(pulled.image), pulled.environment))
        if pulled.image.registry in self.unreachable:
            raise OperationFailedError(Problem("E433", f"{pulled.image.registry} can't be reached", "try again"))


@dataclass
class MemorySecrets:
    """Secrets by environment and name."""

    held: dict[tuple[str, str], bytes] = field(default_factory=dict)
    otherwise: dict[tuple[str, str], SecretState] = field(default_factory=dict)  # states of faulty secrets
    types: dict[str, str] = field(default_factory=dict)  # types of SSM parameters
    unreadable: dict[tuple[str, str], str] = field(default_factory=dict)  # reasons by environment and name
    read: list[tuple[str, str]] = field(default_factory=list)  # environment and id of every value that was read
    looked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    created: dict[tuple[str, str], tuple[Mapping[str, str], str]] = field(default_factory=dict)

    def check_secrets(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        self.looked.append((environment, tuple(each.id for each in wanted)))
        return tuple(self._inspect_secret(environment, each) for each in wanted)

    def _inspect_secret(self, environment: str, secret: NeededSecret) -> Sighting:
        where = (environment, secret.name)
        state = self.otherwise.get(where, "there" if where in self.held else "absent")
        if state == "unknown":
            permission = "the permission secretsmanager:DescribeSecret is missing"
            return Sighting(secret, state, remark=permission, hint="allow it")
        at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC) if state != "absent" else None
        return Sighting(
            secret, state, at, type=self.types.get(secret.name, "SecureString" if secret.kind == "ssm" else "")
        )

    def read_values(self, environment: str, wanted: Sequence[SecretReference]) -> tuple[SecretReading, ...]:
        self.read += [(environment, each.id) for each in wanted]
        return tuple(self._read_value((environment, each.id)) for each in wanted)

    def _read_value(self, where: tuple[str, str]) -> SecretReading:
        if where in self.unreadable:
            return SecretReading(problem=self.unreadable[where], hint="allow it")
        if where not in self.held:
            return SecretReading(problem="does not exist, or has no such version", is_absent=True)
        return SecretReading(self.held[where].decode())

    def put_secret(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        where = (environment, seen.secret.name)
        if seen.state == "absent":
            self.created[where] = (tags, kms_key)
        self.held[where] = value.data


@dataclass
class MemoryVariables:
    """Environment variables with secret values."""

    values: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    def withdraw_variables(self, names: Iterable[str]) -> bool:
        before = len(self.withdrawn)
        self.withdrawn |= set(names) & self.values.keys()
        return len(self.withdrawn) > before

    def read_variable(self, name: str) -> str | None:
        return self.values.get(name)


@dataclass
class MemorySignatures:
    """KMS keys, at most one per environment."""

    private: dict[str, EllipticCurvePrivateKey] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    signed: list[tuple[str, bool]] = field(default_factory=list)  # environment, and `personally`
    look: "MemorySignatures | None" = None

    def for_looks(self) -> "MemorySignatures":
        self.look = self.look or MemorySignatures()
        return self.look

    def key_arn(self, environment: str) -> str:
        return f"arn:aws:kms:ap-northeast-1:111111111111:alias/envctl-{environment}"

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        if environment in self.refused:
            raise OperationFailedError(Problem("E468", f"the KMS key of {environment} does not sign"))
        assert algorithm == "ECDSA_SHA_256"
        self.signed.append((environment, personally))
        return self.private[environment].sign(message, ECDSA(SHA256()))

    def fetch_public_key(self, environment: str) -> bytes:
        if environment not in self.private:
            raise OperationFailedError(Problem("E467", f"there is no KMS key for {environment}"))
        public = self.private[environment].public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def create_key(self, environment: str) -> bool:
        if environment in self.private:
            return False
        self.private[environment] = generate_private_key(SECP256R1())
        return True


@dataclass
class MemoryAlarms:
    """Alarms with the given states; all others are absent. `fails` is raised in place of an answer."""

    states: dict[str, AlarmState] = field(default_factory=dict)
    fails: EnvctlError | None = None
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    def check_alarms(self, environment: str, region: str, names: Sequence[str]) -> tuple[AlarmStatus, ...]:
        self.asked.append((environment, region, tuple(names)))
        if self.fails is not None:
            raise self.fails
        return tuple(AlarmStatus(name, self.states.get(name, "absent"), "as told") for name in names)


@dataclass
class SettableClock:
    time: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@dataclass
class CountedNonces:
    given: int = 0

    def new(self) -> str:
        self.given += 1
        return f"mark {self.given}"


@dataclass
class SettableIdentity:
    name: str = "ann@example.com"
    via: Literal["aws", "github", "local"] = "local"
    why: str = ""

    def identify_actor(self) -> Actor:
        if self.via == "aws":
            return Actor(self.name, via="aws", verified=True, arn=self.name)
        return Actor(self.name, via=self.via)

    def explain_doubt(self) -> str:
        return self.why


@dataclass
class SettableReviews:
    """Reviews of a CI job."""

    names: dict[str, list[str]] = field(default_factory=dict)  # approvers, by environment
    written: dict[str, list[str]] = field(default_factory=dict)  # authors, by commit
    in_job: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)  # for authors: commit, and the commit before

    def list_approvers(self, environment: str) -> list[str]:
        return self.names.get(environment, [])

    def has_reviews(self) -> bool:
        return self.in_job

    def list_authors(self, commit: str, since: str = "") -> list[str]:
        self.asked.append((commit, since))
        return self.written.get(commit, [])


@dataclass
class SettableJobRequests:
    """The requests of CI jobs, by commit."""

    requests: dict[str, JobRequest] = field(default_factory=dict)
    base: str = ""
    for_request: bool = False

    def is_for_request(self) -> bool:
        return self.for_request

    def find_request(self, commit: str) -> JobRequest:
        return self.requests.get(commit, JobRequest())

    def find_base(self, commit: str) -> str:
        return self.base


@dataclass
class SettableVersionControl:
    known: Revision = field(default_factory=lambda: Revision("c0ffee", "ann@example.com", uncommitted=False))
    lies_in: str | None = None
    remote: str = ""
    others: dict[str, list[str]] = field(default_factory=dict)  # contributors, by the commit before theirs
    wrote: dict[str, list[str]] = field(default_factory=dict)  # authors, by file
    # True for a descendant of the working tree's commit, None if unknown.
    descendants: dict[str, bool | None] = field(default_factory=dict)

    messages: dict[str, CommitMessage] = field(default_factory=dict)  # by commit
    changed: dict[str, list[str]] = field(default_factory=dict)  # paths, by the base of a request

    def read_revision(self, paths: Sequence[str]) -> Revision:
        return self.known

    def read_message(self, commit: str) -> CommitMessage:
        return self.messages.get(commit, CommitMessage())

    def list_contributors(self, since: str) -> list[str]:
        return self.others.get(since, [])

    def list_file_authors(self, path: str, since: str) -> list[str]:
        return self.wrote.get(path, [])

    def list_changes(self, base: str) -> list[str] | None:
        return self.changed.get(base)

    def is_behind(self, commit: str) -> bool | None:
        return self.descendants.get(commit, False)

    def read_remote(self) -> str:
        return self.remote

    def locate_project(self) -> str | None:
        return self.lies_in


@dataclass
class RecordingObserver:
    plans: list[EnvironmentPlan] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    intended: list[tuple[BucketReport, ...]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def on_start(self, environments: Sequence[str]) -> None:
        pass

    def on_progress(self, event: ProgressEvent) -> None:
        pass

    def on_plan(self, plan: EnvironmentPlan) -> None:
        self.plans.append(plan)

    def on_message(self, message: str) -> None:
        self.heard.append(message)

    def on_bucket_plan(self, buckets: Sequence[BucketReport]) -> None:
        self.intended.append(tuple(buckets))

    def redact(self, values: Collection[object], public: Collection[str] = ()) -> None:
        self.hidden.update(map(str, values))


@dataclass
class ScriptedPrompter:
    """Gives the scripted answers, and yes after them. With `nobody` it acts as without a terminal."""

    answers: list[bool] = field(default_factory=list)
    asked: list[EnvironmentPlan] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    changes: list[SecretChange] = field(default_factory=list)
    nobody: bool = False
    chosen: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    yes: PlanAnswer = "yes"

    def require_answer(self, environment: str) -> None:
        if self.nobody:
            raise UsageError(Problem("E001", f"nobody to ask about {environment}"))

    def confirm_plan(self, plan: EnvironmentPlan, *, again: bool) -> PlanAnswer:
        self.asked.append(plan)
        return ("yes" if again else self.yes) if self._take_answer() else ""

    def confirm_approval(self, plan: EnvironmentPlan, gate: str, notes: Sequence[str]) -> bool:
        self.asked.append(plan)
        self.notes.append(tuple(notes))
        return self._take_answer()

    def confirm_rules(self, environment: str, gate: str, changes: Sequence[str]) -> bool:
        self.notes.append(tuple(changes))
        return self._take_answer()

    def confirm_unlock(self, lock: StateLock) -> bool:
        return self._take_answer()

    def confirm_secret(self, change: SecretChange) -> bool:
        self.changes.append(change)
        return self._take_answer()

    def confirm_buckets(self, buckets: Sequence[BucketReport]) -> bool:
        return self._take_answer()

    def prompt_text(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        """Return the next valid answer of `chosen`, or the default."""
        if self.nobody:
            return otherwise
        self.questions.append(question)
        while self.chosen:
            if not wrong(answer := self.chosen.pop(0) or otherwise):
                return answer
        return otherwise

    def _take_answer(self) -> bool:
        if self.nobody:
            raise UsageError(Problem("E001", "nobody to ask"))
        return self.answers.pop(0) if self.answers else True


@dataclass
class MemoryCheckRunner:
    """Finds the given problems, by the name of a check; all other checks pass."""

    problems: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[Probe, Mapping[str, str]]] = field(default_factory=list)

    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        self.asked.append((probe, surroundings))
        return self.problems.get(probe.name, "")


@dataclass
class MemoryCostEstimator:
    """Gives one fixed answer, and records the questions."""

    answer: CostAnswer = field(
        default_factory=lambda: CostAnswer(b'{"currency": "USD", "monthly": {"before": 1, "after": 2}}')
    )
    asked: list[tuple[CostSource, bytes]] = field(default_factory=list)

    def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
        self.asked.append((source, question))
        return self.answer


PROJECT = b"""
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1, business = 2 }

[stacks.network]
module = "modules/network"

[stacks.web]
module = "modules/web"
inputs = { subnet = "network.subnet" }

[artifacts]
app = { variable = "image", kind = "oci" }
"""

NETWORK = b"""
variable "cidr" { type = string }
variable "environment" { type = string }
output "subnet" { value = var.cidr }
"""

WEB = b"""
variable "subnet" { type = string }
variable "size" { type = number }
variable "image" { type = string }
"""

IMAGE = "registry.example.com/shop@sha256:" + "a" * 64


def project_files() -> dict[str, bytes]:
    return {
        "envctl.toml": PROJECT,
        "modules/network/main.tf": NETWORK,
        "modules/web/main.tf": WEB,
        "environments/common.tfvars": b"size = 1\n",
        "environments/dev/terraform.tfvars": f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n'.encode(),
        "environments/staging/terraform.tfvars": b'cidr = "10.20.0.0/16"\n',
        "environments/prod/terraform.tfvars": b'cidr = "10.30.0.0/16"\nsize = 3\n',
    }


def write_project(root: Path) -> None:
    for name, data in project_files().items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@dataclass
class World:
    """All fakes of one test, usable as its ports."""

    tree: MemoryTree = field(default_factory=lambda: MemoryTree(project_files()))
    store: MemoryStore = field(default_factory=MemoryStore)
    head_cache: MemoryHeadCache = field(default_factory=MemoryHeadCache)
    workspace: MemoryWorkspace = field(default_factory=MemoryWorkspace)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    registries: MemoryRegistries = field(default_factory=MemoryRegistries)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    signatures: MemorySignatures = field(default_factory=MemorySignatures)
    secret_variables: MemoryVariables = field(default_factory=MemoryVariables)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    kubernetes_clusters: MemoryClusters = field(default_factory=MemoryClusters)
    looking_clusters: MemoryClusters = field(default_factory=MemoryClusters)
    cluster_inspector: MemoryClusterInspector = field(default_factory=MemoryClusterInspector)
    clock: SettableClock = field(default_factory=SettableClock)
    nonces: CountedNonces = field(default_factory=CountedNonces)
    identity: SettableIdentity = field(default_factory=SettableIdentity)
    version_control: SettableVersionControl = field(default_factory=SettableVersionControl)
    reviews: SettableReviews = field(default_factory=SettableReviews)
    job_requests: SettableJobRequests = field(default_factory=SettableJobRequests)
    ci_forge: SettableCiForge = field(default_factory=SettableCiForge)
    ci_roles: ScriptedCiRoles = field(default_factory=ScriptedCiRoles)
    config_reader: ProjectFileReader = field(default_factory=lambda: ProjectFileReader(sandbox=False))
    manifests: KubernetesManifests = field(default_factory=KubernetesManifests)
    remote_modules: MemoryRemoteModules = field(default_factory=MemoryRemoteModules)
    formatter: MemoryFormatter = field(default_factory=MemoryFormatter)
    observer: RecordingObserver = field(default_factory=RecordingObserver)
    prompter: ScriptedPrompter = field(default_factory=ScriptedPrompter)
    check_runner: MemoryCheckRunner = field(default_factory=MemoryCheckRunner)
    cost_estimator: MemoryCostEstimator = field(default_factory=MemoryCostEstimator)
    templates: MemoryTemplates = field(default_factory=MemoryTemplates)
    installation: MemoryInstallation = field(default_factory=MemoryInstallation)
    project_folder: MemoryProjectFolder = field(default_factory=MemoryProjectFolder)
    sandbox: bool = False
    provider_lock: str = ".terraform.lock.hcl"

    def __post_init__(self) -> None:
        self.terraform = MemoryTerraform(self.workspace)
        self._owned = b"", Owner("")
        self._trusted: tuple[dict[str, bytes], Trust] = ({}, Trust())

    @property
    def ports(self) -> Ports:
        return self

    @property
    def trust(self) -> Trust:
        """Return the trust of the next command, loaded again after a change of project file or keys."""
        pinning = {name: data for name, data in self.tree.content.items() if name.endswith((".toml", ".pem"))}
        if b"signing_key" not in pinning.get(PROJECT_FILE, b""):
            return Trust()
        if self._trusted[0] != pinning:
            self._trusted = pinning, trusts.load_trust(self.tree, project_file.load_project(self))
        return self._trusted[1]

    @property
    def owner(self) -> Owner:
        data = self.tree.content.get(PROJECT_FILE, b"")
        if self._owned[0] != data:
            self._owned = data, project_file.load_project(self).owner
        return self._owned[1]

    def edit(self, path: str, text: str) -> None:
        self.tree.content[path] = text.encode()


def list_entries(world: World) -> list[Entry]:
    """Return the whole ledger, oldest entry first."""
    return list(record.read_newest_first(world.ports))[::-1]
