"""What the use cases need of the world, as small Protocols. The adapters are them; the tests have fakes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from envctl.domain.errors import OperationFailedError

if TYPE_CHECKING:
    # Every command imports this file; what its signatures speak of is imported by those who use it.
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from envctl.domain.changes import Action, EnvironmentPlan, StackPlan
    from envctl.domain.checks import Output, Probe
    from envctl.domain.drift import Look
    from envctl.domain.errors import Location, StateLock
    from envctl.domain.events import Actor
    from envctl.domain.project import Project
    from envctl.domain.release import File, Release
    from envctl.domain.remote_modules import FoundModule
    from envctl.domain.secrets import SecretChange
    from envctl.domain.settings import ModuleCall, ModuleInterface, SettingsFile
    from envctl.domain.trust import Trust
    from envctl.usecases.aws_ports import Access, Alarms, Buckets, Registries, Secrets, Signatures
    from envctl.usecases.bucket_report import BucketReport


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, in UTC."""


class Marks(Protocol):
    def fresh(self) -> str:
        """A text that nobody else was ever given."""


class Identity(Protocol):
    def actor(self) -> Actor:
        """Who is at work."""


class Reviews(Protocol):
    """Who let the job begin in which envctl runs, where the code is hosted."""

    def approved(self, environment: str) -> Sequence[str]:
        """The names of those who approved it as reviewers of the forge's own environment, each once. Raises UsageError
        where there is no such job, and OperationFailedError where it can't be asked.
        """


@dataclass(frozen=True)
class Revision:
    """`uncommitted` is true where the tree differs from the commit, or where there is no commit at all."""

    commit: str = ""
    author: str = ""
    uncommitted: bool = True


class VersionControl(Protocol):
    def revision(self, paths: Sequence[str]) -> Revision:
        """The commit of the working tree, looking only at these paths for what is uncommitted."""

    def folder(self) -> str | None:
        """Where the project lies in its repository, empty at the top; None where it is in none."""


class AlreadyExistsError(Exception):
    """Somebody else was first to create it."""


class UnansweredError(OperationFailedError):
    """The store did not say whether it was created."""


class Store(Protocol):
    """Named bytes that are created once and never change. Keys are like `ledger/0000000001.json`."""

    def create(self, key: str, data: bytes) -> None:
        """Creates it whole or not at all. Raises AlreadyExistsError, also where two try at once, and also where it was
        created by this very call whose first answer got lost. After an UnansweredError it may be there or not, after
        any other error it is not.
        """

    def read(self, key: str) -> bytes | None: ...

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        """Each of them, in their order; faster than one by one where the store is far away."""

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """The keys that begin with `prefix` and sort after `after`, sorted."""

    def fetching(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        """Says what will be read within it, and listed (`prefix`, `after`): a store that is far away fetches it all at
        once. It changes no answer.
        """


class SourceTree(Protocol):
    """The project's folder. Paths are relative to it, with `/`."""

    def read(self, path: str) -> bytes | None: ...

    def file(self, path: str) -> File | None:
        """Raises ConfigurationError where it is a link that leads out of the project."""

    def folder(self, path: str, endings: tuple[str, ...] = ("",)) -> Mapping[str, File] | None:
        """The files below a folder whose names end so, by their path in the project; None where there is no such
        folder. Raises ConfigurationError where one is a link that leads out of the project.
        """

    def write(self, path: str, data: bytes) -> None:
        """Whole or not at all. What is there keeps its mode, and a link its target."""


class Reader(Protocol):
    """Reads the project's languages. Raises ConfigurationError with every problem and its `file:line`."""

    def project(self, data: bytes) -> Project: ...

    def place(self, data: bytes, path: Sequence[str | int]) -> Location:
        """Where a key, or the nearest table around it, stands in the project file."""

    def settings(self, data: bytes, name: str) -> SettingsFile: ...

    def module(self, files: Mapping[str, bytes], name: str) -> ModuleInterface: ...

    def calls(self, files: Mapping[str, bytes], name: str) -> tuple[ModuleCall, ...]:
        """The modules that a module calls, which may be anybody's."""


class Modules(Protocol):
    """The code of modules that are called by an address."""

    def kept(self, binary: str, call: ModuleCall) -> FoundModule | None:
        """What was fetched before for an address that means the same for ever."""

    def keep(self, binary: str, call: ModuleCall, module: FoundModule) -> None: ...

    def fetch(
        self, binary: str, release: Release, known: Mapping[str, FoundModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, FoundModule]:
        """All modules below the stacks of a release, by their keys: those that are `known`, and the others fetched.

        `binary` is the Terraform that the project file names. `called_at` tells for keys where in the project the
        address stands that leads there. Raises ConfigurationError or OperationFailedError with a problem for each of
        those that can't be had.
        """


class Witness(Protocol):
    """What this machine last saw of the ledger, so that a history cut off or rewritten at its end is noticed."""

    def recall(self) -> tuple[int, str] | None: ...

    def remember(self, seq: int, head: str) -> None: ...


@dataclass(frozen=True)
class PreparedStack:
    """A root module that lies ready. `secrets` are passed to Terraform in its environment and never written.

    `upstream` are the stacks whose outputs it reads, and `after` further ones that have to be applied before it.
    `binary` is the Terraform that the project file names, `profile` the AWS profile to work with on a machine that has
    it, and `session` what the role's session is called, each where there is one.
    """

    name: str
    upstream: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    binary: str = ""
    profile: str = ""
    session: str = ""
    after: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks that have to be applied before it."""
        return tuple(dict.fromkeys((*self.upstream, *self.after)))


@dataclass(frozen=True)
class CostSource:
    """A program that knows prices, and where what is planned would run: `regions` are those of the stacks that run
    elsewhere than in the `region` of their environment.
    """

    command: tuple[str, ...]
    timeout_seconds: float
    account_id: str = ""
    region: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """What a program answered, or the problem because of which there is no answer."""

    said: bytes = b""
    problem: str = ""


@dataclass(frozen=True)
class Prepared:
    """All root modules of an environment, rendered from one release and the settings with this digest. `live` is what
    was known of the stacks with a rollout: they are rendered by that. `costs` is who knows what they cost, if anybody.
    """

    environment: str
    release: str
    settings: str
    stacks: tuple[PreparedStack, ...]
    live: Mapping[str, str] = field(default_factory=dict)
    costs: CostSource | None = None


class Workspace(Protocol):
    """The working directories of the environments, under `.envctl/`."""

    def lock(self, environment: str, holder: str) -> AbstractContextManager[None]:
        """One command at a time works in an environment's directory. Raises LockHeldError, naming who holds it."""

    def lay_code(self, environment: str, files: Mapping[str, File]) -> None:
        """The release's files, and no others, for the environment's stacks to refer to."""

    def name_code(self, environment: str, release: str) -> None:
        """Notes of which release the code is that was laid out there."""

    def code_of(self, environment: str) -> str:
        """The release that was noted there last, empty where none was: a guess, good enough to fetch ahead by."""

    def lay_stack(self, environment: str, stack: str, main: bytes) -> None: ...

    def lay_modules(self, environment: str, stack: str, record: bytes) -> None:
        """Terraform's record of installed modules, as it stands before any is installed."""

    def modules(self, environment: str, stack: str) -> bytes | None:
        """That record, as Terraform left it there."""

    def provider_lock(self, environment: str, stack: str) -> bytes | None:
        """The provider lock as Terraform left it there."""

    def remembers(self, environment: str) -> bool:
        """Whether anything was ever prepared there, be it out of date."""

    def recall(self, environment: str) -> Prepared | None:
        """What was prepared last, if every input that it was made from is unchanged to the byte."""

    def mark(self, inputs: Sequence[str]) -> str:
        """A hash of these files and folders of the project, as they are now."""

    def remember(self, prepared: Prepared, inputs: Sequence[str], mark: str) -> None:
        """`inputs` are what it was made from, and `mark` is theirs from before they were read."""


@dataclass(frozen=True)
class Installed:
    """A Terraform, or an OpenTofu, on this machine. `program` is how it is told to people."""

    program: str
    version: str


@dataclass(frozen=True)
class ProviderSource:
    """Where providers would be taken from. `problem` says why nothing can be, and `asked` whether that was tried."""

    kind: Literal["cache", "mirror", "registry"]
    where: str
    asked: bool = False
    problem: str = ""


@dataclass(frozen=True)
class HashedProviders:
    """A provider lock for all of `needed`, by address; `lacking` are the platforms that a provider is not to be had
    for.
    """

    lock: bytes
    needed: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Progressed:
    """Something that Terraform does right now. `elapsed` is in seconds. The phase *over* ends what began with *init* or
    *plan*, and an apply; the others are of one resource.
    """

    stack: str
    phase: Literal["init", "refresh", "plan", "started", "still", "done", "failed", "over"]
    address: str = ""
    action: Action | None = None
    elapsed: float = 0.0
    environment: str = ""


class Trace(Protocol):
    """Is told how long things took."""

    def span(self, name: str, lane: str = "") -> AbstractContextManager[None]:
        """Around what takes time. What runs side by side is told apart by its lane."""

    def count(self, name: str, value: float) -> None:
        """How much there is of something now."""


class Untraced:
    """Nobody wants to know."""

    def span(self, name: str, lane: str = "") -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def count(self, name: str, value: float) -> None: ...


UNTRACED = Untraced()


class Crew(Protocol):
    """Works on several stacks at once, as many as the machine bears."""

    def begin(self, name: str, job: Callable[[], None], unit: str = "") -> None:
        """As soon as there is room. `unit` is what is worked on, like `dev/network`: what it took before is known."""

    def ended(self) -> tuple[str, BaseException | None]:
        """Waits for the next job to end; gives its name and what it raised."""

    def pause(self, seconds: float) -> None:
        """For a job: waits, and raises InterruptedByUserError as soon as somebody wants an end."""

    def asking(self) -> AbstractContextManager[None]:
        """While a person is asked something, Ctrl-C ends the question too, and not only what runs."""


class Terraform(Protocol):
    """Runs in the working directories that a Workspace laid out. Raises OperationFailedError with what Terraform said,
    StateLockedError where the state is locked, LockHeldError where an earlier Terraform still runs in that directory,
    InterruptedByUserError after a clean stop.
    """

    def installed(self, binary: str) -> Installed:
        """Which one runs here, asked of itself. `binary` is what the project file names, if anything."""

    def source(self, providers: Mapping[str, str], *, knock: bool) -> ProviderSource:
        """Where these would be taken from, by their addresses and versions; a registry is asked only with `knock`."""

    def at_once(self) -> AbstractContextManager[Crew]:
        """Nothing that was begun is left running behind it. All else here may be called from its jobs."""

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        """Does nothing where nothing that it depends on has changed since the last time."""

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> HashedProviders:
        """The hashes of its providers for these platforms, added to the lock; in the versions that the lock has, and
        in the newest otherwise. Raises OperationFailedError where there are none that suit.
        """

    def at_rest(self, environment: str, stack: PreparedStack) -> None:
        """Raises LockHeldError while an earlier Terraform still works there: what it reads must not be changed."""

    def plan(self, environment: str, stack: PreparedStack, *, destroy: bool = False, wait: bool = True) -> StackPlan:
        """Saves the plan, for `apply` alone. With `destroy` it takes away all that the state holds, and without `wait`
        it does not wait some seconds for a lock of the state to be given up.
        """

    def settle(self, environment: str, stack: PreparedStack) -> None:
        """Takes into the state what is there now, and changes nothing else."""

    def look(self, environment: str, stack: PreparedStack, *, unchanged: bool) -> Look:
        """How reality, and how the configuration, differs from the state. `unchanged` says that the configuration is
        the very one that was applied last.
        """

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        """Whether there is a state, be it one that holds nothing."""

    def outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        """The outputs of the stack as its state holds them. A state that is not there has none."""

    def unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        """Breaks the lock of the state with that id, and no other."""

    def rescue(self, environment: str, stack: PreparedStack) -> bool:
        """Puts the state in place that an apply could not save (`errored.tfstate`); whether there was one."""

    def apply(self, environment: str, stack: PreparedStack) -> None:
        """Applies the saved plan, and takes it away."""

    def discard(self, environment: str, stack: PreparedStack) -> None:
        """Takes the saved plan away: it may hold secrets."""


class Formatter(Protocol):
    def formatted(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """The same files as Terraform writes them; `binary` is the one that the project file names. Nothing is written.
        Raises ConfigurationError with the syntax errors of all of them.
        """


class Probes(Protocol):
    """Asks the world whether a deployment works."""

    def ask(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        """Why it does not, or an empty text where it does. `surroundings` are for a command's environment."""


class Costs(Protocol):
    """Somebody who knows prices: envctl knows none."""

    def ask(self, source: CostSource, question: bytes) -> Answered:
        """It is told the question, and has its time-out to answer."""


class Observer(Protocol):
    """Is told what happens while it happens, be it from several threads."""

    def begins(self, environments: Sequence[str]) -> None:
        """Where it is going to happen: of several environments, each has to be named."""

    def progressed(self, event: Progressed) -> None: ...

    def planned(self, plan: EnvironmentPlan) -> None: ...

    def said(self, message: str) -> None: ...

    def intends(self, buckets: Sequence[BucketReport]) -> None:
        """What is going to be made, before anybody is asked."""

    def hides(self, values: Collection[str]) -> None:
        """Secrets that whatever writes into the same log must not show. They are told to nobody else."""


class Consent(Protocol):
    def given(self, plan: EnvironmentPlan, *, again: bool) -> bool:
        """Whether the person who runs this wants that plan applied. `again` where an earlier part was applied."""

    def approves(self, plan: EnvironmentPlan, gate: str, notes: Sequence[str]) -> bool:
        """Whether that person approves the plan, which was shown, at a gate. `notes` is what they should know."""

    def breaks(self, lock: StateLock) -> bool:
        """Whether whoever holds this lock of Terraform's is gone for sure."""

    def puts(self, change: SecretChange) -> bool:
        """Whether that secret shall get a value. It is asked before anybody is asked for the value."""

    def makes(self, buckets: Sequence[BucketReport]) -> bool:
        """Whether what was told of them is to be made."""

    def chooses(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        """What that person answers; `otherwise` is the answer of who says nothing, and of where nobody can be asked.
        `wrong` says what is wrong with an answer, which is then asked for again. Raises InterruptedByUserError.
        """


class Templates(Protocol):
    """What came with envctl to begin projects from."""

    def files(self, template: str) -> Mapping[str, File]:
        """The files of a template, by their path in a project, without the modules of its stacks."""

    def shipped(self, folder: str) -> Mapping[str, File]:
        """All files of a folder such as `modules/vpc`, by their path in a project; none where there is no such."""

    def workflows(self, system: str) -> Mapping[str, str]:
        """The texts that the workflows of a system of CI are made of, such as `github`."""


class Ground(Protocol):
    """Where new projects are laid."""

    def path(self, name: str) -> str:
        """The folder of a project of that name, as it is typed."""

    def occupied(self, name: str) -> str:
        """What lies there already, in words, or an empty text."""

    def lay(self, name: str, files: Mapping[str, File]) -> None:
        """The whole folder or nothing of it. Raises AlreadyExistsError, in the words of `occupied`, where something has
        come to lie there, and OperationFailedError where the disk says no.
        """


class Ports(Protocol):
    """The whole world of a use case, put together in one place: `cli/wiring.py`."""

    @property
    def tree(self) -> SourceTree: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def store(self) -> Store: ...
    @property
    def witness(self) -> Witness: ...
    @property
    def modules(self) -> Modules: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def terraform(self) -> Terraform: ...
    @property
    def formatter(self) -> Formatter: ...
    @property
    def probes(self) -> Probes: ...
    @property
    def costs(self) -> Costs: ...
    @property
    def access(self) -> Access: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def registries(self) -> Registries: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def alarms(self) -> Alarms: ...
    @property
    def signatures(self) -> Signatures: ...
    @property
    def trust(self) -> Trust:
        """What of the ledger is believed, as it was when the command began."""

    @property
    def clock(self) -> Clock: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def versions(self) -> VersionControl: ...
    @property
    def observer(self) -> Observer: ...
    @property
    def consent(self) -> Consent: ...
    @property
    def templates(self) -> Templates: ...
    @property
    def ground(self) -> Ground: ...
    @property
    def provider_lock(self) -> str:
        """The path of the provider lock in the project: the sandbox keeps one of its own."""

    @property
    def sandbox(self) -> bool:
        """Whether all this happens in the sandbox."""
