"""The next command after a deployment or a plan. It is found after the work is done, and never changes its outcome."""

from collections.abc import Callable
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import ANONYMOUS
from envctl.domain.next_step.find_step import format_deployment
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.release import deploy_request
from envctl.usecases.release.next_steps import build_adviser


def add_next_command(ports: Ports, deployed: DeploymentResult) -> DeploymentResult:
    """Return the result of a deployment with the next command."""
    if deployed.dry_run or deployed.action == "destroy":
        return deployed
    try:
        context, target = load_context(ports, deployed.environment)
        present = journal.load(ports)
        if deployed.action == "rollback" and deployed.up_to_date:
            further = deploy_request.find_previous_verified(present, target)
            back = format_command("rollback", target, to=shorten_id(further)) if further else ""
            return replace(deployed, next=f"to go back further: {back}" if back else "")
        return replace(deployed, next=build_adviser(context, present).follow(target).advice)
    except EnvctlError:
        return deployed


def add_plan_command(ports: Ports, plan: EnvironmentPlan, *, is_stored: bool = False) -> EnvironmentPlan:
    """Return a plan with the command that would apply it, or what comes before. `is_stored` for a named release."""
    if not plan.changes:
        return plan
    return prepare_plan_command(ports, plan.environment, plan.release, is_stored=is_stored)(plan)


def prepare_plan_command(
    ports: Ports, environment: str, release: str = "", *, is_stored: bool = False
) -> Callable[[EnvironmentPlan], EnvironmentPlan]:
    """Read all that the next command after a plan with changes depends on. Return a function that adds it to the plan.
    `is_stored` for the plan of the named release.
    """
    try:
        suggest = _prepare_suggestion(ports, environment, release if is_stored else None)
    except EnvctlError:
        return lambda plan: plan

    def add_command(plan: EnvironmentPlan) -> EnvironmentPlan:
        try:
            return replace(plan, next=suggest(plan))
        except EnvctlError:
            return plan

    return add_command


def _prepare_suggestion(ports: Ports, environment: str, release: str | None) -> Callable[[EnvironmentPlan], str]:
    context, target = load_context(ports, environment)
    present = journal.load(ports)
    adviser, source = build_adviser(context, present), context.project.pipeline.find_previous(target)
    if source is None and release is None:
        advice = adviser.advise(target, has_pending=True).advice
        return lambda _: advice
    current = present.find_environment(target).current
    if release is not None and source is not None and not (current and current.release == release):
        found = deploy_request.build_promotion(context, present, source=source, target=target, release=release or None)
    else:
        found = deploy_request.build_redeployment(context, present, target=target)

    def suggest(plan: EnvironmentPlan) -> str:
        if release is not None and found.request.identity != release:
            return ""
        request = replace(found.request, plan=plan, actor=ANONYMOUS)
        steps = adviser.advise_change(request)
        return steps[0].advice if steps else format_deployment(request)

    return suggest
