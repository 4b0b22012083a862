"""Terraform and its workspace in memory."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    LockHeldError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
)
from envctl.domain.plan.changes import Action, AttributeChange, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.cluster_identity import CLUSTER_KEY, ClusterIdentity, is_same_cluster
from envctl.domain.plan.drift import StackComparison
from envctl.domain.plan.fingerprint import encode_path, plan_value
from envctl.domain.plan.forecasts import ForecastOutputs
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.domain.release.bundle import File
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.outputs import Output
from envctl.domain.terraform.workdir_names import LEAVING_FOLDER
from envctl.usecases.ports.kubernetes import AnotherClusterError
from envctl.usecases.ports.project import CheckOutline
from envctl.usecases.ports.terraform import (
    BackendMistake,
    CheckBlock,
    HashedProviders,
    InstalledTerraform,
    OnFinished,
    PlanLocking,
    PreparedEnvironment,
    PreparedStack,
    ProviderSource,
    UnpinnedProvider,
    ignore_changes,
)


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
    existing: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # resources that it can't create
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
    check_blocks: dict[tuple[str, str], tuple[CheckBlock, ...]] = field(default_factory=dict)
    # Warnings of plans without changes.
    warnings: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    # What an apply finishes before it ends, well or not: address and action.
    finishes: dict[tuple[str, str], tuple[tuple[str, Action], ...]] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], EnvctlError] = field(default_factory=dict)
    installed_terraform: InstalledTerraform | EnvctlError = field(
        default_factory=lambda: InstalledTerraform("/usr/bin/terraform", "1.15.5")
    )
    # What happens outside once a stack was applied.
    after_apply: dict[tuple[str, str], Callable[[], None]] = field(default_factory=dict)
    # The cluster of Kubernetes objects, by environment; without one, each name is a cluster of its own.
    clusters: dict[str, ClusterIdentity] = field(default_factory=dict)
    # Whether plans have no cluster, as those of an older envctl.
    knows_clusters: bool = True
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
    # The secrets of the last plan.
    passed: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    on_pause: Callable[[float], None] = lambda _: None
    # The outputs that each forecast got, and the stacks that can't be forecast.
    forecasts: dict[tuple[str, str], ForecastOutputs] = field(default_factory=dict)
    unforeseeable: set[tuple[str, str]] = field(default_factory=set)

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
        try:
            cluster = self._meet_cluster(environment, stack)
        except AnotherClusterError:
            if not destroy or stack.leaves:
                raise
            self.states.discard(self._locate_state(where))
            return StackPlan(stack.name, stateless=True)
        there, wanted = (
            self.reality.get(self._locate_state(where)),
            None if destroy else self._hash_configuration(environment, stack),
        )
        self.planned[where] = wanted
        held = 0 if there is None else 1
        if there == wanted or where in self.resourceless:
            return StackPlan(
                stack.name,
                stateless=destroy and self._locate_state(where) not in self.states,
                in_state=held,
                warnings=self.warnings.get(where, ()),
                cluster=cluster,
            )
        on_changes()
        action = Action.CREATE if there is None else Action.DELETE if wanted is None else Action.UPDATE
        value = AttributeChange("input", there, wanted)
        resource = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=action, attributes=(value,)
        )
        if cluster:
            planned = {encode_path(("input",)): plan_value(wanted, there), CLUSTER_KEY: plan_value(cluster.recorded)}
            resource = replace(resource, planned=planned)
        return StackPlan(
            stack.name,
            resources=(*self.extra_changes.get(where, ()), resource),
            cluster=cluster,
            outputs=self.extra_outputs.get(where, ()),
            stateless=there is None,
            in_state=held,
            providers=self.configurations.get(where, ()),
            warnings=self.warnings.get(where, ()),
        )

    def _meet_cluster(self, environment: str, stack: PreparedStack) -> ClusterIdentity | None:
        """Return the cluster of a stack of objects. Raises AnotherClusterError, as the driver does."""
        if stack.workload is None or not self.knows_clusters:
            return None
        reference = stack.workload.cluster
        name = reference.context or reference.name or "of an output"
        found = self.clusters.get(
            environment, ClusterIdentity(f"uid-{name}", name=f"context {name}", server="https://k")
        )
        if stack.known_cluster and not is_same_cluster(stack.known_cluster, found.recorded):
            raise AnotherClusterError(environment, stack.name, stack.known_cluster, found)
        return found

    def _require_plannable(self, environment: str, stack: PreparedStack, *, destroy: bool) -> None:
        where = (environment, stack.name)
        if where in self.unplannable:
            raise OperationFailedError(Problem("E305", f"{stack.name} can't be planned"))
        upstream = self.waits_for.get(where)
        if upstream and not destroy:
            there = self.reality.get((environment, upstream))
            if there != self._hash_configuration(environment, PreparedStack(upstream)):
                raise UpstreamBehindError((upstream,), Problem("E305", f"{upstream} does not put that out"))

    def forecast(self, environment: str, stack: PreparedStack, outputs: ForecastOutputs) -> StackPlan:
        where = (environment, stack.name)
        self.forecasts[where] = outputs
        if where in self.unforeseeable:
            raise OperationFailedError(Problem("E305", f"{stack.name}: Invalid count argument\nIt depends. More."))
        value = AttributeChange("input", None, "foreseen")
        resource = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=Action.CREATE, attributes=(value,)
        )
        return StackPlan(
            stack.name,
            resources=(*self.extra_changes.get(where, ()), resource),
            outputs=self.extra_outputs.get(where, ()),
        )

    def apply(self, environment: str, stack: PreparedStack, on_finished: OnFinished = ignore_changes) -> None:
        where = (environment, stack.name)
        self.calls.append(("apply", *where))
        if where in self.dies_on:
            raise Killed
        for address, action in self.finishes.get(where, ()):
            on_finished(address, action)
        if where in self.fails_on:
            raise OperationFailedError(Problem("E305", f"{stack.name} {self.failure}", stack=stack.name))
        if where in self.existing:
            exists = f"{stack.name}: it exists already"
            found = (Problem("E367", exists, stack=stack.name, address=each) for each in self.existing[where])
            raise OperationFailedError(*found)
        if where in self.interrupted:
            raise InterruptedByUserError(Problem("E311", "interrupted: Terraform stopped cleanly"))
        planned, there = self.planned.pop(where), self._locate_state(where)
        # The state remains after a destroy.
        self.states.add(there)
        if planned is None:
            del self.reality[there]
        else:
            self.reality[there] = planned
        self.after_apply.get(where, lambda: None)()

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        self._meet_cluster(environment, stack)
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
        self._meet_cluster(environment, stack)
        changed = AttributeChange("input", "as applied", "changed by hand")
        drifted = ResourceChange(
            address=f"terraform_data.{stack.name}", type="terraform_data", action=Action.UPDATE, attributes=(changed,)
        )
        resources = (drifted,) if where in self.drifted else ()
        drift = StackPlan(stack.name, resources=resources, warnings=self.warnings.get(where, ()))
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

    def ask_check_blocks(self, environment: str, stack: PreparedStack) -> Sequence[CheckBlock]:
        self.passed[environment, stack.name] = stack.secrets
        return self.check_blocks.get((environment, stack.name), ())

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
