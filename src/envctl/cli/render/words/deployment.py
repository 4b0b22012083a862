"""The result of a deployment: what runs, its verification and overridden guards."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_actor, format_count
from envctl.cli.render.text.times import format_seconds
from envctl.cli.render.words.plan.plan import describe_code
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal
from envctl.domain.ledger.state import Deployment
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.verification import CheckOutcome

NOUNS = {"apply": "deployment of", "promote": "promotion of", "rollback": "rollback to"}
# Their sentences were true when the deployment began.
PAST_WARNINGS = "Guards warned before the deployment"


def describe_operation(deployment: Deployment) -> str:
    """Return the operation and release of a deployment, without its environment."""
    if deployment.action == "destroy":
        return "destruction"
    return f"{NOUNS[deployment.action]} release {shorten_id(deployment.release)}"


def format_headline(deployed: DeploymentResult) -> str:
    """Return the new state of the environment, without a final period."""
    release = describe_code(deployed.label, deployed.release)
    if deployed.only:
        return f"{deployed.environment} has {' and '.join(deployed.only)} of {release}"
    match deployed.action:
        case "destroy" if deployed.lost:
            return f"{deployed.environment} is destroyed, but resources of {join_names(deployed.lost)} may remain"
        case "destroy":
            return (
                f"{deployed.environment} is empty{': envctl tracks no resources there' if deployed.forgotten else ''}"
            )
        case "rollback":
            return f"{deployed.environment} is back on {release}"
        case _:
            return f"{deployed.environment} runs {release}"


def describe_up_to_date(deployed: DeploymentResult) -> str:
    if deployed.action == "destroy":
        return f"Nothing to do: {deployed.environment} is already empty."
    if deployed.only:
        return f"Nothing to do: {deployed.environment} already has this {' and '.join(deployed.only)}."
    release = describe_code(deployed.label, deployed.release)
    return f"Nothing to do: {deployed.environment} already runs {release} with these settings."


def format_extent(deployed: DeploymentResult) -> str:
    done = deployed.deployment
    if done is None:
        return ""
    verb = "destroyed" if done.action == "destroy" else "changed"
    count = f"{done.changed} {verb}" if done.changed else "no resource changed"
    if done.ended_at is None:
        return count
    return f"{count}, in {format_seconds((done.ended_at - done.started_at).total_seconds())}"


def list_effects(deployed: DeploymentResult) -> Iterator[str]:
    """Yield what happened beside the change of resources: holds, moved requests, and stacks left as they are."""
    if deployed.action == "rollback" and not deployed.up_to_date:
        yield _describe_hold(deployed)
    for rolled in deployed.rollouts:
        steps = join_names([f"{share.percent} %" for share in rolled.shares])
        shares = f" in steps of {steps}" if rolled.shares[1:] else ""
        yield f"The requests of {rolled.stack} moved from {rolled.before} to {rolled.color}{shares}."
    if deployed.forgotten and deployed.action == "destroy":
        names = join_names(deployed.forgotten)
        yield f"Forgotten earlier, and not changed: {names}. Their resources may still exist."


def _describe_hold(deployed: DeploymentResult) -> str:
    if not deployed.held:
        return f"The release before is already on hold in {deployed.environment}."
    held = format_label_or_id(deployed.held_label, deployed.held)
    return f"Release {held} is on hold in {deployed.environment} until a newer one is promoted."


def is_unverified(deployed: DeploymentResult) -> bool:
    """Check if a full deployment was not verified afterwards."""
    done = deployed.action != "destroy" and not deployed.up_to_date and not deployed.only
    return done and deployed.verification is None


def list_past_warnings(deployed: DeploymentResult) -> tuple[Refusal, ...]:
    """Return the warnings of guards to repeat afterwards, without drift corrected by the deployment."""
    is_corrected = not deployed.up_to_date and not deployed.only
    return tuple(each for each in deployed.warnings if each.code != GuardCode.DRIFT or not is_corrected)


def describe_partial(deployed: DeploymentResult) -> str:
    """Return a note about a deployment of some stacks; empty for all others."""
    if not deployed.only or deployed.up_to_date or deployed.dry_run:
        return ""
    return "A partial release is not verified. An apply of all stacks completes it."


def describe_overrides(deployed: DeploymentResult) -> str:
    """Summarize the guards overridden by break-glass, without a final period; empty if there were none."""
    if not deployed.waived or deployed.up_to_date:
        return ""
    were = "was" if len(deployed.waived) == 1 else "were"
    guards = format_count(len(deployed.waived), "guard")
    by = f" by waiver {deployed.given.number} of {format_actor(deployed.given.by)}" if deployed.given else ""
    return f"BREAK-GLASS in {deployed.environment}: {guards} refused, and {were} overridden{by}"


def describe_debt(deployed: DeploymentResult) -> str:
    condition = f"a normal promotion to {deployed.environment}"
    if deployed.given and deployed.deployment:
        review = format_command("review", deployed.environment, waiver=str(deployed.deployment.waiver))
        condition = f"another person reviews it ({add_sandbox_flag(review)})"
    elif deployed.action != "promote":
        condition = f"a normal deployment of a release to {deployed.environment}"
    return f"This is a debt, owed until {condition}"


def describe_purpose(deployed: DeploymentResult) -> str:
    """Return what a dry run plans to reach."""
    what = describe_code(deployed.label, deployed.release)
    match deployed.action:
        case "destroy":
            return f"To destroy all resources of {deployed.environment}"
        case "rollback":
            return f"To roll {deployed.environment} back to {what}"
        case _:
            of = f"{' and '.join(deployed.only)} of " if deployed.only else ""
            return f"To deploy {of}{what} to {deployed.environment}"


def summarize_checks(checks: Sequence[CheckOutcome]) -> str:
    """Summarize checks. A release without any checks must not look well verified."""
    counts = {name: sum(check.outcome == name for check in checks) for name in ("passed", "failed", "skipped")}
    skipped = f"{counts['skipped']} skipped" if counts["skipped"] else ""
    if counts["failed"]:
        return f"not verified: {format_count(counts['failed'], 'check')} failed"
    if counts["passed"]:
        return ", ".join(filter(None, (f"verified: {format_count(counts['passed'], 'check')} passed", skipped)))
    return f"marked verified: {skipped or 'no checks configured'}"
