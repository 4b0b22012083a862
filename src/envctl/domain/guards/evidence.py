"""Guards G103, G104, G105 and G110: the evidence of the source is sufficient, recent and still valid."""

from datetime import datetime

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.state import Evidence
from envctl.domain.text.durations import format_duration
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first

MAX_NAMED = 3


def check_verified(request: Request) -> Refusal | None:
    """G103: the last verification of the release in the source passed every required check and was not revoked."""
    proof = request.evidence
    if proof is None:
        return None
    if proof.verified:
        return _refuse_missing_checks(request, proof)
    why = proof.revoked or "it was never verified since it was deployed there"
    message = f"release {shorten_id(proof.deployment.release)} is not verified in {request.source}: {why}"
    return Refusal(GuardCode.VERIFIED, message, _suggest_verification(request, proof))


def _refuse_missing_checks(request: Request, proof: Evidence) -> Refusal | None:
    missing = [name for name, mark in request.rules.checks.items() if _find_passed_at(proof, name, mark) is None]
    if not missing:
        return None
    what = "the check" if len(missing) == 1 else "the checks"
    message = f"release {shorten_id(proof.deployment.release)} was verified in {request.source} without {what} "
    changed = [name for name in missing if any(mark.startswith(f"{name}:") for mark in proof.passed)]
    message += f"{', '.join(missing)}{' as it is asked for' if changed else ''}"
    return Refusal(GuardCode.VERIFIED, message, f"with the checks that are missing: envctl verify {request.origin}")


def _find_passed_at(proof: Evidence, name: str, mark: str) -> datetime | None:
    """Return the time of the last pass of a check: by its mark, or by its name in entries without marks."""
    return proof.passed.get(mark) or proof.passed.get(name)


def check_soak(request: Request) -> Refusal | None:
    """G104: the release ran verified in the source, without interruption, for the required time."""
    proof, wanted = request.evidence, request.rules.soak
    if proof is None or not proof.verified or proof.measure_soak(request.now) >= wanted:
        return None
    so_far = format_duration(proof.measure_soak(request.now))
    release = shorten_id(proof.deployment.release)
    message = f"release {release} ran verified in {request.source} for {so_far} of {format_duration(wanted)}"
    if proof.since is None and request.source_state.drifted:
        # The release still runs there: its soak time continues after a check without drift.
        hint = f"envctl drift {request.source}"
        return Refusal(GuardCode.SOAK, f"{message}, and does not count as long as there is drift", hint)
    if proof.since is None:
        return Refusal(GuardCode.SOAK, f"{message}, and no longer runs there", _suggest_verification(request, proof))
    hint = f"wait, then: {request.command}"
    return Refusal(GuardCode.SOAK, message, hint, for_now=True, opens=proof.since + wanted, since=proof.since)


def check_max_age(request: Request) -> Refusal | None:
    """G105: the last verification in the source is recent enough."""
    proof, oldest = request.evidence, request.rules.max_age
    if proof is None or proof.verified_at is None or oldest is None:
        return None
    if is_future(proof.verified_at, request.now):
        message = (
            f"the verification of release {shorten_id(proof.deployment.release)} in {request.source} is recorded as of"
            f" {proof.verified_at:%Y-%m-%d %H:%M} UTC, still to come: a clock was wrong, and its age is unknown"
        )
        return Refusal(GuardCode.MAX_AGE, message, _suggest_verification(request, proof))
    # The oldest pass among the required checks, because the last verification may have run fewer of them.
    passed = [_find_passed_at(proof, name, mark) for name, mark in request.rules.checks.items()]
    verified_at = min((at for at in passed if at is not None), default=proof.verified_at)
    age = request.now - verified_at
    if age <= oldest:
        return None
    message = (
        f"release {shorten_id(proof.deployment.release)} was verified in {request.source} {format_duration(age)} ago;"
        f" {request.target} takes proof of at most {format_duration(oldest)}"
    )
    return Refusal(GuardCode.MAX_AGE, message, _suggest_verification(request, proof), since=verified_at + oldest)


def check_drift(request: Request) -> Refusal | None:
    """G110: the source has no drift. Drift of the target is only a warning."""
    if request.action == "promote" and request.source_state.drifted:
        return _refuse_drift(request, request.origin, f"envctl drift {request.origin} --fix", warns=False)
    if request.action != "destroy" and request.target_state.drifted:
        return _refuse_drift(request, request.target, f"envctl drift {request.target}", warns=True)
    return None


def _refuse_drift(request: Request, environment: str, hint: str, *, warns: bool) -> Refusal | None:
    seen = request.present.find_environment(environment).drift
    if seen is None:
        return None
    what = "difference" if seen.drifted == 1 else "differences"
    named = join_first(seen.resources, MAX_NAMED, seen.drifted)
    message = f"{environment} has drifted: {seen.drifted} {what} from the state ({named})"
    if not warns:
        hint = f"set it right with: {hint}, or by hand, and look again with: envctl drift {environment}"
    else:
        message += "; this deployment sets right what the configuration describes"
    return Refusal(GuardCode.DRIFT, message, hint, since=seen.at, warns=warns)


def _suggest_verification(request: Request, proof: Evidence) -> str:
    """Return the command to renew the evidence: verify or drift while the release runs, a deployment otherwise."""
    source = request.origin
    running = request.source_state.current_evidence
    if running is not None and running.deployment.release == proof.deployment.release:
        if proof.deployment.unpinned:
            return f"deploy it there again without them: envctl apply {source}"
        # Drift invalidates any check; `drift --fix` verifies at its end.
        return f"envctl drift {source} --fix" if request.source_state.drifted else f"envctl verify {source}"
    before = request.pipeline.find_previous(source)
    name = shorten_id(proof.deployment.release)
    if before is None:
        return f"deploy it there again: envctl rollback {source} --to {name}; or what {source} runs: {request.command}"
    return f"envctl promote {before} {source} --release {name}"
