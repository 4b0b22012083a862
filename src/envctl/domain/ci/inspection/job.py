"""The CI job that `doctor --ci` checks, as its variables and its token describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from envctl.domain.ci.job import describe_job

System = Literal["github", "gitlab"]
JobKind = Literal["plan", "deploy", "branch"]
"""*plan*: of a pull or merge request, or of a merge queue. *deploy*: of an environment. *branch*: any other job, such
as the check for drift.
"""
FORGE_NAMES: Mapping[System, str] = {"github": "GitHub", "gitlab": "GitLab"}


@dataclass(frozen=True, kw_only=True)
class CheckedJob:
    """A job of GitHub Actions or GitLab CI."""

    system: System
    event: str = ""  # what started it, as the system names it
    environment: str = ""  # the environment of the job, as the forge names it; empty if it has none or it is unknown
    is_request: bool = False  # True for code that is not merged yet
    is_fork: bool = False  # True for the code of a fork
    role: str = ""  # the ARN that the job wants to take with its token; empty if not set

    @property
    def kind(self) -> JobKind:
        # First: a job of a pull request may name any environment.
        if self.is_request:
            return "plan"
        return "deploy" if self.environment else "branch"

    @property
    def description(self) -> str:
        match self.kind:
            case "plan":
                return f"the job of a {'pull' if self.system == 'github' else 'merge'} request"
            case "deploy":
                return f"the job of {self.environment}"
            case "branch":
                return "this job without an environment"


def read_job(variables: Mapping[str, str], event: Mapping[str, Any]) -> CheckedJob | None:
    """Return the job; None outside of GitHub Actions and GitLab CI. `event` is the payload of GitHub's event."""
    found, role = describe_job(variables, event), variables.get("AWS_ROLE_ARN", "").strip()
    if found.host == "github":
        started, environment = variables.get("GITHUB_EVENT_NAME", ""), ""
    elif found.host == "gitlab":
        started, environment = variables.get("CI_PIPELINE_SOURCE", ""), variables.get("CI_ENVIRONMENT_NAME", "")
    else:
        return None
    return CheckedJob(
        system=found.host,
        event=started,
        environment=environment,
        is_request=found.is_request,
        is_fork=found.is_fork,
        role=role,
    )
