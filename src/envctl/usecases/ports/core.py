"""The ports used by most use cases, as small Protocols. Adapters implement them; tests have fakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from envctl.domain.errors import OperationFailedError

if TYPE_CHECKING:
    # Every command imports this file: types are imported for type checking only.
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from envctl.domain.aws.secret_status import SecretChange
    from envctl.domain.config.checks.check_table import Probe
    from envctl.domain.config.project import Owner
    from envctl.domain.errors import StateLock
    from envctl.domain.guards import Refusal
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.people.run_start import RunStart
    from envctl.domain.ledger.trust import Trust
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.domain.reading.reading import Reading
    from envctl.domain.release.commit_message import JobRequest
    from envctl.usecases.ports.aws import Alarms, AwsAccess, Buckets, Registries, Secrets, SecretVariables, Signatures
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.ci import CiForge, CiRoles
    from envctl.usecases.ports.installation import Installation
    from envctl.usecases.ports.kubernetes import ClusterFinder, ClusterInspector
    from envctl.usecases.ports.manifests import Manifests
    from envctl.usecases.ports.programs import ProgramPackages
    from envctl.usecases.ports.project import (
        ConfigReader,
        ProjectFolder,
        RemoteModules,
        SourceTree,
        Templates,
        VersionControl,
        Workspace,
    )
    from envctl.usecases.ports.terraform import Formatter, ProgressEvent, Terraform
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.writes import writes


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time in UTC."""


class Nonces(Protocol):
    def new(self) -> str:
        """Return a unique text, never issued before."""


class Identity(Protocol):
    def identify_actor(self) -> Actor:
        """Return the actor of this command."""

    def explain_doubt(self) -> str:
        """Explain why the actor is not verified; empty if verified."""

    def name_session(self) -> str:
        """Return the name of the sessions of roles that this command takes: in a job it names the run."""

    def find_start(self) -> RunStart:
        """Return who acts by the run of CI beside the actor."""


class Reviews(Protocol):
    """Reviewers and authors of the current CI job, as the code host knows them."""

    def list_approvers(self, environment: str) -> Sequence[str]:
        """Return the approvals of this run for the host's own environment, in all its attempts: one name for each.
        Names of apps and bots end in `[bot]`. Raises UsageError outside of such a job, and OperationFailedError if the
        host is unreachable.
        """

    def has_reviews(self) -> bool:
        """Check if this is a job whose reviews can be listed."""

    def list_authors(self, commit: str, since: str = "") -> Sequence[str]:
        """Return the logins of the authors and committers of a commit and of those after `since`, and of all who
        opened, wrote or merged their pull requests. Empty outside of a job, or without a token. Raises
        OperationFailedError if the host is unreachable.
        """


class JobRequests(Protocol):
    """The pull or merge request of the current CI job, as its variables say."""

    def find_request(self, commit: str) -> JobRequest:
        """Return the request, with its number only if the job works on this commit of it."""

    def is_for_request(self) -> bool:
        """Tell whether the job runs for a pull or merge request, or for a merge queue: its code is not merged yet."""

    def find_base(self, commit: str) -> str:
        """Return the revision that the request of this commit is compared with; empty if it is of no request."""


class AlreadyExistsError(Exception):
    """The key exists already: another writer came first."""


class LostResponseError(OperationFailedError):
    """The response of the store was lost: the write may or may not have happened."""


class Store(Protocol):
    """Write-once storage of bytes under keys like `ledger/0000000001.json`."""

    @property
    def endpoint(self) -> str:
        """The server used in place of AWS; empty for AWS itself and for folders."""

    @writes("store")
    def create(self, key: str, data: bytes) -> None:
        """Write the whole object, if the key is free.

        Raises AlreadyExistsError if the key is taken, even by a concurrent writer or by the first try of this very call
        with a lost response. After LostResponseError the object may exist; after any other error it does not.
        """

    @writes("store")
    def create_locked(self, key: str, data: bytes, days: int) -> None:
        """Write like `create`, and lock the object for so many days, not as long as the store locks others.

        Written all the same, like others, where the store has no locks or the caller may not choose their time.
        """

    def read(self, key: str) -> bytes | None: ...

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return each object in order, in parallel if the store is remote."""

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        """Return sorted keys with this prefix after `after`. It ends with a slash: remote stores list no others."""

    def read_older_versions(self, prefix: str, after: str) -> Mapping[str, Sequence[bytes]]:
        """Return the replaced versions of the objects with this prefix after a key; empty where the store keeps none.
        Raises OperationFailedError (E055) if they can't be read.
        """

    def prefetch(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        """Fetch keys and lists (`prefix`, `after`) in parallel for reads inside the block. It changes no result."""

    def prefetch_time(self, delay: float = 0.0) -> None:
        """Start to fetch the time of a remote store, for a later `now`. A `delay` in seconds leaves the processors to
        what was just started; `now` ends it.
        """

    def now(self) -> datetime | None:
        """Return the time of the store's clock in UTC; None if unknown."""

    def last_modified(self, key: str) -> datetime | None:
        """Return the write time by the store's clock; None if unknown."""

    def list_times(self, prefix: str) -> Mapping[str, datetime]:
        """Return the write times of the keys with this prefix, as `last_modified` does; empty if unknown."""


class HeadCache(Protocol):
    """Last ledger entry seen by this machine, to detect a truncated or rewritten history."""

    def load_head(self) -> tuple[int, str] | None: ...

    def save_head(self, seq: int, head: str) -> None:
        """Save this head, unless another command saved a later one."""

    def load_copies(self) -> Mapping[int, bytes]:
        """Return saved copies of entries by number, unproved: the chain proves them. Empty if the store is as near."""

    def save_copies(self, copies: Mapping[int, bytes]) -> None:
        """Save these copies in place of those before."""


class CheckRunner(Protocol):
    """Runner of the checks after a deployment."""

    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        """Return the reason for the failure; empty if it passes. `surroundings` are variables for commands."""


@dataclass(frozen=True)
class CostAnswer:
    """Output of a cost program, or the problem if there is none."""

    output: bytes = b""
    problem: str = ""


class CostEstimator(Protocol):
    """External cost estimator: envctl knows no prices."""

    def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
        """Run the program with this input, within its time limit."""


class Observer(Protocol):
    """Receiver of progress events, possibly from several threads."""

    def on_start(self, environments: Sequence[str]) -> None:
        """Announce the target environments; with several, output names each."""

    def on_progress(self, event: ProgressEvent) -> None: ...

    def on_plan(self, plan: EnvironmentPlan, *, shown: bool = True) -> None:
        """Announce a plan. Without `shown` only progress is counted by it: a question shows it soon."""

    @property
    def keeps_readings(self) -> bool:
        """True if each reading is written into a file."""

    def on_reading(self, reading: Reading) -> None:
        """Announce what a person is about to approve or to confirm."""

    def on_message(self, message: str) -> None: ...

    def on_bucket_plan(self, buckets: Sequence[BucketReport]) -> None:
        """Announce the planned bucket changes, before the confirmation."""

    def redact(self, values: Collection[object], public: Collection[str] = ()) -> None:
        """Redact these sensitive values from all later output. `public` names are never secret."""

    def redact_document(self, text: str) -> str:
        """Return a JSON text without the sensitive values known so far; it stays valid JSON."""


PlanAnswer = Literal["", "yes", "all"]
"""The answer to a plan; empty: no. `all` also confirms stacks without a plan yet, as far as they only create."""


class Prompter(Protocol):
    @property
    def asks(self) -> bool:
        """Whether a person will read what is shown before an answer."""

    def require_answer(self, environment: str) -> None:
        """Check that changes can be confirmed. Raises UsageError (E001) without a terminal and without `--yes`."""

    def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
        """Show the reading, if a person is asked, and ask to apply the plan.

        `again` is True after an earlier part was applied: the answer is never `all` then.
        """

    def confirm_approval(self, plan: EnvironmentPlan, reading: Reading, gate: str, notes: Sequence[str]) -> bool:
        """Show the reading, in any case as a whole, and ask to approve the plan at a gate. `notes` are warnings."""

    def confirm_rules(self, reading: Reading, gate: str, changes: Sequence[str]) -> bool:
        """Show the reading, in any case as a whole, and ask to approve changed rules; `gate` may be empty."""

    def confirm_waiver(
        self, environment: str, codes: Sequence[str], overridden: Sequence[Refusal], remaining: Sequence[Refusal]
    ) -> bool:
        """Show what the guards refuse now, and ask to let the next deployment override those in `overridden`."""

    def confirm_unlock(self, lock: StateLock) -> bool:
        """Ask if the holder of this Terraform state lock is certainly dead."""

    def confirm_secret(self, change: SecretChange) -> bool:
        """Ask to write the secret, before prompting for its value."""

    def confirm_buckets(self, buckets: Sequence[BucketReport]) -> bool:
        """Ask to apply the announced bucket changes."""

    def prompt_text(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        """Prompt for a text. Return `otherwise` for an empty answer, or without a terminal. `wrong` returns the fault
        of an answer; the prompt is repeated then. Raises InterruptedByUserError.
        """


class Ports(Protocol):
    """All ports of a use case. `cli/wiring/container.py` builds them."""

    @property
    def tree(self) -> SourceTree: ...
    @property
    def config_reader(self) -> ConfigReader: ...
    @property
    def store(self) -> Store: ...
    @property
    def has_store(self) -> bool:
        """False if the store is a folder that is not there: nothing was recorded yet."""

    @property
    def results(self) -> Store | None:
        """The folder of `--results`: it has the documents of runs of plans, in place of the store."""

    @property
    def head_cache(self) -> HeadCache: ...
    @property
    def manifests(self) -> Manifests: ...
    @property
    def remote_modules(self) -> RemoteModules: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def terraform(self) -> Terraform: ...
    @property
    def programs(self) -> ProgramPackages: ...
    @property
    def formatter(self) -> Formatter: ...
    @property
    def check_runner(self) -> CheckRunner: ...
    @property
    def cost_estimator(self) -> CostEstimator: ...
    @property
    def access(self) -> AwsAccess: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def registries(self) -> Registries: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def secret_variables(self) -> SecretVariables: ...
    @property
    def alarms(self) -> Alarms: ...
    @property
    def kubernetes_clusters(self) -> ClusterFinder: ...

    @property
    def looking_clusters(self) -> ClusterFinder:
        """Find clusters as a command that only looks: with the `look_role` of each environment that has one."""

    @property
    def cluster_inspector(self) -> ClusterInspector: ...
    @property
    def signatures(self) -> Signatures: ...
    @property
    def trust(self) -> Trust:
        """The signature trust rules, as read when the command started."""

    @property
    def owner(self) -> Owner:
        """The required owner of the store."""

    @property
    def clock(self) -> Clock: ...
    @property
    def nonces(self) -> Nonces: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def job_requests(self) -> JobRequests: ...
    @property
    def ci_forge(self) -> CiForge: ...
    @property
    def ci_roles(self) -> CiRoles: ...
    @property
    def version_control(self) -> VersionControl: ...
    @property
    def observer(self) -> Observer: ...
    @property
    def prompter(self) -> Prompter: ...
    @property
    def templates(self) -> Templates: ...
    @property
    def installation(self) -> Installation: ...
    @property
    def project_folder(self) -> ProjectFolder: ...
    @property
    def provider_lock(self) -> str:
        """The path of the provider lock in the project; the sandbox has its own."""

    @property
    def sandbox(self) -> bool:
        """True if the command runs in the sandbox."""
