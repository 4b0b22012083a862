"""One entry for people: any result or error, on any console."""

from importlib import import_module

from rich.console import Console

from envctl.cli.render.errors import show_error

__all__ = ["RENDERERS", "show", "show_error"]

# By name: importing every kind of result would cost a plan more than drawing it does.
RENDERERS = {
    "Approved": "deployment.show_approved",
    "Deployed": "deployment.show_deployed",
    "EnvironmentPlan": "plan.show_plan_alone",
    "EnvironmentSettings": "settings.show_settings",
    "History": "history.show_history",
    "Recovered": "deployment.show_recovered",
    "Rendered": "settings.show_rendered",
    "SandboxState": "sandbox.show_sandbox",
    "Status": "status.show_status",
    "Valid": "settings.show_valid",
    "Verified": "history.show_verified",
    "Why": "why.show_why",
}


def show(result: object, out: Console) -> None:
    module, function = RENDERERS[type(result).__name__].split(".")
    getattr(import_module(f"envctl.cli.render.{module}"), function)(result, out)
