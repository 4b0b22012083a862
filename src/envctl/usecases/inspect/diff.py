"""`envctl diff A B`: settings, release distance and artifacts of two environments, without Terraform."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem, UsageError
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.release.artifacts import ArtifactPair, pair_artifacts
from envctl.domain.release.bundle import Release, compute_identity, pack
from envctl.domain.release.comparison.changes import compare_releases
from envctl.domain.release.comparison.distance import (
    Distance,
    count_releases_behind,
    is_older_release,
    list_releases_between,
)
from envctl.domain.rules.document import find_rules
from envctl.domain.settings.comparison import Comparison, compare_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.environment_selection import find_environment
from envctl.usecases.project.settings.artifact_values import find_tagged_images
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import release_store

if TYPE_CHECKING:
    from envctl.usecases.release.object_changes import ObjectChanges

Origin = Literal["deployed", "working tree", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One environment of a comparison, with its release. An empty entry environment has the working tree instead."""

    environment: str
    origin: Origin
    release: str = ""
    known: KnownRelease | None = None
    deployment: Deployment | None = None
    whole: bool = True  # false if its last deployment did not succeed
    against: str = ""  # the release its settings are read for; empty for the working tree
    pending: bool = False  # its settings differ from the deployed ones
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Diff:
    """A comparison of two environments."""

    first: Side
    second: Side
    distance: Distance | None  # None if both run the same release, or one has none
    artifacts: tuple[ArtifactPair, ...]
    settings: Comparison | None  # None if those of one side are unknown
    everything: bool = False  # true to show equal values, too
    # the Kubernetes objects that differ; None without a stack of them, or if one side is unknown
    objects: ObjectChanges | None = None

    @property
    def unknown(self) -> bool:
        is_incomplete = self.objects is not None and any(stack.problem for stack in self.objects.stacks)
        return bool(self.first.problems or self.second.problems or is_incomplete)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(dict.fromkeys((*self.first.problems, *self.second.problems)))

    @property
    def differs(self) -> bool:
        """True if releases differ, or settings not listed in `may_differ` of `[parity]`."""
        settings = self.settings.unequal_pairs if self.settings else ()
        return self.first.release != self.second.release or any(pair.parity != "allowed" for pair in settings)


@dataclass(frozen=True)
class _LoadedSide:
    side: Side
    release: Release | None = None
    settings: EnvironmentSettings | None = None


def diff_environments(ports: Ports, first: str, second: str, *, patch: bool = False, everything: bool = False) -> Diff:
    """Compare two environments. With `patch`, list changed lines of module files."""
    project = project_file.load_project(ports)
    context = Context(ports, project)
    names = find_environment(context, first), find_environment(context, second)
    if first == second:
        other = project.pipeline.find_previous(first) or project.pipeline.find_next(first) or "…"
        raise UsageError(
            Problem("E011", f"{first} can't be compared with itself", format_command("diff", first, other))
        )
    present = journal.load(ports)
    sides = [_load_side(Context(ports, project.view_for(name)), present, name) for name in names]
    one, two = (_load_settings(ports, project, found, other) for found, other in zip(sides, sides[::-1], strict=True))
    readable = all(each.release is not None or each.side.origin == "nothing" for each in (one, two))
    artifacts = pair_artifacts(one.release, two.release) if readable else ()
    distance = _measure_distance(project, present, one, two, patch=patch)
    older, newer = (two, one) if distance and distance.older == two.side.environment else (one, two)
    objects = _compare_objects(context, older, newer)
    settings = _compare_settings(context, one, two)
    return Diff(
        first=one.side,
        second=two.side,
        distance=distance,
        artifacts=artifacts,
        settings=settings,
        everything=everything,
        objects=objects,
    )


def _load_side(context: Context, present: LedgerState, environment: str) -> _LoadedSide:
    here = present.find_environment(environment)
    if here.current is not None:
        name = here.current.release
        state, release, _ = release_store.load_bundle(context.ports, name)
        known = present.releases.get(name)
        side = Side(
            environment=environment,
            origin="deployed",
            release=name,
            known=known,
            deployment=here.current,
            whole=here.whole,
            against=name,
        )
        if release is None:
            message = f"the bundle of release {shorten_id(name)}, which {environment} runs, is {state}"
            side = replace(side, problems=(Problem("E416", message, "restore it from a backup of the store"),))
        return _LoadedSide(side, release)
    whole = here.last is None or here.last.outcome == "succeeded"
    if environment != context.project.entry:
        return _LoadedSide(Side(environment=environment, origin="nothing", whole=whole))
    side = Side(environment=environment, origin="working tree", whole=whole)
    try:
        release = working_tree.build_release(context)
    except ConfigurationError as error:
        return _LoadedSide(replace(side, problems=tuple(error.problems)))
    # The release has no name yet with unresolved image tags or remote modules.
    name = "" if find_tagged_images(context.project, release) or release.missing else compute_identity(pack(release))
    return _LoadedSide(replace(side, release=name, known=present.releases.get(name), against=name), release)


def _load_settings(ports: Ports, project: Project, found: _LoadedSide, other: _LoadedSide) -> _LoadedSide:
    """Add the settings of a side. Without a release, they are read for the release of the other side."""
    if found.side.problems:
        return found
    side = found.side
    project = project.view_for(side.environment)
    context = Context(ports, project)
    try:
        release = found.release or other.release or working_tree.build_release(context)
        settings = load_settings(context, side.environment, release.wiring)
    except ConfigurationError as error:
        return replace(found, side=replace(side, problems=tuple(error.problems)))
    ran = side.deployment
    pending = ran is not None and ran.settings != settings.digest({ran.settings})
    against = side.against or (other.side.release if other.release else "")
    return replace(found, side=replace(side, against=against, pending=pending), settings=settings)


def _measure_distance(
    project: Project, present: LedgerState, one: _LoadedSide, other: _LoadedSide, *, patch: bool
) -> Distance | None:
    names = (one.side.release, other.side.release)
    if not all(names) or names[0] == names[1]:
        return None
    made_for = {project.view_for(found.side.environment).pipeline.standalone_name for found in (one, other)}
    if "" in made_for and len(made_for) > 1:
        # They have no pipeline in common.
        return None
    older, newer = (one, other) if is_older_release(present, *names) else (other, one)
    ends = older.side.environment, newer.side.environment
    made = list_releases_between(present, older.side.release, newer.side.release, made_for)
    behind = count_releases_behind(project.pipeline.order, present, *ends, len(made))
    changes = compare_releases(older.release, newer.release, patch=patch) if older.release and newer.release else None
    return Distance(*ends, behind, made, changes)


def _compare_settings(context: Context, one: _LoadedSide, other: _LoadedSide) -> Comparison | None:
    if one.settings is None or other.settings is None:
        return None
    may_differ = context.project.parity.may_differ if context.project.parity else ()
    refused = _list_parity_refusals(context, one, other) | _list_parity_refusals(context, other, one)
    return compare_settings(one.settings, other.settings, may_differ=may_differ, refused=refused)


def _compare_objects(context: Context, older: _LoadedSide, newer: _LoadedSide) -> ObjectChanges | None:
    """Compare the objects of both environments, each with its own release and settings."""
    if not any(each.release and each.release.wiring.object_stacks for each in (older, newer)):
        return None
    # Imported late: most projects have no objects.
    from envctl.usecases.release.object_changes import RenderedSide, compare_objects

    sides = []
    for each in (older, newer):
        if each.release is None or each.settings is None:
            return None
        view = Context(context.ports, context.project.view_for(each.side.environment))
        sides.append(RenderedSide(view, each.release, each.settings))
    return compare_objects(*sides)


def _list_parity_refusals(context: Context, source: _LoadedSide, target: _LoadedSide) -> frozenset[str]:
    """Return the settings that parity (G205) would refuse in the next promotion, read for the source's release."""
    name = target.side.environment
    allowed = find_rules(context.project, name).may_differ
    is_next = source.side.environment == context.project.pipeline.find_previous(name)
    if not is_next or allowed is None or source.release is None or source.settings is None:
        return frozenset()
    try:
        target_settings = load_settings(context, name, source.release.wiring)
    except ConfigurationError:
        # The guard of settings (G204) refuses it then.
        return frozenset()
    return compare_settings(source.settings, target_settings).list_refused(allowed)
