"""G111: that no older release goes over a newer one unless a person says so."""

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.naming import short
from envctl.domain.pipeline import Pipeline
from envctl.domain.present import Deployment, Present


def older(request: Request) -> Refusal | None:
    """G111: what the target runs, or has a part of, is not newer than the release, or --older says that it is meant."""
    newer = None if request.older else find_newer(request)
    if newer is None:
        return None
    name, there = short(request.identity), short(newer.release)
    how = "runs" if newer == request.here.current else "has a part of"
    message = f"release {name} is older than release {there}, which {request.target} {how}"
    return Refusal("G111", "older", message, _hint(request, newer), since=newer.started_at)


def find_newer(request: Request) -> Deployment | None:
    """The deployment whose release is newer than the one that is asked for; None where there is none.

    Only a promotion, and an apply over a deployment that stopped halfway, can bring an older release.
    """
    if request.action not in {"promote", "apply"} or request.release is None:
        return None
    return find_newer_there(request.present, request.pipeline, request.target, request.release)


def find_newer_there(present: Present, pipeline: Pipeline, target: str, release: str) -> Deployment | None:
    """The last deployment of a newer release that the target runs or has a part of.

    What was begun last may always be gone on with: whoever began it was asked then.
    """
    here, source = present.of(target), pipeline.before(target)
    if source is None or here.last is None or here.last.release == release:
        return None
    found = [each for each in (here.last, here.current) if each is not None and not _is_gone(each)]
    return next((d for d in found if present.came_before(source, pipeline.entry, release, d.release)), None)


def _is_gone(deployment: Deployment) -> bool:
    return deployment.action == "destroy" and deployment.outcome == "succeeded"


def _hint(request: Request, newer: Deployment) -> str:
    name, proof = short(request.identity), request.here.evidence.get(request.identity)
    release = f" --release {name}" if request.action == "promote" else ""
    meant = f"if it is meant: {request.command}{release} --older"
    back = f" --to {name}" if proof is not None and proof.verified else ""
    ways = [f"to go back: envctl rollback {request.target}{back}"]
    if newer != request.here.current:
        source = request.pipeline.before(request.target)
        ways.append(f"to go on: envctl promote {source} {request.target} --release {short(newer.release)}")
    return "; ".join([*ways, meant])
