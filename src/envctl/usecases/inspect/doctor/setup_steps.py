"""What to set up before the first job: roles, variables, environments."""

from collections.abc import Iterator, Sequence

from envctl.domain.ci.inspection import github
from envctl.domain.ci.inspection.job import Job
from envctl.domain.ci.inspection.repository import Repository, UnknownRepositoryError
from envctl.domain.ci.inspection.roles import CI_ACCESS_PAGE
from envctl.domain.ci.inspection.setup import list_role_variables
from envctl.domain.findings import Finding
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.context import Context


def list_job_steps(context: Context, job: Job, environments: Sequence[str]) -> Iterator[Finding]:
    """Yield the steps that a job without a role can name. It can't see which of them are done."""
    try:
        repository = context.ports.ci_forge.find_repository(context.ports.version_control.read_remote())
    except UnknownRepositoryError:
        repository = Repository(job.system, "HOST", "OWNER/NAME", "")
    yield _step("roles in AWS", "one for plans, one for drift, one for each environment", f"see {CI_ACCESS_PAGE}")
    names = [name for name in environments if context.project.environments[name].in_pipeline]
    is_github = job.system == "github"
    if is_github:
        wanted = expect_of_github(context, repository)
        for name in names:
            yield _step(
                f"environment {name}", "made for protected branches alone", github.format_creation(wanted, name)
            )
    for each in list_role_variables(names):
        command = each.format_github_command(repository.path) if is_github else each.format_gitlab_command()
        yield _step(f"role of {each.job}", f"variable {each.name}", command)
    yield _step("repository", "its settings: run this on your machine", "envctl doctor --ci")


def _step(name: str, what: str, how: str) -> Finding:
    return Finding(name, "unseen", f"not checked in a job: {what}", how)


def expect_of_github(context: Context, repository: Repository) -> github.GithubExpectation:
    guarded, reviewed = find_guarded(context)
    return github.GithubExpectation(repository.path, format_url(repository), guarded, reviewed)


def find_guarded(context: Context) -> tuple[frozenset[str], frozenset[str]]:
    """Return the environments that are protected or the last of the pipeline, and those with reviewers as a gate."""
    project = context.project
    last = project.pipeline.order[1:][-1:]
    guarded = {name for name, each in project.environments.items() if each.protected and each.in_pipeline}
    reviewed = {name for name in project.pipeline.order[1:] if find_rules(project, name).reviewers}
    return frozenset({*guarded, *last}), frozenset(reviewed)


def format_url(repository: Repository) -> str:
    return f"https://{repository.host}/{repository.path}"
