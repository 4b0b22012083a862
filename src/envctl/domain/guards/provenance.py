"""Guards G101 to G105, G110 and G111: the path of a release through the pipeline, its evidence, and its age."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.state import Deployment, DriftCheck, EnvironmentState, Evidence, describe_outcome
from envctl.domain.plan.object_pattern import is_object_pattern
from envctl.domain.text.durations import format_duration
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first

MAX_NAMED = 3


def check_order(request: Request) -> Refusal | None:
    """G101: code enters at the first environment, and moves one step at a time."""
    pipeline, target, source = request.pipeline, request.target, request.source
    if request.action != "promote":
        return None
    before = pipeline.find_previous(target)
    if source == before:
        return None
    if pipeline.standalone:
        message = f"{target} is outside the pipeline; it takes no promotions"
    elif source not in pipeline.order:
        message = f"{source} is outside the pipeline ({pipeline}); its releases can't be promoted"
    elif before is None:
        message = f"{target} is the entry of the pipeline ({pipeline}); it takes no promotions"
        changes = f"for changes of the working tree: {format_command('apply', target)}"
        return Refusal(GuardCode.ORDER, message=message, hint=changes)
    elif pipeline.order.index(source) > pipeline.order.index(target):
        message = f"releases can't move backwards: {source} comes after {target} in {pipeline}"
    elif source == target:
        message = f"{target} can't be promoted to itself"
    else:
        message = f"{target} takes releases only from {before}; promoting from {source} skips a stage of {pipeline}"
    return Refusal(GuardCode.ORDER, message=message, hint=suggest_arrival(request, target))


def suggest_arrival(request: Request, target: str) -> str:
    """Return the command that brings a release to the target, or to the first environment before it without one; and
    `status` if the target has what the environment before it has.
    """
    source, state_of = request.pipeline.find_previous(target), request.present.find_environment
    if source is None:
        return format_command("apply", target)
    here, before = state_of(target), state_of(source)
    if not before.whole:
        return suggest_arrival(request, source)
    if here.whole and here.current and before.current and here.current.release == before.current.release:
        return format_command("status")
    return format_command("promote", source, target)


def _suggest_step(request: Request, source: str) -> str:
    """Return the command that brings the requested release to the source, one step from where it is complete."""
    before = request.pipeline.find_previous(source)
    if before is None:
        return suggest_arrival(request, request.origin)
    if request.release not in request.present.find_environment(before).evidence:
        return _suggest_step(request, before)
    return request.format_promotion(before, source)


def check_provenance(request: Request) -> Refusal | None:
    """G102: the release was deployed completely in the environment before the target, and its bundle is unchanged."""
    match request.action:
        case "promote":
            return _check_promotion(request) or _check_creation(request) or _check_bundle(request)
        case "rollback":
            return _check_rollback(request) or _check_creation(request) or _check_bundle(request)
        case "apply" if request.target == request.pipeline.entry:
            return None
        case "apply":
            return _check_reapply(request) or _check_creation(request) or _check_bundle(request)
        case "destroy":
            return _check_bundle(request)


def _check_promotion(request: Request) -> Refusal | None:
    source = request.source or request.pipeline.entry
    there = request.present.find_environment(source)
    if request.release is None:
        ran = there.last is not None
        nothing = f"{source} no longer runs a release" if ran else f"no release was ever deployed to {source}"
        return _refuse_unproven(nothing, suggest_arrival(request, source))
    again = there.unfinished_deployment is not None and there.unfinished_deployment.release == request.release
    if request.release in there.evidence and not again:
        return None
    failed = there.last if there.last and there.last.release == request.release else None
    how = f"its last deployment there {describe_outcome(failed)}" if failed else "it was never deployed there"
    message = f"release {shorten_id(request.release)} has no complete deployment in {source}: {how}"
    return _refuse_unproven(message, _suggest_step(request, source))


def _check_rollback(request: Request) -> Refusal | None:
    """Check a rollback: its release was verified in the target, and is not the one deployed last."""
    target, here, last = request.target, request.target_state, request.target_state.last
    if request.is_repeated_rollback:
        return None
    shown = f"its deployments and verifications: {format_command('history', target)}"
    history = shown if last is not None else suggest_arrival(request, target)
    if request.release is None:
        return _refuse_unproven(f"no earlier release was verified in {target}", history)
    proof = request.target_state.evidence.get(request.release)
    if proof is None or not proof.verified:
        how = f": {proof.revoked}" if proof and proof.revoked else ""
        message = f"release {shorten_id(request.release)} has no valid verification in {target}{how}"
        return _refuse_unproven(message, history)
    if last is not None and last.release == request.release:
        message = f"release {shorten_id(request.release)} is the last one deployed to {target}, not an earlier one"
        return _refuse_unproven(message, history if here.whole else format_command("apply", target))
    return None


def _check_reapply(request: Request) -> Refusal | None:
    if request.release is not None:
        return None
    message = f"{request.target} has no release yet, and takes releases only by promotion"
    return _refuse_unproven(message, suggest_arrival(request, request.target))


def _check_creation(request: Request) -> Refusal | None:
    """Check the creation of the release: its deployment is not enough, its creation entry must be trusted too."""
    known, wanted = request.known_release, request.pipeline.standalone_name
    if known is not None and wanted in known.made_for:
        return None
    name = shorten_id(request.identity)
    message = f"release {name} has no trusted creation entry"
    anew = f"make a new release: {format_command('apply', request.pipeline.entry)}"
    hint = f"{anew}; untrusted entries: {format_command('ledger verify')}"
    if known is not None:
        whom = " and ".join(each or "the pipeline" for each in known.made_for)
        message, hint = f"release {name} was made only for {whom}", anew
    return Refusal(GuardCode.PROVENANCE, message=message, hint=hint, waivable=False)


def _check_bundle(request: Request) -> Refusal | None:
    match request.bundle:
        case "intact":
            return None
        case "missing":
            fault = "not in the store"
        case "damaged":
            fault = "damaged: its content does not match its name"
    message = f"the bundle of release {shorten_id(request.identity)} is {fault}"
    entry = request.pipeline.entry
    anew = f"change the code, and make a new release: {format_command('apply', entry)}"
    hint = f"restore it from a backup of the store; or {anew}"
    return Refusal(GuardCode.PROVENANCE, message=message, hint=hint, waivable=False)


def _refuse_unproven(message: str, hint: str) -> Refusal:
    return Refusal(GuardCode.PROVENANCE, message=message, hint=hint)


def check_older(request: Request) -> Refusal | None:
    """G111: the target has no newer release than the requested one, or --older is set. In the entry, branches differ:
    an earlier commit is only a warning.
    """
    newer = None if request.older else find_newer_deployment(request)
    if newer is None:
        return None
    there = f"release {shorten_id(newer.release)}"
    how = "runs in" if newer == request.target_state.current else "partly deployed to"
    if request.behind:
        message = f"the commit of the working tree is older than the one of {there} ({how} {request.target})"
        return Refusal(
            GuardCode.OLDER, message=message, hint=_suggest_newest_commit(request), since=newer.started_at, warns=True
        )
    message = f"release {shorten_id(request.identity)} is older than {there} ({how} {request.target})"
    return Refusal(GuardCode.OLDER, message=message, hint=_suggest_ways(request, newer), since=newer.started_at)


def find_newer_deployment(request: Request) -> Deployment | None:
    """Return the deployment of a newer release than the requested one, or None. Only three actions can bring an older
    release: a promotion, an apply over a stopped deployment, and an apply of an earlier commit.
    """
    if request.action not in {"promote", "apply"} or request.release is None:
        return None
    others = list_other_deployments(request.target_state, request.release)
    if request.behind:
        return next((each for each in others if each.release == request.behind), None)
    source, entry = request.pipeline.find_previous(request.target), request.pipeline.entry
    if source is None:
        return None
    return next((d for d in others if request.present.is_older(source, entry, request.release, d.release)), None)


def list_other_deployments(here: EnvironmentState, release: str) -> list[Deployment]:
    """Return the deployments of other releases present in an environment, completely or partly, the last one first.

    The release of the last deployment may always be continued: --older was checked at its start.
    """
    if here.last is None or here.last.release == release:
        return []
    found = [each for each in (here.last, here.current) if each is not None]
    return [each for each in found if (each.action, each.outcome) != ("destroy", "succeeded")]


def _suggest_newest_commit(request: Request) -> str:
    after = request.pipeline.find_next(request.target)
    meant = f"to continue from this commit: {replace(request, older=True).command}"
    refused = f"promote to {after} will refuse it; " if after else ""
    return f"{refused}take the newest commit (git pull), then: {request.command}; {meant}"


def _suggest_ways(request: Request, newer: Deployment) -> str:
    name, proof = shorten_id(request.identity), request.target_state.evidence.get(request.identity)
    meant = f"if intended: {replace(request, older=True).command}"
    back = name if proof is not None and proof.verified else ""
    ways = [f"to go back: {format_command('rollback', request.target, to=back)}"]
    source = request.pipeline.find_previous(request.target)
    if source and newer != request.target_state.current:
        newest = format_command("promote", source, request.target, release=shorten_id(newer.release))
        ways.append(f"to go on: {newest}")
    return "; ".join([*ways, meant])


def check_verified(request: Request) -> Refusal | None:
    """G103: the last verification of the release in the source passed every required check and was not revoked."""
    proof = request.evidence
    if proof is None:
        return None
    if proof.verified:
        return _refuse_missing_checks(request, proof)
    why = proof.revoked or "it was not verified since its deployment there"
    message = f"release {shorten_id(proof.deployment.release)} is not verified in {request.source}: {why}"
    return Refusal(GuardCode.VERIFIED, message=message, hint=_suggest_verification(request, proof))


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
            GuardCode.SOAK, message=f"{message}, and no longer runs there", hint=_suggest_verification(request, proof)
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
        return Refusal(GuardCode.MAX_AGE, message=message, hint=_suggest_verification(request, proof))
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
        GuardCode.MAX_AGE, message=message, hint=_suggest_verification(request, proof), since=verified_at + oldest
    )


def check_drift(request: Request) -> Refusal | None:
    """G110: the source has no drift. Drift of the target is only a warning."""
    source, target = request.source_state.drift, request.target_state.drift
    if request.action == "promote" and source and source.drifted:
        return _refuse_drift(request.origin, source)
    if request.action != "destroy" and target and target.drifted:
        return _warn_of_drift(request.target, target)
    return None


def _refuse_drift(environment: str, seen: DriftCheck) -> Refusal:
    fix, check = suggest_drift_fix(environment, seen), format_command("drift", environment)
    hint = fix if seen.unplanned else f"fix it with: {fix}, or by hand; then check again: {check}"
    return Refusal(GuardCode.DRIFT, message=_describe_drift(environment, seen), hint=hint, since=seen.at)


def _warn_of_drift(environment: str, seen: DriftCheck) -> Refusal:
    effect, hint = "this deployment restores the configured values", format_command("drift", environment)
    if seen.unplanned:
        effect = f"no deployment undoes {join_first(seen.unplanned, MAX_NAMED)}"
        hint = suggest_undo(environment, seen.unplanned)
    return Refusal(
        GuardCode.DRIFT, message=f"{_describe_drift(environment, seen)}; {effect}", hint=hint, since=seen.at, warns=True
    )


def _describe_drift(environment: str, seen: DriftCheck) -> str:
    what = "difference" if seen.drifted == 1 else "differences"
    named = join_first(seen.resources, MAX_NAMED, seen.drifted)
    return f"{environment} has drifted: {seen.drifted} {what} from the state ({named})"


def suggest_drift_fix(environment: str, drift: DriftCheck) -> str:
    """Return the command that fixes the drift, or what to do by hand if no plan undoes it."""
    if not drift.unplanned:
        return format_command("drift", environment, fix=True)
    return suggest_undo(environment, drift.unplanned)


def suggest_undo(environment: str, names: Collection[str]) -> str:
    """Return how to undo or accept drift outside all plans, given by its names in the ledger."""
    return suggest_ignoring(environment) if is_object_drift(names) else suggest_undo_by_hand(environment)


def is_object_drift(names: Collection[str]) -> bool:
    """Check if all these ledger names are Kubernetes objects: their drift is in no state, and no apply accepts it."""
    return bool(names) and all(is_object_pattern(name.partition(": ")[2]) for name in names)


def suggest_ignoring(environment: str) -> str:
    return (
        f"undo it by hand, then: {format_command('drift', environment)}; to accept it, add it to ignore, or its writer"
        f" to managers, in [environments.{environment}.drift]"
    )


def suggest_undo_by_hand(environment: str) -> str:
    check, accept = format_command("drift", environment), format_command("apply", environment)
    return f"undo it by hand, then: {check}; to accept it: {accept}"


def _suggest_verification(request: Request, proof: Evidence) -> str:
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
    Guard(GuardCode.ORDER, check_order, reason="{target} gets releases from another environment"),
    Guard(GuardCode.PROVENANCE, check_provenance, reason="the origin of the release is not verified", of_path=True),
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
    Guard(GuardCode.DRIFT, check_drift, reason="{source} has drifted", of_path=True),
    Guard(GuardCode.OLDER, check_older, reason="a newer release is deployed there", of_path=True),
)
