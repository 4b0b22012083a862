"""What the use cases need of the world, as small Protocols. The adapters are them; the tests have fakes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envctl.domain.errors import OperationFailedError

if TYPE_CHECKING:
    # Every command imports this file; what its signatures speak of is imported by those who use it.
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from envctl.domain.aws.secret_status import SecretChange
    from envctl.domain.checks.probes import Probe
    from envctl.domain.config.project_owner import Owner
    from envctl.domain.errors import StateLock
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.trust import Trust
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.aws import Access, Alarms, Buckets, Registries, Secrets, Signatures
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.project import Ground, Modules, Reader, SourceTree, Templates, VersionControl, Workspace
    from envctl.usecases.ports.terraform import Formatter, Progressed, Terraform
from envctl.usecases.ports.cost import CostSource


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, in UTC."""


class Marks(Protocol):
    def fresh(self) -> str:
        """A text that nobody else was ever given."""


class Identity(Protocol):
    def actor(self) -> Actor:
        """Who is at work."""

    def doubt(self) -> str:
        """Why the actor of a job in CI is not verified as such, or why the caller is not; empty where none is."""


class Reviews(Protocol):
    """Who let the job begin in which envctl runs, where the code is hosted."""

    def approved(self, environment: str) -> Sequence[str]:
        """The names of those who approved it as reviewers of the forge's own environment, each once. Raises UsageError
        where there is no such job, and OperationFailedError where it can't be asked. The name of an app or a bot ends
        in `[bot]`.
        """

    def authors(self, commit: str) -> Sequence[str]:
        """The logins of those who wrote or committed a commit, and of who opened its pull requests. Empty where there
        is no job, or it has no token to ask with. Raises OperationFailedError where the forge does not answer.
        """


class AlreadyExistsError(Exception):
    """Somebody else was first to create it."""


class UnansweredError(OperationFailedError):
    """The store did not say whether it was created."""


class Store(Protocol):
    """Named bytes that are created once and never change. Keys are like `ledger/0000000001.json`."""

    @property
    def endpoint(self) -> str:
        """The server that stands for AWS; empty for AWS itself, and for a folder."""

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

    def foresee_time(self) -> None:
        """Says that `now` will be asked for: a store that is far away begins to find out."""

    def now(self) -> datetime | None:
        """The time by the store's own clock, in UTC; None where it tells none."""

    def written_at(self, key: str) -> datetime | None:
        """When that was written, by the store's own clock; None where it tells none."""


class Witness(Protocol):
    """What this machine last saw of the ledger, so that a history cut off or rewritten at its end is noticed."""

    def recall(self) -> tuple[int, str] | None: ...

    def remember(self, seq: int, head: str) -> None:
        """Keeps the later one: where another command of this machine has seen more, it does nothing."""


class Probes(Protocol):
    """Asks the world whether a deployment works."""

    def ask(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        """Why it does not, or an empty text where it does. `surroundings` are for a command's environment."""


@dataclass(frozen=True)
class Answered:
    """What a program answered, or the problem because of which there is no answer."""

    said: bytes = b""
    problem: str = ""


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

    def hides(self, values: Collection[object], public: Collection[str] = ()) -> None:
        """Sensitive values, of which from now on no part is shown by whoever writes into the same log. `public` are
        names that are no secret wherever they stand.
        """


class Consent(Protocol):
    def given(self, plan: EnvironmentPlan, *, again: bool) -> bool:
        """Whether the person who runs this wants that plan applied. `again` where an earlier part was applied."""

    def approves(self, plan: EnvironmentPlan, gate: str, notes: Sequence[str]) -> bool:
        """Whether that person approves the plan, which was shown, at a gate. `notes` is what they should know."""

    def approves_rules(self, environment: str, gate: str, changes: Sequence[str]) -> bool:
        """Whether that person approves the changes of the rules of an environment; `gate` may be empty."""

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


class Ports(Protocol):
    """The whole world of a use case, put together in one place: `cli/wiring/container.py`."""

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
    def owner(self) -> Owner:
        """Whose the store has to be."""

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
