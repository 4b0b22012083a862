"""What a guard is asked, and what it may answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from envctl.domain.access import Caller
from envctl.domain.changes import EnvironmentPlan
from envctl.domain.errors import EnvctlError, ExitCode, Problem
from envctl.domain.events import Actor, Move
from envctl.domain.images import ImageFound
from envctl.domain.leaving import NO_CHANGEOVER, Changeover
from envctl.domain.meaning import PlanMeaning
from envctl.domain.pipeline import Pipeline
from envctl.domain.present import NOTHING, EnvironmentPresent, Evidence, KnownRelease, Present
from envctl.domain.rules import Rules
from envctl.domain.rules_document import RulesDocument
from envctl.domain.secrets import Sighting

Bundle = Literal["intact", "missing", "damaged"]


@dataclass(frozen=True)
class Request:
    """What is asked for, and all that the guards may know about it.

    `release` is None where the target (apply) or the source (promote) has none. `settings` is the digest of the
    target's settings, `unfit` what is wrong with them for this release, and `differing` names those that the source
    has otherwise, each with the lines that say so. `plan` is None until there is one, and `approved` holds what was
    approved, by its fingerprint. `account` is the account of the target, where it has one, `role` the role that is
    taken there, `other_accounts` those in which its providers may act besides, and `caller` who AWS says that one is
    there, once it was asked. `images`, and what was seen of the `secrets` that the settings name, are None
    until somebody has looked, which takes the target's credentials.

    `older` says that the release is meant although a newer one runs there. `behind` is that newer one, where code
    enters from a commit before that of what the target has.

    `place` is the digest of where it would land, `where` that in words, and `elsewhere` says, for other places that the
    release was approved for, what is another value today. `needs` names for each stack of the release those that have
    to be applied before it. `doubt` says why the actor is not verified as a run of CI, where that is known.
    `changeover` says which stacks leave the target with it, and which are renamed there.

    `wrote_rules` are those who changed envctl.toml since the target was deployed, where it changes the rules.
    `document` is what the tree says of the target, which `rules` were made of, and `documents` are the documents of
    rules that are known, by their digests. `undoes` says that it only sets right what has drifted.
    `whose_rules` says in words whose `rules` are, where they are not those of the tree.
    """

    action: Move
    pipeline: Pipeline
    target: str
    source: str | None
    release: str | None
    settings: str
    bundle: Bundle
    present: Present
    actor: Actor
    now: datetime
    rules: Rules
    unfit: tuple[Problem, ...] = ()
    differing: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    plan: EnvironmentPlan | None = None
    approved: Mapping[str, PlanMeaning] = field(default_factory=dict)
    account: str = ""
    caller: Caller | None = None
    images: tuple[ImageFound, ...] | None = None
    secrets: tuple[Sighting, ...] | None = None
    place: str = ""
    where: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    older: bool = False
    behind: str = ""
    role: str = ""
    other_accounts: tuple[str, ...] = ()
    doubt: str = ""
    changeover: Changeover = NO_CHANGEOVER
    document: RulesDocument | None = None
    documents: Mapping[str, RulesDocument] = field(default_factory=dict)
    undoes: bool = False
    whose_rules: str = ""
    wrote_rules: tuple[str, ...] = ()

    @property
    def rules_digest(self) -> str:
        """The digest of the rules of the tree; empty where its document is not known."""
        return self.document.digest if self.document else ""

    @property
    def recorded_digest(self) -> str:
        """The digest of the rules that the target was deployed with; empty where none were recorded."""
        return self.here.rules.digest if self.here.rules else ""

    @property
    def identity(self) -> str:
        """The release; empty where there is none, and nothing is known under that name."""
        return self.release or ""

    @property
    def origin(self) -> str:
        """The source of a promotion; empty for everything else."""
        return self.source or ""

    @property
    def unasked(self) -> bool:
        """Whether the target has an account that was not asked anything yet."""
        return bool(self.account) and self.caller is None

    @property
    def known(self) -> KnownRelease | None:
        """What the ledger says of how the release was made."""
        return self.present.releases.get(self.identity)

    @property
    def here(self) -> EnvironmentPresent:
        return self.present.of(self.target)

    @property
    def there(self) -> EnvironmentPresent:
        return self.present.of(self.source) if self.source else NOTHING

    @property
    def evidence(self) -> Evidence | None:
        """What the source of a promotion proves about the release."""
        return self.there.evidence.get(self.release) if self.release and self.action == "promote" else None

    @property
    def again(self) -> bool:
        """Whether it is the very rollback that was begun last."""
        before = self.here.brought_back
        return self.action == "rollback" and before is not None and before.release == self.release

    @property
    def brings_code(self) -> bool:
        """Whether the target may come to run something that it does not run now."""
        return self.action in {"promote", "rollback"} or (self.action == "apply" and self.target == self.pipeline.entry)

    @property
    def command(self) -> str:
        """What a person types for it."""
        if self.action == "promote":
            return f"envctl promote {self.source} {self.target}"
        return f"envctl {self.action} {self.target}"


def changes_rules(request: Request) -> bool:
    """Whether the rules of the tree are recorded once it has succeeded: not by what needs no approval."""
    return request.action in {"apply", "promote"} and not request.undoes


@dataclass(frozen=True)
class Refusal:
    """Why not, and the way on.

    `for_now` means that it can open without a change of what is asked for: an approval, an end, time. `opens` is when,
    where that is known, `since` since when it is shut, and `who` can open it. A refusal that only `warns` refuses
    nothing. One that is not `waivable` can't be overridden by anybody, whatever an environment lists: there would be
    nothing to deploy, or two at once. `because` holds the problems in files that it stands for.
    """

    code: str
    guard: str
    message: str
    hint: str
    for_now: bool = False
    opens: datetime | None = None
    since: datetime | None = None
    who: str = ""
    warns: bool = False
    waivable: bool = True
    because: tuple[Problem, ...] = ()


Check = Callable[[Request], Refusal | None]


@dataclass(frozen=True)
class Guard:
    """`rests_on` is a guard without whose consent the question of this one does not arise. `of_plan` is one that can
    only be asked about a plan, and `of_access` one that needs the credentials of the target.
    """

    code: str
    name: str
    check: Check
    rests_on: str = ""
    of_plan: bool = False
    of_access: bool = False


class RefusedError(EnvctlError):
    """At least one guard said no."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        problems = (Problem(r.code, f"{r.guard}: {r.message}", r.hint) for r in refusals)
        super().__init__(*problems, *(problem for refusal in refusals for problem in refusal.because))
        self.refusals = refusals
        self.exit_code = ExitCode.REFUSED_FOR_NOW if all(r.for_now for r in refusals) else ExitCode.REFUSED
