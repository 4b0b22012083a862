"""The first line of `envctl why`: whether the environment can be deployed to, and what blocks it."""

from envctl.cli.render.text.counting import format_count
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal
from envctl.usecases.approval.explain_refusal import Why

# The other reasons stand below the verdict.
MAX_REASONS = 2


def format_verdict(why: Why) -> str:
    """Return the answer in one sentence."""
    verb = "promoted" if why.source else "deployed"
    if why.refusals:
        return f"{why.target} can't be {verb}: {_join_reasons(why)}."
    outcomes = [answer.outcome for answer in why.answers]
    warnings, unplanned = outcomes.count("warns"), outcomes.count("unplanned")
    parts = [
        f"{why.target} can be {verb}",
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
        case GuardCode.ORDER:
            return (
                f"releases do not come from {source}" if source else f"{target} gets releases from another environment"
            )
        case GuardCode.PROVENANCE if why.release is None:
            return f"{source} has no release" if source else f"{target} has no release yet"
        case GuardCode.PROVENANCE if refusal.waivable and source:
            return f"the release was not deployed to {source} successfully"
        case GuardCode.APPROVALS:
            return _count_missing(why)
        case GuardCode.LOCK:
            return f"{target} is locked" if refusal.for_now else "the release is on hold"
        case GuardCode.RULES:
            return "the new rules lack approvals" if refusal.for_now else "its rules conflict with the recorded ones"
        case _:
            return _REASONS[refusal.code].format(source=source, target=target)


def _count_missing(why: Why) -> str:
    need = sum(gate.need for gate in why.approvals.values())
    missing = sum(gate.missing for gate in why.approvals.values())
    if need <= 1:
        return "the approval is missing"
    return f"{missing} of {format_count(need, 'approval')} {'is' if missing == 1 else 'are'} missing"


_REASONS = {
    GuardCode.PROVENANCE: "the origin of the release is not verified",
    GuardCode.VERIFIED: "the release is not verified in {source}",
    GuardCode.SOAK: "the release has not run long enough in {source}",
    GuardCode.MAX_AGE: "the verification in {source} is too old",
    GuardCode.WINDOW: "its deployment window is closed",
    GuardCode.BUSY: "another deployment is unfinished",
    GuardCode.DRIFT: "{source} has drifted",
    GuardCode.OLDER: "a newer release is deployed there",
    GuardCode.ARTIFACT: "an image is missing or has no digest",
    GuardCode.SECRETS: "a secret is missing",
    GuardCode.ACCOUNT: "the AWS account is not the one of {target}",
    GuardCode.SETTINGS: "settings do not fit the release",
    GuardCode.PARITY: "settings of {source} and {target} differ but must be equal",
    GuardCode.CLEAN: "the release has uncommitted changes",
    GuardCode.ALLOWED: "you do not have permission",
    GuardCode.PROTECTION: "the plan destroys protected resources",
    GuardCode.SAME_PLAN: "the plan holds more than was approved",
    GuardCode.REHEARSED: "the plan has changes not rehearsed in {source}",
    GuardCode.KNOWN_STATE: "the state holds resources of another ledger",
    GuardCode.REMOVED: "a stack would be removed, and envctl.toml does not say how",
}
