"""Input and output of guards: the request, the refusal, and the guard itself."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.aws.secret_status import Sighting
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Pipeline
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.ledger.events import ANONYMOUS, Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.people.run_start import NO_START, RunStart
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT, EnvironmentState, Evidence, LedgerState
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover, EnvironmentPlan
from envctl.domain.plan.fingerprint import PlanFingerprint
from envctl.domain.rules.document import RulesDocument
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.identifiers import shorten_id

BundleState = Literal["intact", "missing", "damaged"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything guards know about a requested deployment. See the comment of each field."""

    action: Operation
    pipeline: Pipeline
    target: str
    source: str | None  # of a promotion
    release: str | None  # None if the target (apply) or the source (promote) has none
    settings: str  # digest of the settings of the target
    bundle: BundleState
    present: LedgerState
    actor: Actor
    now: datetime
    rules: Rules
    unfit: tuple[Problem, ...] = ()  # faults of the settings for this release
    differing: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)  # lines by setting unlike the source
    differing_stacks: Mapping[str, frozenset[str]] = field(default_factory=dict)  # where each of these differs
    plan: EnvironmentPlan | None = None  # None until it exists
    approved: Mapping[str, PlanFingerprint] = field(default_factory=dict)  # approved plans by fingerprint
    account: str = ""  # of the target, if it has one
    caller: CallerIdentity | None = None  # None until AWS was asked
    images: tuple[ImagePresence, ...] | None = None  # None until looked up, which takes credentials
    secrets: tuple[Sighting, ...] | None = None  # of the settings; None until looked up
    place: str = ""  # digest of the place of the deployment
    where: str = ""  # the place in words
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # by other approved place: its differences
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by stack: the stacks before it
    clusters: Mapping[str, str] = field(default_factory=dict)  # by stack of Kubernetes objects: output with its cluster
    older: bool = False  # --older: intended although a newer release runs
    partial: bool = False  # --partial: it may stop before stacks that were not approved
    behind: str = ""  # the newer release of the entry, for an earlier commit
    role: str = ""  # assumed in the account
    other_accounts: tuple[str, ...] = ()  # further accounts of providers
    start: RunStart = NO_START  # what started the run of the actor
    doubt: str = ""  # reason for an actor not verified as CI
    changeover: Changeover = NO_CHANGEOVER  # stacks removed and renamed in the target
    document: RulesDocument | None = None  # rules of the tree, the origin of `rules`
    documents: Mapping[str, RulesDocument] = field(default_factory=dict)  # known rules by digest
    undoes: bool = False  # it only fixes drift
    whose_rules: str = ""  # origin of `rules`, unless they are those of the tree
    running: str = ""  # the command at work on the unfinished deployment, if it runs on this machine
    wrote_rules: tuple[str, ...] = ()  # authors of changes of envctl.toml since the last deployment, for new rules
    wrote_tree: tuple[str, ...] = ()  # authors since then of changed settings and of a changed place
    # By environment, from which entry on it and its people must sign in this tree; 0 for people without their own key
    signed_from: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unknown_authors: str = ""  # the history that git lacks to name all authors

    @property
    def rules_digest(self) -> str:
        """The digest of the rules of the tree; empty without a document."""
        return self.document.digest if self.document else ""

    @property
    def recorded_digest(self) -> str:
        """The digest of the rules of the last deployment to the target; empty if none were recorded."""
        return self.target_state.rules.digest if self.target_state.rules else ""

    @property
    def identity(self) -> str:
        """The release, or an empty string."""
        return self.release or ""

    @property
    def origin(self) -> str:
        """The source of a promotion, or an empty string."""
        return self.source or ""

    @property
    def acting_people(self) -> tuple[Actor, ...]:
        """The actor, and the others who act by the run: none of them may approve it."""
        return () if self.actor == ANONYMOUS else (self.actor, *self.start.people)

    @property
    def is_account_unknown(self) -> bool:
        """True if the target has an account, and AWS was not asked for the caller yet."""
        return bool(self.account) and self.caller is None

    @cached_property
    def known_release(self) -> KnownRelease | None:
        """The release as recorded in the ledger, or None."""
        return self.present.releases.get(self.release or "")

    @cached_property
    def target_state(self) -> EnvironmentState:
        return self.present.environments.get(self.target, EMPTY_ENVIRONMENT)

    @cached_property
    def recorded_document(self) -> RulesDocument | None:
        """The rules of the last deployment to the target; None if they were not recorded, or are unreadable."""
        recorded = self.target_state.rules
        return self.documents.get(recorded.digest) if recorded else None

    @cached_property
    def source_state(self) -> EnvironmentState:
        """The state of the source of a promotion; an empty one without a source."""
        return self.present.environments.get(self.source or "", EMPTY_ENVIRONMENT)

    @cached_property
    def evidence(self) -> Evidence | None:
        """The evidence of the source of a promotion about the release."""
        return self.source_state.evidence.get(self.release) if self.release and self.action == "promote" else None

    @property
    def is_repeated_rollback(self) -> bool:
        """True for a repetition of the rollback started last."""
        before = self.target_state.standing_rollback
        return self.action == "rollback" and before is not None and before.release == self.release

    @property
    def can_bring_code(self) -> bool:
        """True if the target may run other code afterwards."""
        return self.action in {"promote", "rollback"} or (self.action == "apply" and self.target == self.pipeline.entry)

    @property
    def command(self) -> str:
        """The command line of the request. It names the release where the command would take another one."""
        if self.action == "promote":
            return self.format_promotion(self.origin, self.target, older=self.older, partial=self.partial)
        if self.action == "rollback":
            return format_command("rollback", self.target, to=shorten_id(self.identity), partial=self.partial)
        return format_command(self.action, self.target, older=self.older, partial=self.partial)

    def format_promotion(self, source: str, target: str, *, older: bool = False, partial: bool = False) -> str:
        """Return the command to promote the release from `source`. Without a release it takes the last one there."""
        last = self.present.find_environment(source).last
        named = "" if last is not None and last.release == self.release else shorten_id(self.identity)
        return format_command("promote", source, target, release=named, older=older, partial=partial)


def can_record_rules(request: Request) -> bool:
    """Check if success records the rules of the tree: only actions subject to approval do."""
    return request.action in {"apply", "promote"} and not request.undoes


@dataclass(frozen=True)
class Refusal:
    """The answer of a guard: the reason and the next step."""

    code: GuardCode
    _: KW_ONLY
    guard: str = field(init=False)
    message: str
    hint: str
    # It can open without a change of the request: by an approval, the end of a deployment, or time
    for_now: bool = False
    opens: datetime | None = None  # Time of its opening, if known
    since: datetime | None = None  # Start of its closure
    who: str = ""  # People able to open it
    warns: bool = False  # It is only a warning, and refuses nothing
    # False if break-glass can never override it: it protects against a missing bundle or two deployments at once
    waivable: bool = True
    because: tuple[Problem, ...] = ()  # The underlying problems in files

    def __post_init__(self) -> None:
        object.__setattr__(self, "guard", self.code.guard)


Check = Callable[[Request], Refusal | None]


@dataclass(frozen=True)
class Guard:
    """A rule with all that is known of it."""

    code: GuardCode
    check: Check
    _: KW_ONLY
    reason: str  # Why it refuses, in a few words; `{source}` and `{target}` are filled in
    # It is about the release in the environment that it comes from, or about its approval: after a refusal of the
    # order, what would open it leads nowhere
    of_path: bool = False
    depends_on: GuardCode | None = None  # Code of a guard: while that one refuses, this one is skipped
    needs_plan: bool = False  # It needs a plan
    needs_account: bool = False  # It needs credentials of the target


class RefusedError(EnvctlError):
    """At least one guard refused the request."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        problems = (Problem(r.code, f"{r.guard}: {r.message}", r.hint) for r in refusals)
        super().__init__(*problems, *(problem for refusal in refusals for problem in refusal.because))
        self.refusals = refusals
        is_for_now = all(refusal.for_now for refusal in refusals)
        self.exit_code = ExitCode.REFUSED_FOR_NOW if is_for_now else ExitCode.REFUSED
