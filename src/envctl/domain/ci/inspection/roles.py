"""Which roles a job may take, and what a try of each one shows."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.ci.inspection.job import CheckedJob
from envctl.domain.command_lines import format_command
from envctl.domain.findings import Finding

RoleUse = Literal["deploy", "look"]
Answer = Literal["yes", "no", "unknown"]
Need = Literal["must", "may", "must not"]
_SESSION = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/.+")
_ROLE = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")
EXPLAIN_ROLES = format_command("explain", "E486")


@dataclass(frozen=True)
class RoleTarget:
    """A role that the project names: the deployer of an environment, or the role that only looks there."""

    arn: str
    environment: str
    use: RoleUse

    @property
    def key(self) -> str:
        """The key of `envctl.toml` that names it."""
        return "assume_role" if self.use == "deploy" else "look_role"


@dataclass(frozen=True)
class JobRole:
    """A role that a job takes with its token, as `envctl.toml` names it: of `plan`, `drift` or an environment."""

    arn: str
    job: str


@dataclass(frozen=True)
class Attempt:
    """The answer of AWS to a harmless request, with its reason unless it is *yes*."""

    answer: Answer
    reason: str = ""


@dataclass(frozen=True)
class RoleTrial:
    """What was tried with a role."""

    taken: Attempt  # whether the job can take it
    itself: Attempt | None = None  # whether the role can take itself, if that was tried
    # Whether the role can do each of these, if that was tried.
    writes: Mapping[str, Attempt] = field(default_factory=dict)


@dataclass(frozen=True)
class RolePlan:
    """The roles of a project: those to try, the entry, what pull requests may look into, and the pipeline."""

    order: Sequence[str]
    targets: Sequence[RoleTarget]
    pull_request_environments: Collection[str] = ()

    def find_environment(self, job: CheckedJob) -> str:
        """Return the environment of the project that the job is for; empty for another one."""
        names = {each.environment.casefold(): each.environment for each in self.targets}
        names |= {name.casefold(): name for name in self.order}
        return names.get(job.environment.casefold(), "")


def find_need(job: CheckedJob, plan: RolePlan, target: RoleTarget) -> Need:
    """Return whether a job needs a role, may have it, or must not have it."""
    match job.kind, target.use:
        case "deploy", "deploy":
            return "must" if target.environment == plan.find_environment(job) else "must not"
        case _, "deploy":
            return "must not"
        case "plan", "look":
            seen = {*plan.order[:1], *plan.pull_request_environments}
            return "must" if target.environment in seen else "must not"
        case "branch", "look":
            return "must"
        case _:
            return "may"


def check_trial(job: CheckedJob, plan: RolePlan, target: RoleTarget, trial: RoleTrial) -> Iterator[Finding]:
    """Yield whether the role can be taken and whether that is right, and what it can do beyond its use."""
    yield _check_taken(job, target, trial.taken, find_need(job, plan, target))
    if trial.itself is not None:
        yield check_itself(target, trial.itself)
    for what, attempt in trial.writes.items():
        yield _check_write(target, what, attempt)


def _check_taken(job: CheckedJob, target: RoleTarget, taken: Attempt, need: Need) -> Finding:
    name, role = target.key, target.arn
    match taken.answer, need:
        case "unknown", _:
            return Finding(name, "unseen", f"not checked: {role}: {taken.reason}")
        case "yes", "must not":
            return Finding(
                name, "bad", f"{role} can be taken: {_explain_danger(job, target)}", _suggest_distrust(target)
            )
        case "no", "must":
            why = f"{role} can't be taken, and {job.description} needs it: {taken.reason}"
            hint = f"let its trust policy name the role of this job, and allow sts:AssumeRole on it: {EXPLAIN_ROLES}"
            return Finding(name, "bad", why, hint)
        case "yes", _:
            return Finding(name, "good", f"{role} can be taken, as it should be")
        case _:
            return Finding(name, "good", f"{role} can't be taken{', as it should be' if need == 'must not' else ''}")


def _explain_danger(job: CheckedJob, target: RoleTarget) -> str:
    where = target.environment
    if target.use == "look":
        return f"code of a branch can read the states of {where}, with their secrets"
    match job.kind:
        case "plan":
            return f"unreviewed code can deploy to {where}"
        case "deploy":
            return f"{job.description} can deploy to {where}, past its gates and reviewers"
        case "branch":
            return f"{job.description} can deploy to {where}, past its reviewers"


def _suggest_distrust(target: RoleTarget) -> str:
    if target.use == "look":
        environment = target.environment
        return f"trust only the role of drift, or add {environment} to [ci] pull_request_environments: {EXPLAIN_ROLES}"
    where = target.environment
    return (
        f"let its trust policy name only the role of {where}'s own job; plan and drift take look_role: {EXPLAIN_ROLES}"
    )


def check_itself(target: RoleTarget, itself: Attempt) -> Finding:
    """Return whether a role can take itself."""
    match itself.answer:
        case "yes":
            why = f"{target.arn} can take itself: stolen keys can be renewed again and again"
            return Finding("itself", "bad", why, f"remove the role from its own trust policy: {EXPLAIN_ROLES}")
        case "no":
            return Finding("itself", "good", "the role can't take itself")
        case "unknown":
            return Finding("itself", "unseen", f"not checked: {itself.reason}")


def _check_write(target: RoleTarget, what: str, attempt: Attempt) -> Finding:
    match attempt.answer:
        case "yes":
            why = f"look_role of {target.environment} may {what}: a plan of any branch could change the environment"
            return Finding("writes", "bad", why, f"give it read permissions alone: {EXPLAIN_ROLES}")
        case "no":
            return Finding("writes", "good", f"it may not {what}")
        case "unknown":
            return Finding("writes", "unseen", f"not checked: whether it may {what}: {attempt.reason}")


def check_own_role(caller_arn: str, plan: RolePlan) -> Iterator[Finding]:
    """Yield a finding if the role of the job is a role that it takes: AWS refuses that, and nothing separates jobs."""
    session = _SESSION.fullmatch(caller_arn)
    if session is None:
        yield Finding("role of the job", "good", caller_arn)
        return
    own = (session["account"], session["name"])
    same = [each for each in plan.targets if (found := _ROLE.fullmatch(each.arn)) and found.groups() == own]
    if same:
        listed = ", ".join(f"{each.key} of {each.environment}" for each in same)
        why = f"{caller_arn} is {listed} too: a role must not take itself, and AWS refuses it"
        yield Finding("role of the job", "bad", why, f"give the job a role of its own: {EXPLAIN_ROLES}")
        return
    yield Finding("role of the job", "good", caller_arn)


def check_job_role(job: CheckedJob, plan: RolePlan, role: JobRole, attempt: Attempt) -> Finding:
    """Return whether the token of this job is taken for a role of CI, and whether that is right."""
    own = {"plan": "plan", "branch": "drift", "deploy": plan.find_environment(job) or job.environment}[job.kind]
    name = f"role of {role.job}"
    match attempt.answer:
        case "unknown":
            return Finding(name, "unseen", f"not checked: {role.arn}: {attempt.reason}")
        case "yes" if role.job != own and job.system == "gitlab" and job.kind != "plan":
            why = f"{role.arn} is given to {job.description} too: GitLab's sub does not name the environment"
            return Finding(name, "warn", why, "protect the branch, and let owners approve changes of the pipeline")
        case "yes" if role.job != own:
            why = f"{role.arn} is given to {job.description}: its trust policy does not tell jobs apart"
            hint = f"name exactly the sub of the job for {role.job} in the trust policy: {EXPLAIN_ROLES}"
            return Finding(name, "bad", why, hint)
        case "no" if role.job == own:
            why = f"{role.arn} is not given to {job.description}, which needs it: {attempt.reason}"
            return Finding(name, "bad", why, f"name the sub of this job in its trust policy: {EXPLAIN_ROLES}")
        case answer:
            return Finding(name, "good", f"{role.arn} is {'' if answer == 'yes' else 'not '}given, as it should be")


def check_missing_roles(job: CheckedJob, plan: RolePlan, environments: Sequence[str]) -> Iterator[tuple[str, Finding]]:
    """Yield a finding for each environment without a role that this job would take, with the environment."""
    known = {(each.environment, each.use) for each in plan.targets}
    for name in environments:
        if (name, "deploy") not in known:
            why = "not set: jobs use their own role there, and nothing separates plan and deployment"
            yield name, Finding("assume_role", "warn", why, f"add assume_role to [environments.{name}]")
        if job.kind != "deploy" and (name, "look") not in known:
            why = "not set: plan and drift need the deployer's role, which can change everything"
            hint = f'add look_role = "arn:aws:iam::…:role/envctl-look" to [environments.{name}]: {EXPLAIN_ROLES}'
            yield name, Finding("look_role", "warn", why, hint)
