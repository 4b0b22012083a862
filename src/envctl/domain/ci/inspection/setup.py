"""What a repository needs before the first job: workflows, and a role for each job."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from envctl.domain.ci.inspection.github import GithubExpectation, unchecked
from envctl.domain.ci.inspection.gitlab import GITLAB_TOKEN, NOTE_HINT, GitlabExpectation
from envctl.domain.ci.inspection.job import System
from envctl.domain.ci.inspection.settings import GithubSettings, GitlabSettings, Unread
from envctl.domain.findings import Finding

_ROLE = "arn:aws:iam::ACCOUNT:role/envctl-ci-{job}"


@dataclass(frozen=True)
class RoleVariable:
    """A variable with the role of a job. `environment` is the only one whose job sees it, as the forge names it."""

    name: str
    job: str
    environment: str = ""

    def format_key(self, system: System) -> str:
        """Return the line of `envctl.toml` in place of the variable."""
        return f'in [ci.{system}.roles]: {self.job} = "{_ROLE.format(job=self.job)}"'

    def format_github_command(self, repository: str) -> str:
        place = f" --env {self.environment}" if self.environment else ""
        return f"gh variable set {self.name} --repo {repository}{place} --body {_ROLE.format(job=self.job)}"

    def format_gitlab_command(self) -> str:
        place = f" --scope {self.environment}" if self.environment else ""
        # Jobs of merge requests are not protected.
        protected = "" if self.name == "ENVCTL_PLAN_ROLE" else " --protected"
        return f"glab variable set {self.name} {_ROLE.format(job=self.job)}{place}{protected}"


def list_role_variables(environments: Mapping[str, str], roles: Collection[str] = ()) -> tuple[RoleVariable, ...]:
    """Return the variable of each job. `environments` have their names on the forge; the jobs in `roles` need none:
    their role stands in `envctl.toml`.
    """
    shared = (RoleVariable("ENVCTL_PLAN_ROLE", "plan"), RoleVariable("ENVCTL_DRIFT_ROLE", "drift"))
    own = (RoleVariable("ENVCTL_ROLE", name, there) for name, there in environments.items())
    return tuple(each for each in (*shared, *own) if each.job not in roles)


def check_github_setup(
    settings: GithubSettings, wanted: GithubExpectation, variables: Sequence[RoleVariable]
) -> Iterator[Finding]:
    """Yield which workflows and variables are missing."""
    yield _check_workflows(settings)
    for each in variables:
        names = settings.variables.get(each.environment, frozenset())
        if isinstance(names, Unread):
            yield unchecked(f"role of {each.job}", names.reason)
        elif each.name in names:
            why = f"in the variable {each.name}: people who may write to the repository change it without a review"
            yield Finding(f"role of {each.job}", "warn", why, f"{each.format_key('github')}, then envctl ci github")
        else:
            command = each.format_github_command(wanted.repository)
            yield _build_missing(each, f"{each.format_key('github')}; or {command}")


def _check_workflows(settings: GithubSettings) -> Finding:
    missing = [kind for kind, text in settings.workflows.items() if text is None]
    unread = [text for text in settings.workflows.values() if isinstance(text, Unread)]
    if missing:
        why = f"not on {settings.branch_name}: {', '.join(missing)}"
        return Finding("workflows", "bad", why, "run envctl ci github, then commit and merge the files")
    if unread:
        return unchecked("workflows", unread[0].reason)
    return Finding("workflows", "good", f"on {settings.branch_name}")


def check_gitlab_setup(
    settings: GitlabSettings, wanted: GitlabExpectation, variables: Sequence[RoleVariable]
) -> Iterator[Finding]:
    """Yield which variables are missing."""
    if isinstance(settings.variables, Unread):
        yield unchecked("variables", settings.variables.reason)
        return
    known = {(each.name, each.scope) for each in settings.variables}
    for each in variables:
        if known & {(each.name, each.environment or "*"), (each.name, "*")}:
            yield Finding(f"role of {each.job}", "good", f"in {each.name}")
        else:
            yield _build_missing(each, f"{each.format_key('gitlab')}; or {each.format_gitlab_command()}")
    tokens = [each for each in settings.variables if each.name == GITLAB_TOKEN]
    page = f"{wanted.url}/-/settings/ci_cd: Variables"
    if not tokens:
        why = f"{GITLAB_TOKEN} is not set: jobs can't write notes and issues"
        yield Finding("token", "warn", why, f"{page}: a project access token with the scope api. {NOTE_HINT}")
    elif all(each.is_protected for each in tokens):
        why = f"{GITLAB_TOKEN} is protected: jobs of merge requests do not see it"
        yield Finding("token", "warn", why, f"{page}: {NOTE_HINT}")


def _build_missing(each: RoleVariable, command: str) -> Finding:
    place = f" in environment {each.environment}" if each.environment else ""
    return Finding(f"role of {each.job}", "bad", f"{each.name} is not set{place}: that job gets no role", command)
