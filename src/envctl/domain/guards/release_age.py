"""Guard G111: an older release replaces a newer one only with --older."""

from envctl.domain.config.pipeline import Pipeline
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.text.short_ids import shorten_id


def check_older(request: Request) -> Refusal | None:
    """G111: the target has no newer release than the requested one, or --older is set. In the entry, branches differ:
    an earlier commit is only a warning.
    """
    newer = None if request.older else find_newer_deployment(request)
    if newer is None:
        return None
    there = f"release {shorten_id(newer.release)}"
    how = "runs" if newer == request.target_state.current else "has a part of"
    if request.behind:
        message = f"the commit of the working tree comes before that of {there}, which {request.target} {how}"
        return Refusal(GuardCode.OLDER, message, _suggest_newest_commit(request), since=newer.started_at, warns=True)
    message = f"release {shorten_id(request.identity)} is older than {there}, which {request.target} {how}"
    return Refusal(GuardCode.OLDER, message, _suggest_ways(request, newer), since=newer.started_at)


def find_newer_deployment(request: Request) -> Deployment | None:
    """Return the deployment of a newer release than the requested one, or None. Only three actions can bring an older
    release: a promotion, an apply over a stopped deployment, and an apply of an earlier commit.
    """
    if request.action not in {"promote", "apply"} or request.release is None:
        return None
    if request.behind:
        there = list_other_deployments(request.present, request.target, request.release)
        return next((each for each in there if each.release == request.behind), None)
    return find_newer_in_target(request.present, request.pipeline, request.target, request.release)


def find_newer_in_target(present: LedgerState, pipeline: Pipeline, target: str, release: str) -> Deployment | None:
    """Return the last deployment of a newer release present in the target, completely or partly; None without one."""
    source = pipeline.find_previous(target)
    if source is None:
        return None
    found = list_other_deployments(present, target, release)
    return next((d for d in found if present.is_older(source, pipeline.entry, release, d.release)), None)


def list_other_deployments(present: LedgerState, target: str, release: str) -> list[Deployment]:
    """Return the deployments of other releases present in the target, the last one first. The release of the last
    deployment may always be continued: --older was checked at its start.
    """
    here = present.find_environment(target)
    if here.last is None or here.last.release == release:
        return []
    found = [each for each in (here.last, here.current) if each is not None]
    return [each for each in found if (each.action, each.outcome) != ("destroy", "succeeded")]


def _suggest_newest_commit(request: Request) -> str:
    after = request.pipeline.find_next(request.target)
    meant = f"if this one is meant to go on from here: {request.command} --older"
    refused = f"promote to {after} will refuse it; " if after else ""
    return f"{refused}take the newest commit (git pull), and then: {request.command}; {meant}"


def _suggest_ways(request: Request, newer: Deployment) -> str:
    name, proof = shorten_id(request.identity), request.target_state.evidence.get(request.identity)
    release = f" --release {name}" if request.action == "promote" else ""
    meant = f"if it is meant: {request.command}{release} --older"
    back = f" --to {name}" if proof is not None and proof.verified else ""
    ways = [f"to go back: envctl rollback {request.target}{back}"]
    if newer != request.target_state.current:
        source = request.pipeline.find_previous(request.target)
        ways.append(f"to go on: envctl promote {source} {request.target} --release {shorten_id(newer.release)}")
    return "; ".join([*ways, meant])
