"""Settings of a repository on GitHub or GitLab, as far as they decide who can deploy."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Unread:
    """A setting that could not be read, and why."""

    reason: str


@dataclass(frozen=True)
class GithubEnvironment:
    """An environment of GitHub."""

    branches: tuple[str, ...] | None = None  # the patterns of branches and tags that may deploy; None if all may
    only_protected: bool = False  # True if protected branches alone may deploy
    reviewers: int = 0  # the number of people and teams of whom one must approve a job
    prevents_self_review: bool = False
    admins_bypass: bool = False


@dataclass(frozen=True, kw_only=True)
class GithubBranch:
    """The rules of a branch, of rulesets and of its classic protection together."""

    approvals: int | None = None  # of a pull request; None if none is needed
    needs_code_owners: bool = False
    checks: tuple[str, ...] = ()
    has_merge_queue: bool = False
    blocks_force_push: bool = False
    unread: str = ""  # why the classic protection could not be read; rules that seem to be missing may be there
    is_protected: bool | None = None  # whether it has a classic protection, besides rulesets; None if that is unknown


@dataclass(frozen=True)
class SubjectTemplate:
    """The form of `sub` in tokens: the keys of a template of its own, and the prefix that GitHub announces."""

    keys: tuple[str, ...] = ()
    has_ids: bool | None = None
    prefix: str = ""


@dataclass(frozen=True)
class GithubWorkflow:
    """A workflow that envctl did not write. `environments` are those of its jobs, as they stand in the file."""

    path: str
    asks_token: bool = False  # True if a job may ask for an ID token
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GithubSettings:
    """Settings of a repository of GitHub."""

    branch_name: str | Unread  # the branch that deploys
    branch: GithubBranch | Unread
    environments: Mapping[str, GithubEnvironment | Unread | None]  # by name; None for a missing one
    subject: SubjectTemplate | Unread
    has_code_owners: bool | Unread
    jobs_may_approve: bool | Unread
    # True if jobs for pull requests of forks may get tokens that write, and so ID tokens.
    forks_get_tokens: bool | Unread
    # The names of variables, of the repository under the empty name and of each environment.
    variables: Mapping[str, frozenset[str] | Unread] = field(default_factory=dict)
    # The text of each generated workflow on that branch, by the kind of its jobs; None if it is missing.
    workflows: Mapping[str, str | Unread | None] = field(default_factory=dict)
    # All others of that branch, by path.
    other_workflows: Mapping[str, GithubWorkflow | Unread] | Unread = field(default_factory=dict)


@dataclass(frozen=True)
class GitlabBranch:
    """A protected branch of GitLab. `pushers` may push without a merge request; empty if there are none."""

    pushers: tuple[str, ...] = ()
    allows_force_push: bool = False
    needs_code_owners: bool = False


@dataclass(frozen=True)
class GitlabEnvironment:
    """A protected environment of GitLab, with the lowest access level that may deploy and the needed approvals."""

    lowest_level: int = 0
    approvals: int = 0


@dataclass(frozen=True)
class GitlabApprovals:
    """The approvals of a merge request. `author_counts` and `committers_count` say whose own approval counts."""

    needed: int = 0
    author_counts: bool = False
    committers_count: bool = False
    survive_push: bool = False


@dataclass(frozen=True)
class GitlabVariable:
    """A CI/CD variable without its value."""

    name: str
    scope: str = "*"
    is_protected: bool = False
    is_masked: bool = False


@dataclass(frozen=True, kw_only=True)
class GitlabSettings:
    """Settings of a project of GitLab."""

    branch_name: str | Unread
    branch: GitlabBranch | Unread | None  # the protection of the branch that deploys; None if it has none
    environments: Mapping[str, GitlabEnvironment] | Unread  # the protected environments by name
    approvals: GitlabApprovals | Unread
    queues: Mapping[str, str] | Unread  # the `process_mode` of each resource group that exists, by its name
    limits_job_token: bool | Unread  # True if only listed projects may use their job tokens here
    variables: tuple[GitlabVariable, ...] | Unread
    overriders: str | Unread  # the lowest role that may start a pipeline with own variables
    prevents_outdated: bool | Unread  # True if older pipelines may not deploy after newer ones
    # The claims in `sub` of tokens, in their order; empty if this GitLab does not say.
    subject_claims: tuple[str, ...] | Unread = ()


ForgeSettings = GithubSettings | GitlabSettings
