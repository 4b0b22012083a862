"""The CI job of a command, as its variables and its token describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

System = Literal["github", "gitlab"]
JobKind = Literal["plan", "deploy", "branch"]
"""*plan*: of a pull or merge request, or of a merge queue. *deploy*: of an environment. *branch*: any other job, such
as the check for drift.
"""
FORGE_NAMES: Mapping[System, str] = {"github": "GitHub", "gitlab": "GitLab"}
_PLAN_EVENTS = frozenset({"pull_request", "pull_request_target", "merge_group", "pull_request_review"})


@dataclass(frozen=True)
class Job:
    """A job of GitHub Actions or GitLab CI.

    Attributes:
        event: What started it, as the system names it.
        environment: The environment of the job, as the forge names it; empty if it has none or it is unknown.
        is_fork: True for the code of a fork.
        role: The ARN that the job wants to take with its token; empty if not set.
    """

    system: System
    event: str = ""
    ref: str = ""
    environment: str = ""
    is_fork: bool = False
    role: str = ""

    @property
    def kind(self) -> JobKind:
        # First: a job of a pull request may name any environment.
        if self.event in _PLAN_EVENTS or self.event == "merge_request_event":
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


def read_job(variables: Mapping[str, str], head: str = "") -> Job | None:
    """Return the job by its variables; None outside of GitHub Actions and GitLab CI. `head` is the repository that a
    pull request of GitHub comes from, if known.
    """
    role = variables.get("AWS_ROLE_ARN", "").strip()
    if variables.get("GITHUB_ACTIONS") == "true":
        event, ref = variables.get("GITHUB_EVENT_NAME", ""), variables.get("GITHUB_REF", "")
        is_fork = bool(head) and head.casefold() != variables.get("GITHUB_REPOSITORY", "").casefold()
        return Job("github", event, ref, is_fork=is_fork, role=role)
    if variables.get("GITLAB_CI") == "true":
        own = variables.get("CI_PROJECT_ID", "")
        is_fork = variables.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", own) != own
        ref = variables.get("CI_COMMIT_REF_NAME", "")
        environment = variables.get("CI_ENVIRONMENT_NAME", "")
        return Job("gitlab", variables.get("CI_PIPELINE_SOURCE", ""), ref, environment, is_fork, role)
    return None
