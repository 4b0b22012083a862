"""Ports to Terraform and its worker pool."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from envctl.usecases.ports.writes import writes

if TYPE_CHECKING:
    # Every command imports this file: types are imported for type checking only.
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.errors import Location
    from envctl.domain.kubernetes.workload import Workload
    from envctl.domain.plan.changes import Action, Leaves, StackPlan
    from envctl.domain.plan.drift import StackComparison
    from envctl.domain.plan.forecasts import ForecastOutputs
    from envctl.domain.terraform.outputs import Output, StackInput
    from envctl.usecases.ports.aws import SecretReference
    from envctl.usecases.ports.cost import CostSource


@dataclass(frozen=True)
class PreparedStack:
    """A root module ready to run."""

    name: str
    _: KW_ONLY
    upstream: tuple[str, ...] = ()  # stacks whose outputs it reads
    secrets: Mapping[str, str] = field(default_factory=dict)  # for Terraform's environment, never written
    binary: str = ""  # the Terraform program in the project file
    profile: str = ""  # the AWS profile, used if this machine has it
    after: tuple[str, ...] = ()  # further stacks to apply first
    plan_keys: tuple[str, ...] = ()  # plan keys unknown to envctl and allowed by the project
    leaves: Leaves = ""  # the fate of a stack dropped by the release
    unready: str = ""  # why a stack to forget could not be prepared
    base: str = ""  # folder of the project in the code of the release, if that has code from outside of the project
    workspace: str = ""  # the workspace that holds its state; empty for the default one
    root: str = ""  # folder of a root module that runs as it is, in the tree of the stack; empty for a rendered one
    inputs: tuple[StackInput, ...] = ()  # variables of such a root from the outputs of other stacks
    warm: bool = True  # whether the project file lets envctl start its providers
    region: str = ""  # the AWS region of such a root: an override can't add an argument that its provider requires
    workload: Workload | None = None  # set for a stack of Kubernetes objects, which has no root module
    former_cluster: str = ""  # the cluster of its last release, if the code of such a stack names another one now
    known_cluster: str = ""  # the cluster of its objects as the ledger recorded it; empty if unknown or to be replaced
    # Arguments of a rendered root module from the outputs of other stacks: it reads them itself, but for a forecast.
    reads: tuple[StackInput, ...] = ()

    @property
    def address_prefix(self) -> str:
        """The beginning of all its addresses in plan and state; empty for a root module that runs as it is."""
        return "" if self.root or self.workload else f"module.{self.name}."

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks to apply before this one."""
        return tuple(dict.fromkeys((*self.upstream, *self.after)))


def format_import_address(stack: PreparedStack, address: str) -> str:
    """Return the address of a resource as `envctl recover --import` takes it, from its address in the stack.

    It always names the stack: `module.web.x` may be in the stack `web`, or in a root module with a module `web`.
    """
    return f"{stack.name}:{address}"


@dataclass(frozen=True)
class ValueSource:
    """Where a variable of a stack has its secret value. The value itself is not in here."""

    stack: str
    variable: str
    type_text: str
    name: str  # the environment variable; empty if the value is in AWS
    key: str  # key of a JSON object in the value; empty for the whole value
    secret: SecretReference | None  # None for an environment variable


@dataclass(frozen=True, kw_only=True)
class PreparedEnvironment:
    """Root modules of an environment, rendered from one release and one settings digest."""

    environment: str
    release: str
    settings: str
    stacks: tuple[PreparedStack, ...]
    traffic: Mapping[str, str] = field(default_factory=dict)  # positions used for rendering, by stack with a rollout
    costs: CostSource | None = None  # the cost program, if configured
    # Stacks dropped by the release and still deployed, prepared with their last code.
    leaving: tuple[PreparedStack, ...] = ()
    value_sources: tuple[ValueSource, ...] = ()  # the sources of secret values, in a preparation that is kept
    # Every environment variable of the project with a secret value, in such a preparation.
    withheld: tuple[str, ...] = ()
    public_names: tuple[str, ...] = ()  # names that no redaction replaces, in such a preparation
    has_account: bool = True  # whether it has an AWS account or a state bucket to check

    @property
    def all_stacks(self) -> tuple[PreparedStack, ...]:
        return (*self.stacks, *self.leaving)

    def find_stack(self, name: str) -> PreparedStack:
        return next(stack for stack in self.all_stacks if stack.name == name)


@dataclass(frozen=True)
class InstalledTerraform:
    """An installed Terraform or OpenTofu. `program` is its display name."""

    program: str
    version: str
    _: KW_ONLY
    sha256: str = ""  # of the executable; empty for a script and the embedded one
    pinned: str = ""  # the program that `[terraform.pin]` names, if it is this one: `terraform` or `tofu`

    def __str__(self) -> str:
        """Return its kind and version, as in `OpenTofu 1.10.2`: the path differs between machines."""
        name = self.pinned or self.program.replace("\\", "/").rpartition("/")[2].lower()
        kind = "OpenTofu" if "tofu" in name else "Terraform"
        return f"{kind} {self.version}"


@dataclass(frozen=True)
class ProviderSource:
    """Where providers would be downloaded from."""

    kind: Literal["cache", "mirror", "registry"]
    where: str
    asked: bool = False  # True if the source was contacted
    problem: str = ""  # the reason if no download is possible


@dataclass(frozen=True)
class BackendMistake:
    """What Terraform refuses in the block of a backend, and the key that it stands at."""

    key: str
    message: str


@dataclass(frozen=True)
class UnpinnedProvider:
    """A provider override of the lock: its address, and the variable or file declaring it."""

    address: str
    said_by: str
    location: Location | None = None


@dataclass(frozen=True)
class HashedProviders:
    """A provider lock for all `needed` addresses. `lacking` lists missing platforms by address."""

    lock: bytes
    needed: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ProgressEvent:
    """A progress event of Terraform.

    The phases init, plan and over concern the whole stack (over ends each of them, and an apply), the others one
    resource. `elapsed` is in seconds.
    """

    stack: str
    phase: Literal["init", "refresh", "plan", "started", "still", "done", "failed", "over"]
    address: str = ""
    action: Action | None = None
    elapsed: float = 0.0
    environment: str = ""


class MessageRedactor(Protocol):
    """Redaction of sensitive values."""

    def add_secrets(self, values: Collection[object], public: Iterable[str] = ()) -> object:
        """Redact these values from now on. `public` names are never secret."""

    def redact_message(self, text: str) -> str:
        """Return the message of another program without sensitive values."""


class NullRedactor:
    """Null object: nothing is sensitive."""

    def add_secrets(self, values: Collection[object], public: Iterable[str] = ()) -> None: ...

    def redact_message(self, text: str) -> str:
        return text


class Tracer(Protocol):
    """Recorder of durations, for `--trace`."""

    def span(self, name: str, lane: str = "") -> AbstractContextManager[None]:
        """Record the duration of the block. Parallel work is separated by `lane`."""

    def record_value(self, name: str, value: float) -> None:
        """Record the current value of a counter."""


class NullTracer:
    """Null object: records nothing."""

    def span(self, name: str, lane: str = "") -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def record_value(self, name: str, value: float) -> None: ...


NO_TRACE = NullTracer()


class WorkerPool(Protocol):
    """Runs jobs of several stacks in parallel, within the limits of the machine."""

    @property
    def stop_requested(self) -> bool:
        """Whether the user stops the command. A signal may come when no job is left to notice it."""

    def submit(self, name: str, job: Callable[[], None], unit: str = "") -> None:
        """Start the job as soon as a worker is free. `unit` is a key like `dev/network`, for its known memory need."""

    def wait_for_job(self) -> tuple[str, BaseException | None]:
        """Wait for the next job to end; return its name and its exception."""

    def has_ended_job(self) -> bool:
        """Tell whether a job has ended that was not waited for yet."""

    def pause(self, seconds: float) -> None:
        """Sleep within a job; raise InterruptedByUserError as soon as the user stops the command."""

    def interruptible_prompt(self) -> AbstractContextManager[None]:
        """Let Ctrl-C end a prompt, and not only the running jobs."""


PlanLocking = Literal["wait", "at once", "none"]
"""How a plan takes the lock of the state: after a wait, or not if it is held, or never. Without the lock it holds up no
deployment and leaves no lock if it is killed, but must not be applied.
"""


def ignore_changes(*_: object) -> None:
    """Do nothing about the changes of a plan, or a finished one of an apply."""


OnFinished: TypeAlias = "Callable[[str, Action], None]"
"""Called with address and action of each change that an apply has finished."""


CHECK_WARNING = "Check block assertion failed"
"""Terraform warns so of a check block whose condition is false."""


@dataclass(frozen=True)
class CheckBlock:
    """The result of a `check` block of Terraform."""

    address: str  # within the stack, without keys of instances, such as `module.db.check.health`
    status: str  # `pass`, `fail`, or any other text: then it gave no answer
    messages: tuple[str, ...] = ()  # of its failed assertions and data sources
    location: Location | None = None  # its line, if it is known and the block did not pass


class StackDriver(Protocol):
    """What runs one kind of stacks, in the directories written by a Workspace. Methods raise OperationFailedError with
    the message of the program or server behind, StateLockedError for a locked state, LockHeldError if an earlier run
    still works there, and InterruptedByUserError after a clean stop.
    """

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        """Prepare the stack for its commands, unless nothing relevant changed since the last time: `terraform init`."""

    def require_idle(self, environment: str, stack: PreparedStack) -> None:
        """Raise LockHeldError while an earlier Terraform still runs there: its inputs must not change."""

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: PlanLocking = "wait",
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        """Save and return the plan for `apply`. `destroy` deletes everything in the state. If there are changes,
        `on_changes` is called while Terraform still plans, in the thread of the stack. It may also be called for a plan
        that turns out to have none.
        """

    def forecast(self, environment: str, stack: PreparedStack, outputs: ForecastOutputs) -> StackPlan:
        """Plan a new stack with these outputs for those in states. Nothing is saved, its state not read or locked."""

    @writes("state")
    def refresh_state(self, environment: str, stack: PreparedStack) -> None:
        """Refresh the state from reality, without any change."""

    def detect_drift(
        self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
    ) -> StackComparison:
        """Return the drift of reality, and the pending changes of the configuration, against the state. `unchanged` is
        True for the very configuration applied last. Without `locked` no state lock is taken.
        """

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        """Check if a state exists, even an empty one."""

    def read_outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        """Return the outputs in the state; none without a state."""

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        """Return the raw state; empty if there is none."""

    @writes("state")
    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        """Replace the state by another one of the same lineage."""

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        """Acquire and release the state lock. Raises StateLockedError if it is held."""

    @writes("lock")
    def force_unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        """Break the state lock with that id, and no other."""

    @writes("state")
    def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        """Import an existing resource by its address in the root module and its provider id."""

    @writes("state")
    def push_unsaved_state(self, environment: str, stack: PreparedStack) -> bool:
        """Push the state left by a failed apply (`errored.tfstate`); return True if there was one."""

    @writes("state", "cluster")
    def apply(self, environment: str, stack: PreparedStack, on_finished: OnFinished = ignore_changes) -> None:
        """Apply and delete the saved plan. `on_finished` gets address and action of each finished change, always."""

    def delete_plan(self, environment: str, stack: PreparedStack) -> None:
        """Delete the saved plan: it may hold secrets."""

    def delete_plans(self, environment: str) -> None:
        """Delete all plans saved for an environment by this command."""

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        """Wait until what was applied works, if later than the apply. Raises OperationFailedError otherwise."""


class Terraform(StackDriver, Protocol):
    """Terraform, and the stacks of all kinds beside it: their jobs share its worker pool."""

    def detect_version(self, binary: str) -> InstalledTerraform:
        """Run `binary`, the program of the project file if any, to find its version."""

    def ask_check_blocks(self, environment: str, stack: PreparedStack) -> Sequence[CheckBlock]:
        """Plan a Terraform stack as it is, if its code has check blocks, and return their results."""

    def find_provider_source(self, providers: Mapping[str, str], *, knock: bool) -> ProviderSource:
        """Return where these providers (address, version) would come from. Only `knock` contacts a registry."""

    def find_unpinned_providers(self) -> tuple[UnpinnedProvider, ...]:
        """Return the providers overridden by variables or configuration files."""

    def expect_plan(self, environment: str, stack: PreparedStack) -> None:
        """Start what the plan of this stack needs, and do not wait for it: the plan is the next run."""

    def expect_checks(self, environments: Sequence[str]) -> None:
        """Start what a drift check of each environment needs, if an earlier one found a single stack there."""

    def expect_refresh(self, environment: str, stack: PreparedStack) -> None:
        """Tell that `refresh_state` follows the apply of a stack: what it needs may be kept."""

    def explain_provider_start(self, environment: str, stack: PreparedStack) -> str | None:
        """Return why Terraform starts the providers of a stack itself; empty if envctl starts them; None for a stack
        that is not initialized here. Starts no process.
        """

    def check_backend(self, binary: str, kind: str, keys: Mapping[str, object]) -> tuple[BackendMistake, ...]:
        """Return the mistakes that Terraform finds in the keys of a backend, without a call to any server. Raises
        ConfigurationError or OperationFailedError without a Terraform.
        """

    def open_worker_pool(self) -> AbstractContextManager[WorkerPool]:
        """Open the worker pool; its jobs may call all other methods. The block ends after all jobs."""

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> HashedProviders:
        """Return the lock with hashes for these platforms, in the locked versions or else the newest. Raises
        OperationFailedError if no version fits.
        """


class Formatter(Protocol):
    def format_files(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Return the files as `terraform fmt` writes them, without writing any. `binary` is the program of the project
        file. Raises ConfigurationError with the syntax errors of all files.
        """
