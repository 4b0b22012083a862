"""The ports to Terraform, and what runs it side by side."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    # Every command imports this file; what its signatures speak of is imported by those who use it.
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.checks.probes import Output
    from envctl.domain.errors import Location
    from envctl.domain.plan.changes import Action, StackPlan
    from envctl.domain.plan.drift import Look
    from envctl.domain.plan.leaving_stacks import Leaves


@dataclass(frozen=True)
class PreparedStack:
    """A root module that lies ready. `secrets` are passed to Terraform in its environment and never written.

    `upstream` are the stacks whose outputs it reads, and `after` further ones that have to be applied before it.
    `binary` is the Terraform that the project file names, `profile` the AWS profile to work with on a machine that has
    it, and `session` what the role's session is called, each where there is one. `plan_keys` are keys of a plan that
    the project lets through although envctl does not know them.

    `leaves` says what becomes of a stack that the release has no more.
    `unready` says why it could not be laid out, where it is to be forgotten all the same.
    """

    name: str
    upstream: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    binary: str = ""
    profile: str = ""
    session: str = ""
    after: tuple[str, ...] = ()
    plan_keys: tuple[str, ...] = ()
    leaves: Leaves = ""
    unready: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks that have to be applied before it."""
        return tuple(dict.fromkeys((*self.upstream, *self.after)))


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
class UnpinnedProvider:
    """A provider that is not the one which the lock pins: its address, and what says so, in which file if in any."""

    address: str
    said_by: str
    location: Location | None = None


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


class Secrecy(Protocol):
    """Knows what is sensitive, and redacts it."""

    def learn(self, values: Collection[object], public: Iterable[str] = ()) -> object:
        """Of none of these is any part to be seen. `public` are names that are no secret wherever they stand."""

    def redact_message(self, text: str) -> str:
        """What another program said, without what is sensitive."""


class NoSecrecy:
    """Where nothing is sensitive."""

    def learn(self, values: Collection[object], public: Iterable[str] = ()) -> None: ...

    def redact_message(self, text: str) -> str:
        return text


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

    def unpinned(self) -> tuple[UnpinnedProvider, ...]:
        """The providers that the surroundings replace."""

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

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        """The state as it is kept; empty where there is none."""

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        """Keeps that state in place of an earlier one of the same lineage."""

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        """Takes the lock of the state, and gives it up. Raises StateLockedError where it is held."""

    def unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        """Breaks the lock of the state with that id, and no other."""

    def take_in(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        """Takes what exists into the state, by its address in the root module and the id that its provider knows."""

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
