"""The first line of `envctl why`: whether the environment can be deployed to, and what blocks it."""

from envctl.cli.render.text.sentences import format_count
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, find_guard
from envctl.usecases.approval.explain_refusal import Why

# The other reasons stand below the verdict.
MAX_REASONS = 2


def format_verdict(why: Why) -> str:
    verb = "promoted" if why.source else "deployed"
    if why.refusals and not why.waiver:
        return f"{why.target} can't be {verb}: {_join_reasons(why)}."
    if why.elsewhere:
        return f"{why.target} can't be {verb}: its place or name changed in envctl.toml."
    outcomes = [answer.outcome for answer in why.answers]
    warnings, unplanned = outcomes.count("warns"), outcomes.count("unplanned")
    parts = [
        f"{why.target} can be {verb}{f' by waiver {why.waiver.number}' if why.waiver else ''}",
        format_count(warnings, "warning") if warnings else "",
        f"{format_count(unplanned, 'guard')} {'needs' if unplanned == 1 else 'need'} a plan" if unplanned else "",
    ]
    return f"{'; '.join(filter(None, parts))}."


def _join_reasons(why: Why) -> str:
    reasons = [describe_reason(refusal, why) for refusal in why.refusals]
    more = len(reasons) - MAX_REASONS
    rest = [f"{format_count(more, 'more guard')} {'refuses' if more == 1 else 'refuse'}"] if more > 0 else []
    return "; ".join([*reasons[:MAX_REASONS], *rest])


def describe_reason(refusal: Refusal, why: Why) -> str:
    """Return the reason of a refusal in a few words; its own message has the details."""
    source, target = why.source or "", why.target
    match refusal.code:
        case GuardCode.ORDER if source:
            return f"releases do not come from {source}"
        case GuardCode.PROVENANCE if why.release is None:
            return f"{source} has no release" if source else f"{target} has no release yet"
        case GuardCode.PROVENANCE if refusal.waivable and source:
            return f"the release was not deployed to {source} successfully"
        case GuardCode.APPROVALS if (need := sum(gate.need for gate in why.approvals.values())) > 1:
            missing = sum(gate.missing for gate in why.approvals.values())
            if not missing:
                return "another person than the approver has to deploy it"
            return f"{missing} of {format_count(need, 'approval')} {'is' if missing == 1 else 'are'} missing"
        case GuardCode.LOCK if not refusal.for_now:
            return "the release is on hold"
        case GuardCode.RULES if refusal.for_now:
            return "the new rules lack approvals"
        case _:
            return find_guard(refusal.code).reason.format(source=source, target=target)
