"""Guards G103 to G105: the verification of a release in the source: its checks, its soak time, and its age."""

from datetime import datetime

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.drift import suggest_drift_fix
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.state import Evidence
from envctl.domain.text.durations import format_duration
from envctl.domain.text.identifiers import shorten_id


def check_verified(request: Request) -> Refusal | None:
    """G103: the last verification of the release in the source passed every required check and was not revoked."""
    proof = request.evidence
    if proof is None:
        return None
    if proof.verified:
        return _refuse_missing_checks(request, proof)
    why = proof.revoked or "it was not verified since its deployment there"
    message = f"release {shorten_id(proof.deployment.release)} is not verified in {request.source}: {why}"
    return Refusal(GuardCode.VERIFIED, message=message, hint=suggest_verification(request, proof))


def _refuse_missing_checks(request: Request, proof: Evidence) -> Refusal | None:
    missing = [name for name, mark in request.rules.checks.items() if _find_passed_at(proof, name, mark) is None]
    if not missing:
        return None
    what = "the check" if len(missing) == 1 else "the checks"
    message = f"release {shorten_id(proof.deployment.release)} was verified in {request.source} without {what} "
    changed = [name for name in missing if any(mark.startswith(f"{name}:") for mark in proof.passed)]
    message += f"{', '.join(missing)}{' in its current form' if changed else ''}"
    return Refusal(
        GuardCode.VERIFIED, message=message, hint=f"run the missing checks: {format_command('verify', request.origin)}"
    )


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
        hint = format_command("drift", request.origin)
        return Refusal(GuardCode.SOAK, message=f"{message}; this time does not count during drift", hint=hint)
    if proof.since is None:
        return Refusal(
            GuardCode.SOAK, message=f"{message}, and no longer runs there", hint=suggest_verification(request, proof)
        )
    hint = f"wait, then: {request.command}"
    return Refusal(
        GuardCode.SOAK, message=message, hint=hint, for_now=True, opens=proof.since + wanted, since=proof.since
    )


def check_max_age(request: Request) -> Refusal | None:
    """G105: the last verification in the source is recent enough."""
    proof, oldest = request.evidence, request.rules.max_age
    if proof is None or proof.verified_at is None or oldest is None:
        return None
    if is_future(proof.verified_at, request.now):
        message = (
            f"the verification of release {shorten_id(proof.deployment.release)} in {request.source} is"
            f" recorded at {proof.verified_at:%Y-%m-%d %H:%M} UTC, in the future: a clock was wrong, and its age"
            " is unknown"
        )
        return Refusal(GuardCode.MAX_AGE, message=message, hint=suggest_verification(request, proof))
    # The oldest pass among the required checks, because the last verification may have run fewer of them.
    passed = [_find_passed_at(proof, name, mark) for name, mark in request.rules.checks.items()]
    verified_at = min((at for at in passed if at is not None), default=proof.verified_at)
    age = request.now - verified_at
    if age <= oldest:
        return None
    message = (
        f"release {shorten_id(proof.deployment.release)} was verified in {request.source} {format_duration(age)} ago;"
        f" {request.target} accepts at most {format_duration(oldest)}"
    )
    return Refusal(
        GuardCode.MAX_AGE, message=message, hint=suggest_verification(request, proof), since=verified_at + oldest
    )


def suggest_verification(request: Request, proof: Evidence) -> str:
    """Return the command to renew the evidence: verify or drift while the release runs, a deployment otherwise."""
    source = request.origin
    running = request.source_state.current_evidence
    if running is not None and running.deployment.release == proof.deployment.release:
        if proof.deployment.unpinned:
            return f"deploy it there again without provider overrides: {format_command('apply', source)}"
        # Drift invalidates any check; `drift --fix` verifies at its end.
        drift = request.source_state.drift
        return suggest_drift_fix(source, drift) if drift and drift.drifted else format_command("verify", source)
    before = request.pipeline.find_previous(source)
    name = shorten_id(proof.deployment.release)
    if before is None:
        back = format_command("rollback", source, to=name)
        current = format_command("promote", source, request.target)
        return f"deploy it there again: {back}; or take the current release of {source}: {current}"
    return format_command("promote", before, source, release=name)


GUARDS = (
    Guard(
        GuardCode.VERIFIED,
        check_verified,
        reason="the release is not verified in {source}",
        of_path=True,
        depends_on=GuardCode.PROVENANCE,
    ),
    Guard(
        GuardCode.SOAK,
        check_soak,
        reason="the release has not run long enough in {source}",
        of_path=True,
        depends_on=GuardCode.VERIFIED,
    ),
    Guard(
        GuardCode.MAX_AGE,
        check_max_age,
        reason="the verification in {source} is too old",
        of_path=True,
        depends_on=GuardCode.VERIFIED,
    ),
)
