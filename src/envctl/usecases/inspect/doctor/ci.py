"""`envctl doctor --ci`: who can deploy through CI. In a job it tries each role, elsewhere it reads the forge."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from envctl.domain.ci.inspection import job_token, roles
from envctl.domain.ci.inspection.job import FORGE_NAMES, Job
from envctl.domain.ci.inspection.job_token import TokenClaims
from envctl.domain.ci.inspection.roles import RolePlan, RoleTarget
from envctl.domain.config.project import PROJECT_FILE, Environment
from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, Problem
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor.doctor import Doctor, Section
from envctl.usecases.inspect.doctor.forge_checks import check_forge
from envctl.usecases.inspect.doctor.rows import Row, report_bad, to_rows
from envctl.usecases.inspect.doctor.setup_steps import list_job_steps
from envctl.usecases.ports.ci import RoleRequest
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

ROLE_CODE, SETUP_CODE = "E486", "E485"


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
        project = load.load_project(ports)
    except ConfigurationError as error:
        first = error.problems[0]
        prefix = f"{first.location}: " if first.location else ""
        row = report_bad(PROJECT_FILE, *error.problems, seen=f"{prefix}{first.code} {first.message}")
        return Doctor((Section("project", (row.finding,)),), tuple(error.problems), misconfigured=True)
    context = Context(ports, project)
    wanted = load.find_environments(context, environments)
    job = ports.ci_forge.find_job()
    if job is None:
        groups = [_Group(*each) for each in check_forge(context, wanted)]
    else:
        groups = list(_check_job(context, job, wanted))
    rows = [row for group in groups for row in group.rows]
    problems = tuple(dict.fromkeys(problem for row in rows for problem in row.problems))
    sections = tuple(Section(each.name, tuple(row.finding for row in each.rows), each.environment) for each in groups)
    return Doctor(sections, problems, any(row.misconfigured for row in rows))


def _check_job(context: Context, job: Job, environments: Sequence[str]) -> Iterator[_Group]:
    if job.is_fork:
        finding = Finding(
            "fork", "unseen", "not checked: the code of a fork gets no token and no role, as it should be"
        )
        yield _Group("job", (Row(finding),))
        return
    token = context.ports.ci_roles.read_token()
    job = replace(job, environment=job.environment or token.format_claim("environment"))
    yield _Group("job", tuple(to_rows(ROLE_CODE, _describe_job(job, token))))
    caller = _find_caller(context, job)
    if isinstance(caller, EnvctlError):
        rows = [report_bad("role of the job", *caller.problems, misconfigured=not job.role)]
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
        yield _Group(name, tuple(to_rows(ROLE_CODE, found)), name)


def _describe_job(job: Job, token: TokenClaims) -> Iterator[Finding]:
    yield Finding("job", "good", f"{job.description} in {FORGE_NAMES[job.system]} ({job.event or 'unknown event'})")
    yield from job_token.check_token(job, token)


def _find_caller(context: Context, job: Job) -> str | EnvctlError:
    """Return the ARN of the job's credentials, or why there are none."""
    if not job.role and context.ports.ci_roles.read_token().problem == "":
        message = f"{job.description} has a token and no role: AWS_ROLE_ARN is not set or empty"
        return ConfigurationError(Problem(SETUP_CODE, message, f"set the role of this job: {roles.CI_ACCESS_PAGE}"))
    try:
        return context.ports.access.fetch_caller().arn
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return error


def _check_own_role(context: Context, job: Job, plan: RolePlan, caller: str) -> Iterator[Finding]:
    yield from roles.check_own_role(caller, plan)
    if job.role:
        target = RoleTarget(job.role, "", "deploy")
        yield roles.check_itself(target, context.ports.ci_roles.try_role(RoleRequest(target)).taken)


def build_role_plan(context: Context, environments: Sequence[str]) -> RolePlan:
    """Return the roles that the project names for these environments."""
    project = context.project
    targets = [target for name in environments for target in _list_targets(name, project.environments[name])]
    pulls: Sequence[str] = getattr(project.ci, "pull_request_environments", ())
    return RolePlan(project.pipeline.order, targets, pulls)


def _list_targets(name: str, settings: Environment) -> Iterator[RoleTarget]:
    if settings.assume_role:
        yield RoleTarget(settings.assume_role, name, "deploy")
    if look_role := getattr(settings, "look_role", None):
        yield RoleTarget(look_role, name, "look")


def _try_roles(context: Context, job: Job, plan: RolePlan, environment: str) -> Iterator[Finding]:
    targets = [each for each in plan.targets if each.environment == environment]
    deployer = next((each.arn for each in targets if each.use == "deploy"), "")
    for target in targets:
        need = roles.find_need(job, plan, target)
        request = RoleRequest(target, tries_itself=target.use == "deploy" and need == "must")
        if target.use == "look":
            bucket, key = _find_state_object(context, environment)
            request = RoleRequest(target, bucket=bucket, key=key, deployer=deployer)
        yield from roles.check_trial(job, plan, target, context.ports.ci_roles.try_role(request))


def _find_state_object(context: Context, environment: str) -> tuple[str, str]:
    """Return the bucket of the states, and a key beside them that no state has; empty without a bucket."""
    if context.project.state.backend != "s3":
        return "", ""
    bucket = str(load.resolve_place(context.project, environment).backend.settings["bucket"])
    return bucket, f"{environment}/envctl-doctor.tfstate"
