"""One entry for people: any result or error, on any console."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

from envctl.cli.commands.sandbox import SandboxState
from envctl.cli.render.deployment import show_approved, show_deployed, show_recovered
from envctl.cli.render.errors import show_error
from envctl.cli.render.guards import show_why
from envctl.cli.render.history import show_history, show_verified
from envctl.cli.render.plan import show_plan_alone
from envctl.cli.render.sandbox import show_sandbox
from envctl.cli.render.settings import show_rendered, show_settings, show_valid
from envctl.cli.render.status import show_status
from envctl.domain.changes import EnvironmentPlan
from envctl.domain.settings import EnvironmentSettings
from envctl.usecases.approve import Approved
from envctl.usecases.deploy import Deployed
from envctl.usecases.history import History, Verified
from envctl.usecases.recover import Recovered
from envctl.usecases.render import Rendered
from envctl.usecases.settings import Valid
from envctl.usecases.status import Status
from envctl.usecases.why import Why

__all__ = ["show", "show_error"]


RENDERERS: dict[type, Callable[[Any, Console], None]] = {
    Deployed: show_deployed,
    Approved: show_approved,
    Recovered: show_recovered,
    Why: show_why,
    Status: show_status,
    History: show_history,
    Verified: show_verified,
    EnvironmentPlan: show_plan_alone,
    EnvironmentSettings: show_settings,
    Valid: show_valid,
    Rendered: show_rendered,
    SandboxState: show_sandbox,
}


def show(result: object, out: Console) -> None:
    RENDERERS[type(result)](result, out)
