"""What a job of a pull or merge request may look into: the entry environment, and what the project file names.

States hold secrets, and the code of such a job is not reviewed yet. This is for the person who reads the result. What
keeps the job out is AWS: its role may take the look roles of these environments alone.
"""

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

KEY = "pull_request_environments"


def require_visible(context: Context, environment: str) -> None:
    """Raise ConfigurationError (E127) if this job must not read the states of the environment."""
    if is_hidden(context.ports, context.project, environment):
        raise ConfigurationError(describe_hidden(environment))


def is_hidden(ports: Ports, project: Project, environment: str) -> bool:
    """Check if this job of a pull or merge request must not read states. The sandbox holds nothing to protect."""
    if environment == project.order.order[0] or environment in project.ci.pull_request_environments:
        return False
    return not ports.sandbox and ports.job_requests.is_for_request()


def describe_hidden(environment: str) -> Problem:
    message = f"{environment} is not checked in jobs of pull requests: its states may hold secrets"
    hint = (
        f"to allow it, add {environment} to [ci] {KEY} in envctl.toml, and let the role of the job take its look_role"
    )
    return Problem("E127", message, hint)
