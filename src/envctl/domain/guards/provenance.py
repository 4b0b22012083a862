"""Guards G101, G102 and G111: the path of a release through the pipeline, its origin, and older releases."""

from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.state import Deployment, EnvironmentState, describe_outcome
from envctl.domain.text.identifiers import shorten_id


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
    """G111: the target has no newer release, or --older is set. In the entry, an earlier commit only warns."""
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


GUARDS = (
    Guard(GuardCode.ORDER, check_order, reason="{target} gets releases from another environment"),
    Guard(GuardCode.PROVENANCE, check_provenance, reason="the origin of the release is not verified", of_path=True),
    Guard(GuardCode.OLDER, check_older, reason="a newer release is deployed there", of_path=True),
)
