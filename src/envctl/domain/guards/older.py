"""G111: that no older release goes over a newer one unless a person says so."""

from envctl.domain.config.pipeline import Pipeline
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.state import Deployment, Present
from envctl.domain.text.short_ids import short


def older(request: Request) -> Refusal | None:
    """G111: what the target runs, or has a part of, is not newer than the release, or --older says that it is meant.
    Where code enters, branches differ, and an earlier commit is only told.
    """
    newer = None if request.older else find_newer(request)
    if newer is None:
        return None
    there = f"release {short(newer.release)}"
    how = "runs" if newer == request.here.current else "has a part of"
    if request.behind:
        message = f"the commit of the working tree comes before that of {there}, which {request.target} {how}"
        return Refusal("G111", "older", message, _advise(request), since=newer.started_at, warns=True)
    message = f"release {short(request.identity)} is older than {there}, which {request.target} {how}"
    return Refusal("G111", "older", message, _hint(request, newer), since=newer.started_at)


def find_newer(request: Request) -> Deployment | None:
    """The deployment whose release is newer than the one that is asked for; None where there is none.

    Only a promotion, an apply over a deployment that stopped halfway, and one of an earlier commit can bring an older
    release.
    """
    if request.action not in {"promote", "apply"} or request.release is None:
        return None
    if request.behind:
        there = list_other_releases(request.present, request.target, request.release)
        return next((each for each in there if each.release == request.behind), None)
    return find_newer_there(request.present, request.pipeline, request.target, request.release)


def find_newer_there(present: Present, pipeline: Pipeline, target: str, release: str) -> Deployment | None:
    """The last deployment of a newer release that the target runs or has a part of."""
    source = pipeline.before(target)
    if source is None:
        return None
    found = list_other_releases(present, target, release)
    return next((d for d in found if present.came_before(source, pipeline.entry, release, d.release)), None)


def list_other_releases(present: Present, target: str, release: str) -> list[Deployment]:
    """What the target has of other releases, the last first.

    What was begun last may always be gone on with: the person who began it was asked then.
    """
    here = present.of(target)
    if here.last is None or here.last.release == release:
        return []
    return [each for each in (here.last, here.current) if each is not None and not _is_gone(each)]


def _is_gone(deployment: Deployment) -> bool:
    return deployment.action == "destroy" and deployment.outcome == "succeeded"


def _advise(request: Request) -> str:
    after = request.pipeline.after(request.target)
    meant = f"if this one is meant to go on from here: {request.command} --older"
    refused = f"promote to {after} will refuse it; " if after else ""
    return f"{refused}take the newest commit (git pull), and then: {request.command}; {meant}"


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
