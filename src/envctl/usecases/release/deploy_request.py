"""Which release a command speaks of, and what the guards are asked about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem, UsageError
from envctl.domain.guards import Bundle, Request, list_views
from envctl.domain.images.image_reference import ImageFound
from envctl.domain.ledger.state import Present
from envctl.domain.operation import Move
from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover
from envctl.domain.release.approval_place import BoundPlace
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import images
from envctl.domain.rules.document import describe_rules, find_rules
from envctl.domain.settings.comparison import compare
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.ledger import rules_store
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.project import state_location as places
from envctl.usecases.release import bundle_store, earlier_commits, place_store, plan_store, stack_changes

SHORTEST = 4


def of_source(present: Present, source: str) -> str | None:
    """The release that an environment runs, or tried to run last: the one that would be promoted from it."""
    last = present.of(source).last
    return last.release if last and not (last.action == "destroy" and last.outcome == "succeeded") else None


def to_go_back_to(present: Present, target: str) -> str | None:
    """The release before the last one. After a rollback it is the same again, unless that did not help: who repeats the
    command, because it was killed or nobody knows how it ended, must not go further back.
    """
    back = present.of(target).brought_back
    return back.release if back else before(present, target)


def before(present: Present, target: str) -> str | None:
    """Of the releases whose verification there still holds, the latest before the last one."""
    there = present.of(target)
    last = there.last
    earlier = [
        proof.deployment
        for release, proof in there.evidence.items()
        if proof.verified and release not in there.holds and last is not None and release != last.release
    ]
    return max(earlier, key=lambda deployment: deployment.seq).release if earlier else None


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
    """A request with what it is about: the release as it is stored, and the settings and the place that the request
    names.

    Both are read once, so that what is deployed is what the guards were asked about. No release, and so no settings,
    where there is none to be believed; no settings either where they do not fit it.
    """

    request: Request
    release: Release | None
    bundle: bytes
    settings: EnvironmentSettings | None
    place: BoundPlace | None = None


def promotion(
    ports: Ports, project: Project, present: Present, *, source: str, target: str, release: str | None = None
) -> Candidate:
    """Promotes `release`, or else what `source` runs, to `target`."""
    identity = release or of_source(present, source)
    return _candidate(ports, project, present, _Wanted("promote", target, source, identity))


def redeployment(
    ports: Ports,
    project: Project,
    present: Present,
    *,
    target: str,
    release: str | None = None,
    action: Literal["apply", "destroy"] = "apply",
) -> Candidate:
    """Deploys again what `target` has already: never new code. `release` names one to be approved beforehand."""
    current = present.of(target).current
    identity = release or (current.release if current else None)
    return _candidate(ports, project, present, _Wanted(action, target, None, identity))


def going_back(
    ports: Ports, project: Project, present: Present, *, target: str, release: str | None = None
) -> Candidate:
    """Deploys an earlier release again that was verified in `target`."""
    return _candidate(
        ports, project, present, _Wanted("rollback", target, None, release or to_go_back_to(present, target))
    )


def entering(
    ports: Ports, project: Project, present: Present, *, identity: str, settings: str, release: Release
) -> Request:
    """Deploys a release that was made just now to the entry environment. `settings` is the digest of its settings."""
    wanted = _Wanted("apply", project.entry, None, identity)
    found = _Found(
        "intact",
        settings,
        place=places.bound(project, project.entry, release.wiring),
        needs=_needs(release),
        changeover=_changeover(ports, project, present, wanted, release),
    )
    behind = earlier_commits.find_behind(ports, present, project.entry, identity=identity, release=release)
    return replace(_request(ports, project, present, wanted, found), behind=behind)


@dataclass(frozen=True)
class _Wanted:
    action: Move
    target: str
    source: str | None
    release: str | None


@dataclass(frozen=True)
class _Found:
    bundle: Bundle
    settings: str
    unfit: tuple[Problem, ...] = ()
    images: tuple[ImageFound, ...] | None = None
    place: BoundPlace | None = None
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changeover: Changeover = NO_CHANGEOVER


def _candidate(ports: Ports, project: Project, present: Present, wanted: _Wanted) -> Candidate:
    state, release, data = bundle_store.look(ports, wanted.release) if wanted.release else ("missing", None, b"")
    over = _changeover(ports, project, present, wanted, release)
    settings, unfit = _settings(ports, project, wanted.target, release, over)
    # Where there are none, there is nothing to look for.
    none = () if release and not images(project, release.wiring.artifacts) else None
    # Where the settings do not fit, the place may lack the region of a stack.
    place = places.bound(project, wanted.target, release.wiring) if release and settings else None
    digest = settings.digest() if settings else ""
    found = _Found(state, digest, unfit, none, place, _needs(release), over)
    request = _request(ports, project, present, wanted, found)
    request = replace(request, differing=_differing(ports, project, request, release, settings))
    return Candidate(request, release, data, settings, place)


def _changeover(
    ports: Ports, project: Project, present: Present, wanted: _Wanted, release: Release | None
) -> Changeover:
    if release is None:
        return NO_CHANGEOVER
    if wanted.action == "destroy":
        return stack_changes.find_destroyed(present, wanted.target, release.wiring)
    return stack_changes.find_changeover(
        ports, project, present, wanted.target, release.wiring, release=wanted.release or ""
    )


def _needs(release: Release | None) -> Mapping[str, tuple[str, ...]]:
    return {name: stack.needs for name, stack in release.wiring.stacks.items()} if release else {}


def _settings(
    ports: Ports,
    project: Project,
    environment: str,
    release: Release | None,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[EnvironmentSettings | None, tuple[Problem, ...]]:
    if release is None:
        return None, ()
    try:
        return load.settings(ports, project, environment, release.wiring, moves=changeover.moves), ()
    except ConfigurationError as error:
        return None, tuple(error.problems)


def _differing(
    ports: Ports, project: Project, request: Request, release: Release | None, settings: EnvironmentSettings | None
) -> Mapping[str, tuple[Problem, ...]]:
    """The settings that the source of a promotion has otherwise, where rules of the target compare them at all."""
    source = project.before(request.target)
    if source is None or request.source != source or settings is None:
        return {}
    if all(view.rules.may_differ is None for view in list_views(request)):
        return {}
    there, unfit = _settings(ports, project, source, release)
    # Settings that can't even be read are like none others.
    return (
        compare(there, settings).differing() if there else {f"settings of {source} that do not fit the release": unfit}
    )


def _request(ports: Ports, project: Project, present: Present, wanted: _Wanted, found: _Found) -> Request:
    given = [
        approval
        for approval in present.of(wanted.target).approvals
        if approval.release == wanted.release and approval.settings == found.settings
    ]
    place = found.place.digest if found.place else ""
    there, document = project.environments[wanted.target], describe_rules(project, wanted.target)
    request = Request(
        action=wanted.action,
        pipeline=project.pipeline,
        target=wanted.target,
        source=wanted.source,
        release=wanted.release,
        settings=found.settings,
        bundle=found.bundle,
        present=present,
        actor=ports.identity.actor(),
        now=ports.clock.now(),
        rules=find_rules(project, wanted.target),
        unfit=found.unfit,
        images=found.images,
        approved=plan_store.look(ports, [each for each in given if each.place == place]),
        account=there.account_id or "",
        role=there.assume_role or "",
        other_accounts=there.other_accounts,
        place=place,
        where=found.place.summary if found.place else "",
        elsewhere=place_store.compare(ports, _places(present, wanted), found.place) if found.place else {},
        needs=found.needs,
        changeover=found.changeover,
        doubt=ports.identity.doubt(),
        document=document,
        documents=rules_store.describe_tree(project),
    )
    return rules_store.complete(ports, request)


def _places(present: Present, wanted: _Wanted) -> set[str]:
    """The places of the approvals of that release. Mostly that is the one of today, and nothing has to be read."""
    return {each.place for each in present.of(wanted.target).approvals if each.release == wanted.release}
