"""The next command after a deployment or a plan. It is found after the work is done, and never changes its outcome."""

from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from envctl.domain.next_step.find_step import format_deployment
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.result import Deployed
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request
from envctl.usecases.release.next_steps import build_adviser


def add_next_command(ports: Ports, deployed: Deployed) -> Deployed:
    """Return the result of a deployment with the next command."""
    if deployed.dry_run or deployed.action == "destroy":
        return deployed
    try:
        context, target = load.load_context(ports, deployed.environment)
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
    try:
        return replace(plan, next=_suggest_for_plan(ports, plan, is_stored=is_stored))
    except EnvctlError:
        return plan


def _suggest_for_plan(ports: Ports, plan: EnvironmentPlan, *, is_stored: bool) -> str:
    context, target = load.load_context(ports, plan.environment)
    present = journal.load(ports)
    adviser, source = build_adviser(context, present), context.project.pipeline.find_previous(target)
    if source is None and not is_stored:
        return adviser.advise(target, has_pending=True).advice
    current = present.find_environment(target).current
    if is_stored and source is not None and not (current and current.release == plan.release):
        found = deploy_request.build_promotion(
            context, present, source=source, target=target, release=plan.release or None
        )
    else:
        found = deploy_request.build_redeployment(context, present, target=target)
    if not is_stored or found.request.identity == plan.release:
        request = replace(found.request, plan=plan, actor=Actor(""))
        steps = adviser.advise_change(request)
        return steps[0].advice if steps else format_deployment(request)
    return ""
