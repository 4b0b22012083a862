"""Which release a command speaks of, and what the guards are asked about it."""

from dataclasses import dataclass
from typing import Literal

from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Bundle, Request
from envctl.domain.present import Present
from envctl.domain.project import Project
from envctl.domain.release import Release
from envctl.domain.settings import EnvironmentSettings
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
    """A request with what it is about: the release as it is stored, and the settings that the request names.

    Both are read once, so that what is deployed is what the guards were asked about. No release, and so no settings,
    where there is none to be believed.
    """

    request: Request
    release: Release | None
    bundle: bytes
    settings: EnvironmentSettings | None


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


def entering(ports: Ports, project: Project, present: Present, *, identity: str, settings: str) -> Request:
    """Deploys a release that was made just now to the entry environment. `settings` is the digest of its settings."""
    return _request(
        ports, project, present, _Wanted("apply", project.entry, None, identity), _Found("intact", settings)
    )


@dataclass(frozen=True)
class _Wanted:
    action: Literal["apply", "promote"]
    target: str
    source: str | None
    release: str | None


@dataclass(frozen=True)
class _Found:
    bundle: Bundle
    settings: str


def _candidate(ports: Ports, project: Project, present: Present, wanted: _Wanted) -> Candidate:
    state, release, data = bundles.look(ports, wanted.release) if wanted.release else ("missing", None, b"")
    settings = load.settings(ports, project, wanted.target, release.wiring) if release else None
    found = _Found(state, settings.digest() if settings else "")
    return Candidate(_request(ports, project, present, wanted, found), release, data, settings)


def _request(ports: Ports, project: Project, present: Present, wanted: _Wanted, found: _Found) -> Request:
    gates = project.environments[wanted.target].gates
    return Request(
        action=wanted.action,
        pipeline=project.pipeline,
        target=wanted.target,
        source=wanted.source,
        release=wanted.release,
        settings=found.settings,
        bundle=found.bundle,
        present=present,
        actor=ports.identity.actor(),
        approvals=gates.approvals,
        self_approval=gates.self_approval,
    )
