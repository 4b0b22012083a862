"""What to set up before the first job: roles, variables, environments."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from envctl.domain.ci.gitlab_pipeline import name_approval_environment, name_gitlab_environment
from envctl.domain.ci.inspection import github
from envctl.domain.ci.inspection.job import CheckedJob, System
from envctl.domain.ci.inspection.repository import Repository, UnknownRepositoryError
from envctl.domain.ci.inspection.roles import EXPLAIN_ROLES
from envctl.domain.ci.inspection.setup import list_role_variables
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH
from envctl.domain.command_lines import format_command
from envctl.domain.config.ci.shared_keys import APPROVAL
from envctl.domain.config.signing_keys import find_review_environment
from envctl.domain.findings import Finding
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.context import Context


def list_job_steps(context: Context, job: CheckedJob, environments: Sequence[str]) -> Iterator[Finding]:
    """Yield the steps that a job without a role can name. It can't see which of them are done."""
    try:
        repository = context.ports.ci_forge.find_repository(context.ports.version_control.read_remote())
    except UnknownRepositoryError:
        repository = Repository(job.system, "HOST", "OWNER/NAME", "")
    yield _step("roles in AWS", "one for plans, one for drift, one for each environment", EXPLAIN_ROLES)
    names, is_github = find_forge_names(context, job.system, environments), job.system == "github"
    if is_github:
        wanted, branch = expect_of_github(context, repository), context.project.ci.github.branch or DEFAULT_BRANCH
        for name, there in names.items():
            what = f"environment {there} in GitHub, for {branch} alone"
            yield _step(name, what, github.format_creation(wanted, there, branch))
    for each in list_role_variables(names, find_job_roles(context, job.system)):
        command = each.format_github_command(repository.path) if is_github else each.format_gitlab_command()
        way = f"{each.format_key(job.system)}; or {command}"
        yield _step(f"role of {each.job}", "its ARN in envctl.toml, or in a variable", way)
    yield _step("repository", "its settings: run this on your machine", format_command("doctor", ci=True))


def _step(name: str, what: str, how: str) -> Finding:
    return Finding(name, "unseen", f"not checked in a job; set up: {what}", how)


def find_forge_names(context: Context, system: System, environments: Sequence[str]) -> Mapping[str, str]:
    """Return the names of these environments on the forge, as far as they are in the pipeline. Those with a key for
    people have a second one, under ENV-approval.
    """
    ci, order = context.project.ci, context.project.pipeline.order
    names = [name for name in environments if name in order]
    people = [name for name in names if context.project.environments[name].approval_signing_key]
    find_own, find_approval = ci.github.find_github_name, ci.github.find_approval_name
    if system == "gitlab":
        tools = name_gitlab_environment, name_approval_environment
        find_own, find_approval = (partial(find, ci.gitlab_table) for find in tools)
    return {**{name: find_own(name) for name in names}, **{f"{name}{APPROVAL}": find_approval(name) for name in people}}


def find_job_roles(context: Context, system: System) -> Mapping[str, str]:
    """Return the roles of jobs that stand in `envctl.toml`, by `plan`, `drift` or environment."""
    ci = context.project.ci
    return ci.github.roles if system == "github" else ci.gitlab_table.roles


def expect_of_github(context: Context, repository: Repository) -> github.GithubExpectation:
    project = context.project
    names = {name: project.ci.github.find_github_name(name) for name in project.pipeline.order}
    # With a key for people, reviewers belong to the environment of its job alone.
    places = {name: find_review_environment(project, name) for name in names}
    guarded, reviewed = (frozenset(places[name] for name in wanted) for wanted in find_guarded(context))
    elsewhere = {names[name]: there for name, there in places.items() if there != names[name]}
    return github.GithubExpectation(repository.path, format_url(repository), guarded, reviewed, elsewhere)


def find_guarded(context: Context) -> tuple[frozenset[str], frozenset[str]]:
    """Return the environments that are protected or the last of the pipeline, and those with reviewers as a gate."""
    project = context.project
    last = project.pipeline.order[1:][-1:]
    guarded = {name for name, each in project.environments.items() if each.protected and each.in_pipeline}
    reviewed = {name for name in project.pipeline.order[1:] if find_rules(project, name).reviewers}
    return frozenset({*guarded, *last}), frozenset(reviewed)


def format_url(repository: Repository) -> str:
    return f"https://{repository.host}/{repository.path}"
