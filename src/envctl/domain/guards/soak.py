"""Guard G104: how long a release ran verified in the source."""

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.guards.verification import suggest_verification
from envctl.domain.text.durations import format_duration
from envctl.domain.text.identifiers import shorten_id


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


GUARDS = (
    Guard(
        GuardCode.SOAK,
        check_soak,
        reason="the release has not run long enough in {source}",
        of_path=True,
        depends_on=GuardCode.VERIFIED,
    ),
)
