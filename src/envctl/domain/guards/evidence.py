"""G103, G104, G105 and G110: that what the source proves is enough, recent, and still true."""

from datetime import datetime

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.clocks import is_future
from envctl.domain.ledger.state import Evidence
from envctl.domain.text.durations import spelt
from envctl.domain.text.lists import first_of
from envctl.domain.text.short_ids import short

NAMED = 3


def verified(request: Request) -> Refusal | None:
    """G103: the last verification of the release in the source passed, nothing has taken that away since, and it held
    every check that the target's rules know.
    """
    proof = request.evidence
    if proof is None:
        return None
    if proof.verified:
        return _checked(request, proof)
    why = proof.revoked or "it was never verified since it was deployed there"
    message = f"release {short(proof.deployment.release)} is not verified in {request.source}: {why}"
    return Refusal("G103", "verified", message, _prove_again(request, proof))


def _checked(request: Request, proof: Evidence) -> Refusal | None:
    missing = [name for name, mark in request.rules.checks.items() if _passed(proof, name, mark) is None]
    if not missing:
        return None
    what = "the check" if len(missing) == 1 else "the checks"
    message = f"release {short(proof.deployment.release)} was verified in {request.source} without {what} "
    changed = [name for name in missing if any(mark.startswith(f"{name}:") for mark in proof.passed)]
    message += f"{', '.join(missing)}{' as it is asked for' if changed else ''}"
    return Refusal("G103", "verified", message, f"with the checks that are missing: envctl verify {request.origin}")


def _passed(proof: Evidence, name: str, mark: str) -> datetime | None:
    """When the check passed last; by its name alone where it was not recorded what it asked."""
    return proof.passed.get(mark) or proof.passed.get(name)


def soak(request: Request) -> Refusal | None:
    """G104: it has run in the source, verified and without a break, for as long as the target asks."""
    proof, wanted = request.evidence, request.rules.soak
    if proof is None or not proof.verified or proof.soaked(request.now) >= wanted:
        return None
    so_far = spelt(proof.soaked(request.now))
    message = (
        f"release {short(proof.deployment.release)} ran verified in {request.source} for {so_far} of {spelt(wanted)}"
    )
    if proof.since is None and request.there.drifted:
        # It runs there still. Its clock goes on once a look finds that reality is what is recorded.
        hint = f"envctl drift {request.source}"
        return Refusal("G104", "soak", f"{message}, and does not count as long as there is drift", hint)
    if proof.since is None:
        return Refusal("G104", "soak", f"{message}, and no longer runs there", _prove_again(request, proof))
    hint = f"wait, then: {request.command}"
    return Refusal("G104", "soak", message, hint, for_now=True, opens=proof.since + wanted, since=proof.since)


def max_age(request: Request) -> Refusal | None:
    """G105: the last verification in the source is recent enough."""
    proof, oldest = request.evidence, request.rules.max_age
    if proof is None or proof.verified_at is None or oldest is None:
        return None
    verified_at = _proven_at(request, proof, proof.verified_at)
    if is_future(proof.verified_at, request.now):
        message = (
            f"the verification of release {short(proof.deployment.release)} in {request.source} is recorded as of"
            f" {proof.verified_at:%Y-%m-%d %H:%M} UTC, still to come: a clock was wrong, and its age is unknown"
        )
        return Refusal("G105", "max_age", message, _prove_again(request, proof))
    age = request.now - verified_at
    if age <= oldest:
        return None
    message = (
        f"release {short(proof.deployment.release)} was verified in {request.source} {spelt(age)} ago;"
        f" {request.target} takes proof of at most {spelt(oldest)}"
    )
    return Refusal("G105", "max_age", message, _prove_again(request, proof), since=verified_at + oldest)


def _proven_at(request: Request, proof: Evidence, last: datetime) -> datetime:
    """The oldest of the checks that the target's rules know: the last verification may have asked for less."""
    passed = [_passed(proof, name, mark) for name, mark in request.rules.checks.items()]
    return min((at for at in passed if at is not None), default=last)


def drift(request: Request) -> Refusal | None:
    """G110: what was looked at in the source was what is recorded there; in the target drift is worth a word only."""
    if request.action == "promote" and request.there.drifted:
        return _drifted(request, request.origin, f"envctl drift {request.origin} --fix", warns=False)
    if request.action != "destroy" and request.here.drifted:
        return _drifted(request, request.target, f"envctl drift {request.target}", warns=True)
    return None


def _drifted(request: Request, environment: str, hint: str, *, warns: bool) -> Refusal | None:
    seen = request.present.of(environment).drift
    if seen is None:
        return None
    what = "difference" if seen.drifted == 1 else "differences"
    named = first_of(seen.resources, NAMED, seen.drifted)
    message = f"{environment} has drifted: {seen.drifted} {what} from the state ({named})"
    if not warns:
        hint = f"set it right with: {hint}, or by hand, and look again with: envctl drift {environment}"
    else:
        message += "; this deployment sets right what the configuration describes"
    return Refusal("G110", "drift", message, hint, since=seen.at, warns=warns)


def _prove_again(request: Request, proof: Evidence) -> str:
    """What renews the proof: a look where it runs still, a deployment where it does not."""
    source = request.origin
    running = request.there.proof
    if running is not None and running.deployment.release == proof.deployment.release:
        if proof.deployment.unpinned:
            return f"deploy it there again without them: envctl apply {source}"
        # As long as there is drift a check proves nothing; what sets it right is checked at its end.
        return f"envctl drift {source} --fix" if request.there.drifted else f"envctl verify {source}"
    before = request.pipeline.before(source)
    name = short(proof.deployment.release)
    if before is None:
        return f"deploy it there again: envctl rollback {source} --to {name}; or what {source} runs: {request.command}"
    return f"envctl promote {before} {source} --release {name}"
