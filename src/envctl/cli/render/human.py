"""One entry for people: any result or error, on any console."""

from functools import singledispatch

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
from envctl.usecases.settings import Rendered, Valid
from envctl.usecases.status import Status
from envctl.usecases.why import Why

__all__ = ["show", "show_error"]


def show(result: object, out: Console) -> None:  # noqa: C901, PLR0912 (one case a result)
    match result:
        case Deployed():
            show_deployed(result, out)
        case Approved():
            show_approved(result, out)
        case Recovered():
            show_recovered(result, out)
        case Why():
            show_why(result, out)
        case Status():
            show_status(result, out)
        case History():
            show_history(result, out)
        case Verified():
            show_verified(result, out)
        case EnvironmentPlan():
            show_plan_alone(result, out)
        case EnvironmentSettings():
            show_settings(result, out)
        case Valid():
            show_valid(result, out)
        case Rendered():
            show_rendered(result, out)
        case SandboxState():
            show_sandbox(result, out)
        case _:
            raise TypeError(f"nothing here knows how to show a {type(result).__name__}")
