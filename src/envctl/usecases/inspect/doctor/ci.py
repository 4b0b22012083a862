"""`envctl doctor --ci`: who can deploy through CI. In a job it tries each role, elsewhere it reads the forge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from envctl.domain.ci.inspection import github, gitlab, job_token, roles, setup
from envctl.domain.ci.inspection.job import FORGE_NAMES, CheckedJob
from envctl.domain.ci.inspection.job_token import TokenClaims
from envctl.domain.ci.inspection.repository import Repository, UnknownRepositoryError
from envctl.domain.ci.inspection.roles import JobRole, RolePlan, RoleTarget
from envctl.domain.ci.inspection.settings import GithubSettings, GitlabSettings
from envctl.domain.config.ci.shared_keys import APPROVAL
from envctl.domain.config.project import PROJECT_FILE, Environment
from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.findings import Finding
from envctl.domain.release.place import environment_place
from envctl.usecases.inspect.doctor.doctor import Doctor, Section
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, to_rows
from envctl.usecases.inspect.doctor.setup_steps import (
    expect_of_github,
    find_forge_names,
    find_guarded,
    find_job_roles,
    format_url,
    list_job_steps,
)
from envctl.usecases.ports.ci import RoleRequest, WantedSettings
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import find_environments
from envctl.usecases.project.unsigned_gates import find_unsigned_gates

ROLE_CODE, SETUP_CODE, SETTING_CODE = "E486", "E485", "E483"
_Checks = Iterator[tuple[str, str, Iterable[Finding]]]


@dataclass(frozen=True)
class _Group:
    """The rows of a section, of one environment if it is named."""

    name: str
    rows: tuple[Row, ...]
    environment: str = ""


def diagnose_ci(ports: Ports, environments: Sequence[str] = ()) -> Doctor:
    """Check the job that runs this, or the settings of the repository outside of any job. Nothing is written.

    Raises UsageError for an environment missing from a readable project file.
    """
    try:
        project = project_file.load_project(ports)
    except ConfigurationError as error:
        first = error.problems[0]
        prefix = f"{first.location}: " if first.location else ""
        row = report_bad(PROJECT_FILE, *error.problems, seen=f"{prefix}{first.code} {first.message}")
        return Doctor((Section("project", (row.finding,)),), tuple(error.problems), misconfigured=True)
    context = Context(ports, project)
    wanted = find_environments(context, environments)
    job = ports.ci_forge.find_job()
    # In a job each role is tried; elsewhere the settings of the repository are read.
    groups = list(_check_forge(context, wanted) if job is None else _check_job(context, job, wanted))
    rows = [row for group in groups for row in group.rows]
    problems = tuple(dict.fromkeys(problem for row in rows for problem in row.problems))
    sections = tuple(Section(each.name, tuple(row.finding for row in each.rows), each.environment) for each in groups)
    return Doctor(sections, problems, any(row.misconfigured for row in rows))


def _check_job(context: Context, job: CheckedJob, environments: Sequence[str]) -> Iterator[_Group]:
    if job.is_fork:
        finding = Finding(
            "fork", "unseen", "not checked: the code of a fork gets no token and no role, as it should be"
        )
        yield _Group("job", (Row(finding),))
        return
    token = context.ports.ci_roles.read_token()
    there = find_forge_names(context, job.system, environments)
    claimed = job.environment or token.format_claim("environment")
    own = next((name for name, each in there.items() if each.casefold() == claimed.casefold()), claimed)
    job = replace(job, environment=own)
    yield _Group("job", tuple(to_rows(ROLE_CODE, _describe_job(context, job, token))))
    if context.ports.sandbox:
        finding = Finding("roles", "unseen", "not checked: the sandbox has no trust policies of yours")
        yield _Group("role", (Row(finding),))
        return
    caller = _find_caller(context, job)
    if isinstance(caller, EnvctlError):
        is_misconfigured = caller.exit_code == ExitCode.CONFIGURATION
        rows = [report_bad("role of the job", *caller.problems, misconfigured=is_misconfigured)]
        if not job.role:
            rows += to_rows(SETUP_CODE, list_job_steps(context, job, environments), misconfigured=True)
        yield _Group("set up", tuple(rows))
        return
    plan = build_role_plan(context, environments)
    yield _Group("role", tuple(to_rows(ROLE_CODE, _check_own_role(context, job, plan, caller))))
    missing = list(roles.check_missing_roles(job, plan, environments))
    for name in environments:
        context.ports.observer.on_message(f"trying the roles of {name} …")
        found = [finding for environment, finding in missing if environment == name]
        found += _try_roles(context, job, plan, name)
        found += _try_people_key(context, job, name)
        yield _Group(name, tuple(to_rows(ROLE_CODE, found)), name)


def _describe_job(context: Context, job: CheckedJob, token: TokenClaims) -> Iterator[Finding]:
    yield Finding("job", "good", f"{job.description} in {FORGE_NAMES[job.system]} ({job.event or 'unknown event'})")
    ci = context.project.ci
    yield from job_token.check_token(job, token, ci.gitlab if job.system == "gitlab" else ci.github.issuer or "")


def _find_caller(context: Context, job: CheckedJob) -> str | EnvctlError:
    """Return the ARN of the job's credentials, or why there are none."""
    try:
        return context.ports.access.fetch_caller().arn
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        if job.role:
            return error
        message = f"{job.description} has no role: AWS_ROLE_ARN is empty or not set"
        return ConfigurationError(Problem(SETUP_CODE, message, f"set the role of this job: {roles.EXPLAIN_ROLES}"))


def _check_own_role(context: Context, job: CheckedJob, plan: RolePlan, caller: str) -> Iterator[Finding]:
    yield from roles.check_own_role(caller, plan)
    if job.role:
        target = RoleTarget(job.role, "", "deploy")
        yield roles.check_itself(target, context.ports.ci_roles.try_role(RoleRequest(target)).taken)
    for name, role in find_job_roles(context, job.system).items():
        yield roles.check_job_role(job, plan, JobRole(role, name), context.ports.ci_roles.try_token(role))


def build_role_plan(context: Context, environments: Sequence[str]) -> RolePlan:
    """Return the roles that the project names for these environments."""
    project = context.project
    targets = [target for name in environments for target in _list_targets(name, project.environments[name])]
    return RolePlan(project.pipeline.order, targets, project.ci.pull_request_environments)


def _list_targets(name: str, settings: Environment) -> Iterator[RoleTarget]:
    if settings.assume_role:
        yield RoleTarget(settings.assume_role, name, "deploy")
    if settings.look_role:
        yield RoleTarget(settings.look_role, name, "look")


def _try_roles(context: Context, job: CheckedJob, plan: RolePlan, environment: str) -> Iterator[Finding]:
    targets = [each for each in plan.targets if each.environment == environment]
    deployer = next((each.arn for each in targets if each.use == "deploy"), "")
    for target in targets:
        need = roles.find_need(job, plan, target)
        request = RoleRequest(target, tries_itself=target.use == "deploy" and need == "must")
        if target.use == "look":
            bucket, key = _find_state_object(context, environment)
            request = RoleRequest(target, bucket=bucket, key=key, deployer=deployer)
        yield from roles.check_trial(job, plan, target, context.ports.ci_roles.try_role(request))


def _try_people_key(context: Context, job: CheckedJob, environment: str) -> Iterator[Finding]:
    """Sign a text that is no entry. Only the job that records what people decide may do that."""
    if not context.project.environments[environment].approval_signing_key:
        return
    ports, must, key = context.ports, job.environment == f"{environment}{APPROVAL}", "approval_signing_key"
    try:
        algorithm = ports.trust.pinned[environment].people_keys[-1].algorithm
        message = ports.trust.hash_for_signing("doctor", job.environment.encode())
        ports.signatures.for_role("people").sign(environment, algorithm, message, personally=True)
        signs, why = True, f"{job.description} signs with it: it can approve, lock and unlock {environment}"
        hint = f"allow kms:Sign to the role of {environment}{APPROVAL} alone: {roles.EXPLAIN_ROLES}"
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        signs, why, hint = False, error.problems[0].message, error.problems[0].hint
    seen = f"the role {'signs' if signs else 'does not sign'} with it, as it should be"
    yield Finding(key, "good", seen) if signs == must else Finding(key, "bad", why, hint)


def _find_state_object(context: Context, environment: str) -> tuple[str, str]:
    """Return the bucket of a state, and a key that no state has, but that policies for states cover; empty without one
    that the look role of the environment reads.
    """
    project = context.project
    if project.state.backend != "s3" or project.state.assume_role is not None:
        # With a role of its own for states, the look role reads none.
        return "", ""
    backend = environment_place.resolve_place(project, environment).backend
    if project.has_usual_states:
        return str(backend.settings["bucket"]), f"{environment}/envctl-doctor.tfstate"
    for stack in project.view_for(environment).stacks:
        keys, workspace = backend.settings_for_stack(stack), backend.workspace_for_stack(stack)
        # Policies name keys, or what they begin with.
        prefix = f"{keys.get('workspace_key_prefix', 'env:')}/{workspace}/" if workspace else ""
        return str(keys["bucket"]), f"{prefix}{keys['key']}.envctl-doctor"
    return "", ""


def _check_forge(context: Context, environments: Sequence[str]) -> Iterator[_Group]:
    """Yield the sections about the repository, its default branch, its jobs, and each environment of the pipeline."""
    ports = context.ports
    try:
        repository = ports.ci_forge.find_repository(ports.version_control.read_remote())
    except UnknownRepositoryError as error:
        yield _Group("repository", (_report_unknown(str(error)),))
        return
    names = find_forge_names(context, repository.system, environments)
    ports.observer.on_message(f"reading the settings of {repository.path} …")
    try:
        settings = ports.ci_forge.open_settings(repository).read_settings(_want_settings(context, repository, names))
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        yield _Group("repository", (report_bad("repository", *error.problems),))
        return
    where = f"{repository.host}/{repository.path} on {FORGE_NAMES[repository.system]}"
    yield _Group("repository", (report_good("repository", where),))
    if isinstance(settings, GithubSettings):
        checks = _check_github(context, repository, settings, names)
    else:
        checks = _check_gitlab(context, repository, settings, names)
    for name, environment, findings in checks:
        code = SETUP_CODE if name == "set up" else SETTING_CODE
        every = chain(findings, find_unsigned_gates(context, (environment,) if environment else ()))
        yield _Group(name, tuple(to_rows(code, every, misconfigured=code == SETUP_CODE)), environment)


def _want_settings(context: Context, repository: Repository, names: Mapping[str, str]) -> WantedSettings:
    ci, environments = context.project.ci, tuple(names.values())
    if repository.system == "gitlab":
        return WantedSettings(environments, ci.gitlab_table.branch or "")
    kinds = ("plan", "deploy", "drift", "operate")
    paths = {kind: f".github/workflows/{ci.github.prefix}-{kind}.yml" for kind in kinds}
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
        yield name, _find_environment(context, name), github.check_environment(settings, wanted, there)


def _find_environment(context: Context, name: str) -> str:
    """Return the environment that a name of `find_forge_names` is of."""
    return name if name in context.project.environments else name.removesuffix(APPROVAL)


def _check_gitlab(
    context: Context, repository: Repository, settings: GitlabSettings, names: Mapping[str, str]
) -> _Checks:
    guarded = frozenset(names[name] for name in names if _find_environment(context, name) in find_guarded(context)[0])
    wanted = gitlab.GitlabExpectation(format_url(repository), guarded)
    variables = setup.list_role_variables(names, find_job_roles(context, "gitlab"))
    yield "set up", "", setup.check_gitlab_setup(settings, wanted, variables)
    yield "branch", "", gitlab.check_branch(settings, wanted)
    yield "jobs", "", gitlab.check_jobs(settings, wanted)
    for name, there in names.items():
        yield name, _find_environment(context, name), gitlab.check_environment(settings, wanted, there)
