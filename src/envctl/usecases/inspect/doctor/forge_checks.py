"""The settings of the project's repository on GitHub or GitLab, checked from a machine outside of CI."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from envctl.domain.ci.inspection import github, gitlab, setup
from envctl.domain.ci.inspection.job import FORGE_NAMES
from envctl.domain.ci.inspection.repository import Repository, UnknownRepositoryError
from envctl.domain.ci.inspection.settings import GithubSettings, GitlabSettings
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, to_rows
from envctl.usecases.inspect.doctor.setup_steps import (
    expect_of_github,
    find_forge_names,
    find_guarded,
    find_job_roles,
    format_url,
)
from envctl.usecases.ports.ci import WantedSettings
from envctl.usecases.ports.context import Context

SETTING_CODE, SETUP_CODE = "E483", "E485"
Group = tuple[str, tuple[Row, ...], str]
"""The name of a section, its rows, and its environment."""
_Checks = Iterator[tuple[str, str, Iterable[Finding]]]
"""The names of section and environment, and the findings."""


def check_forge(context: Context, environments: Sequence[str]) -> Iterator[Group]:
    """Yield the sections about the repository, its default branch, its jobs, and each environment of the pipeline."""
    ports = context.ports
    try:
        repository = ports.ci_forge.find_repository(ports.version_control.read_remote())
    except UnknownRepositoryError as error:
        yield "repository", (_report_unknown(str(error)),), ""
        return
    names = find_forge_names(context, repository.system, environments)
    ports.observer.on_message(f"reading the settings of {repository.path} …")
    try:
        settings = ports.ci_forge.open_settings(repository).read_settings(_want_settings(context, repository, names))
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        yield "repository", (report_bad("repository", *error.problems),), ""
        return
    where = f"{repository.host}/{repository.path} on {FORGE_NAMES[repository.system]}"
    yield "repository", (report_good("repository", where),), ""
    if isinstance(settings, GithubSettings):
        checks = _check_github(context, repository, settings, names)
    else:
        checks = _check_gitlab(context, repository, settings, names)
    for name, environment, findings in checks:
        code = SETUP_CODE if name == "set up" else SETTING_CODE
        yield name, tuple(to_rows(code, findings, misconfigured=code == SETUP_CODE)), environment


def _want_settings(context: Context, repository: Repository, names: Mapping[str, str]) -> WantedSettings:
    ci, environments = context.project.ci, tuple(names.values())
    if repository.system == "gitlab":
        return WantedSettings(environments, ci.gitlab_table.branch or "")
    paths = {kind: f".github/workflows/{ci.github.prefix}-{kind}.yml" for kind in ("plan", "deploy", "drift")}
    return WantedSettings(environments, ci.github.branch or "", paths)


def _report_unknown(reason: str) -> Row:
    message = f"the repository of this project is unknown: {reason}"
    hint = (
        "set GITHUB_REPOSITORY=OWNER/NAME, or CI_PROJECT_PATH=GROUP/NAME; a host of your own: GH_HOST, or [ci] gitlab"
    )
    return report_bad("repository", Problem(SETUP_CODE, message, hint), misconfigured=True)


def _check_github(
    context: Context, repository: Repository, settings: GithubSettings, names: Mapping[str, str]
) -> _Checks:
    wanted = expect_of_github(context, repository)
    variables = setup.list_role_variables(names, find_job_roles(context, "github"))
    yield "set up", "", setup.check_github_setup(settings, wanted, variables)
    yield "branch", "", github.check_branch(settings, wanted)
    yield "jobs", "", github.check_jobs(settings, wanted)
    for name, there in names.items():
        yield name, name, github.check_environment(settings, wanted, there)


def _check_gitlab(
    context: Context, repository: Repository, settings: GitlabSettings, names: Mapping[str, str]
) -> _Checks:
    guarded = frozenset(names[name] for name in find_guarded(context)[0] if name in names)
    wanted = gitlab.GitlabExpectation(format_url(repository), guarded)
    variables = setup.list_role_variables(names, find_job_roles(context, "gitlab"))
    yield "set up", "", setup.check_gitlab_setup(settings, wanted, variables)
    yield "branch", "", gitlab.check_branch(settings, wanted)
    yield "jobs", "", gitlab.check_jobs(settings, wanted)
    for name, there in names.items():
        yield name, name, gitlab.check_environment(settings, wanted, there)
