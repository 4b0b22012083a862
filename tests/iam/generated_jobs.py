"""The jobs of the workflows that `envctl ci github` writes: what starts each, its token, the role that it names, and
the scopes of its GITHUB_TOKEN.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import render_github_workflows
from envctl.domain.ci.workflow_inputs import WorkflowInputs
from envctl.domain.config.ci.github import GithubCi
from envctl.domain.config.ci_package import PackageSource
from tests.iam.tokens import MAIN, PULL, Token, github_token

ENVIRONMENTS = ("dev", "staging", "prod")
PREFIX = "arn:aws:iam::444444444444:role/envctl-ci-"
_PACKAGE = PackageSource("git", "git+https://github.com/acme/envctl", "0123456789abcdef0123456789abcdef01234567")
_QUEUE = "refs/heads/gh-readonly-queue/main/pr-7"
# What starts a workflow: the ref of its jobs, and the end of their subject without an environment.
_EVENTS: Mapping[str, tuple[str, str]] = {
    "pull_request": (PULL, "pull_request"),
    "merge_group": (_QUEUE, f"ref:{_QUEUE}"),
    **dict.fromkeys(("push", "schedule", "workflow_dispatch"), (MAIN, f"ref:{MAIN}")),
}


@dataclass(frozen=True)
class GeneratedJob:
    """A job and one event that starts it. `role` is the end of the role that it names; empty without one."""

    name: str
    event: str
    token: Token
    asks_token: bool
    role: str
    scopes: tuple[str, ...]


def print_job_table(writes: Mapping[str, str]) -> str:
    """Return the rows of docs/ci-trust.md: what each job may do. `writes` says what a role creates in the store."""
    jobs: dict[str, list[GeneratedJob]] = {}
    for job in list_generated_jobs(people=("prod",)):
        jobs.setdefault(job.name, []).append(job)
    rows = []
    for name, started in jobs.items():
        first = started[0]
        events = ", ".join(f"`{job.event}`" for job in started)
        scopes = ", ".join(scope.removesuffix(": write") for scope in first.scopes if scope.endswith(": write"))
        role = f"`envctl-ci-{first.role}`" if first.role else "none"
        rows.append(f"| `{name}` | {events} | {role} | {scopes or 'nothing'} | {writes[first.role]} |")
    return "\n".join(rows)


def list_generated_jobs(
    order: tuple[str, ...] = ENVIRONMENTS, reviewed: str = "prod", people: tuple[str, ...] = ()
) -> Iterator[GeneratedJob]:
    """Yield each job with each event of its workflow, for a project with all roles and reviewers of one environment.
    `people` are the environments with a key for people.
    """
    names = ("plan", "drift", *order, *(f"{name}-approval" for name in people))
    github = GithubCi.model_validate({"roles": {name: f"{PREFIX}{name}" for name in names}})
    site = WorkflowInputs(
        order=order,
        folder="",
        region="ap-northeast-1",
        package=_PACKAGE,
        github=github,
        reviewed=frozenset([reviewed]),
        protected=frozenset([reviewed]),
        people=frozenset(people),
    )
    for path, text in render_github_workflows(PackagedTemplates().load_workflows("github"), site).items():
        document = yaml.load(text, yaml.CSafeLoader)
        for name, job in document["jobs"].items():
            # YAML 1.1 reads the key `on` as a truth value.
            for event in document[True]:
                yield _read_job(path.rpartition("/")[2], name, event, job)


def _read_job(file: str, name: str, event: str, job: Mapping[str, Any]) -> GeneratedJob:
    ref, where = _EVENTS[event]
    environment = job.get("environment")
    token = github_token(f"environment:{environment}" if environment else where, ref, file=file)
    roles = {step["env"]["AWS_ROLE_ARN"] for step in job["steps"] if "AWS_ROLE_ARN" in step.get("env", {})}
    role = roles.pop().removeprefix(PREFIX) if roles else ""
    assert not roles, name
    permissions = job.get("permissions", {})
    scopes = tuple(f"{scope}: {level}" for scope, level in permissions.items() if scope != "id-token")
    # Two workflows have a job that plans for the reviewers of one environment.
    name = f"{file.removeprefix('envctl-').removesuffix('.yml')}: {name}"
    return GeneratedJob(name, event, token, permissions.get("id-token") == "write", role, scopes)
