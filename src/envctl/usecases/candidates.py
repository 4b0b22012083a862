"""Which release a command speaks of, and what the guards are asked about it."""

from dataclasses import dataclass
from typing import Literal

from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Bundle, Request
from envctl.domain.present import Present
from envctl.domain.project import Project
from envctl.domain.release import Release
from envctl.usecases import bundles, load
from envctl.usecases.ports import Ports

SHORTEST = 4


def of_source(present: Present, source: str) -> str | None:
    """The release that an environment runs, or tried to run last: the one that would be promoted from it."""
    last = present.of(source).last
    return last.release if last else None


def named(present: Present, prefix: str) -> str:
    """The release whose name begins with `prefix`. Raises UsageError where none does, or several do."""
    found = [release for release in present.releases if release.startswith(prefix)]
    if len(prefix) < SHORTEST or len(found) != 1:
        reason = "no release" if not found else "more than one release"
        raise UsageError(
            Problem("E003", f"{reason} has a name that begins with {prefix!r}", "envctl history lists the releases")
        )
    return found[0]


@dataclass(frozen=True)
class Candidate:
    """A request with the release that it is about, as it is stored; no release where there is none to be believed."""

    request: Request
    release: Release | None
    bundle: bytes


def promotion(
    ports: Ports, project: Project, present: Present, *, source: str, target: str, release: str | None = None
) -> Candidate:
    """Promotes `release`, or else what `source` runs, to `target`."""
    identity = release or of_source(present, source)
    return _candidate(ports, project, present, _Wanted("promote", target, source, identity))


def redeployment(
    ports: Ports, project: Project, present: Present, *, target: str, release: str | None = None
) -> Candidate:
    """Deploys again what `target` has already: never new code. `release` names one to be approved beforehand."""
    current = present.of(target).current
    identity = release or (current.release if current else None)
    return _candidate(ports, project, present, _Wanted("apply", target, None, identity))


def entering(ports: Ports, project: Project, present: Present, *, identity: str, release: Release) -> Request:
    """Deploys a release that was made just now to the entry environment."""
    wanted = _Wanted("apply", project.entry, None, identity)
    return _request(ports, project, present, wanted, _Found("intact", release))


@dataclass(frozen=True)
class _Wanted:
    action: Literal["apply", "promote"]
    target: str
    source: str | None
    release: str | None


@dataclass(frozen=True)
class _Found:
    state: Bundle
    release: Release | None


def _candidate(ports: Ports, project: Project, present: Present, wanted: _Wanted) -> Candidate:
    state, release, data = bundles.look(ports, wanted.release) if wanted.release else ("missing", None, b"")
    return Candidate(_request(ports, project, present, wanted, _Found(state, release)), release, data)


def _request(ports: Ports, project: Project, present: Present, wanted: _Wanted, found: _Found) -> Request:
    gates = project.environments[wanted.target].gates
    wiring = found.release.wiring if found.release else None
    return Request(
        action=wanted.action,
        pipeline=project.pipeline,
        target=wanted.target,
        source=wanted.source,
        release=wanted.release,
        settings=load.settings(ports, project, wanted.target, wiring).digest() if wiring else "",
        bundle=found.state,
        present=present,
        actor=ports.identity.actor(),
        approvals=gates.approvals,
        self_approval=gates.self_approval,
    )
