"""`envctl diff A B`: settings side by side, how far the releases are apart, and the artifacts. No Terraform."""

from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem, UsageError
from envctl.domain.guards import Bundle
from envctl.domain.ledger.state import Deployment, KnownRelease, Present
from envctl.domain.release.artifact_changes import ArtifactPair, pair_artifacts
from envctl.domain.release.bundle import identity, pack
from envctl.domain.release.changes import changes_between
from envctl.domain.release.contents import Release
from envctl.domain.release.distance import Distance, in_order, made_between, releases_behind
from envctl.domain.rules.document import find_rules
from envctl.domain.settings.comparison import Comparison, compare
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.text.short_ids import short
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import image_tags, load, working_tree
from envctl.usecases.release import bundle_store

Origin = Literal["deployed", "working tree", "nothing"]


@dataclass(frozen=True)
class Side:
    """What of one environment is compared: the release that it runs; in the entry, where nothing runs, the working tree
    as a release.

    `whole` is false where its last deployment did not end well. `against` is the release that its settings were read
    for: another one than its own where it runs nothing, and empty for the working tree. `pending` says that its
    settings are no longer those that were deployed. `problems` are why something of it is not known.
    """

    environment: str
    origin: Origin
    release: str = ""
    known: KnownRelease | None = None
    deployment: Deployment | None = None
    whole: bool = True
    against: str = ""
    pending: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Diff:
    """`distance` is None where both run the same, or where one of them runs nothing. `settings` are None where those of
    one side are not known. `everything` says that people want to see what is equal, too.
    """

    first: Side
    second: Side
    distance: Distance | None
    artifacts: tuple[ArtifactPair, ...]
    settings: Comparison | None
    everything: bool = False

    @property
    def unknown(self) -> bool:
        return bool(self.first.problems or self.second.problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each once, though both sides may have it."""
        return tuple(dict.fromkeys((*self.first.problems, *self.second.problems)))

    @property
    def differs(self) -> bool:
        """Whether anything is otherwise that `[parity]` does not list in `may_differ`."""
        settings = self.settings.unequal if self.settings else ()
        return self.first.release != self.second.release or any(pair.parity != "allowed" for pair in settings)


@dataclass(frozen=True)
class _Found:
    side: Side
    release: Release | None = None
    settings: EnvironmentSettings | None = None


def diff(ports: Ports, first: str, second: str, *, patch: bool = False, everything: bool = False) -> Diff:
    """With `patch` the changed files of modules are told line by line."""
    project = load.project(ports)
    names = load.find_environment(ports, project, first), load.find_environment(ports, project, second)
    if first == second:
        other = project.before(first) or project.after(first) or "…"
        raise UsageError(Problem("E011", f"{first} is compared with itself", f"envctl diff {first} {other}"))
    present = journal.present(ports)
    code = [_code(ports, project.seen_from(name), present, name) for name in names]
    one, two = (_read(ports, project, found, other) for found, other in zip(code, code[::-1], strict=True))
    return Diff(
        one.side,
        two.side,
        _distance(project, present, one, two, patch=patch),
        pair_artifacts(one.release, two.release) if _readable(one) and _readable(two) else (),
        _compared(ports, project, one, two),
        everything,
    )


def _code(ports: Ports, project: Project, present: Present, environment: str) -> _Found:
    there = present.of(environment)
    if there.current is not None:
        name = there.current.release
        state, release, _ = bundle_store.look(ports, name)
        known = present.releases.get(name)
        side = Side(environment, "deployed", name, known, there.current, there.whole, name)
        return _Found(side if release else replace(side, problems=(_unreadable(environment, name, state),)), release)
    whole = there.last is None or there.last.outcome == "succeeded"
    if environment != project.entry:
        return _Found(Side(environment, "nothing", whole=whole))
    side = Side(environment, "working tree", whole=whole)
    try:
        release = working_tree.release(ports, project)
    except ConfigurationError as error:
        return _Found(replace(side, problems=tuple(error.problems)))
    # What a tag will mean is not known here, nor is code that is elsewhere, and so neither is the name of the release.
    name = "" if image_tags.tagged(project, release) or release.missing else identity(pack(release))
    return _Found(replace(side, release=name, known=present.releases.get(name), against=name), release)


def _unreadable(environment: str, release: str, state: Bundle) -> Problem:
    message = f"the bundle of release {short(release)}, which {environment} runs, is {state}"
    return Problem("E416", message, "restore it from a backup of the store")


def _read(ports: Ports, project: Project, found: _Found, other: _Found) -> _Found:
    """With its settings: those of an environment that runs nothing are read as the other one's release takes them."""
    if found.side.problems:
        return found
    side = found.side
    project = project.seen_from(side.environment)
    try:
        release = found.release or other.release or working_tree.release(ports, project)
        settings = load.settings(ports, project, side.environment, release.wiring)
    except ConfigurationError as error:
        return replace(found, side=replace(side, problems=tuple(error.problems)))
    pending = side.deployment is not None and side.deployment.settings != settings.digest()
    against = side.against or (other.side.release if other.release else "")
    return replace(found, side=replace(side, against=against, pending=pending), settings=settings)


def _readable(found: _Found) -> bool:
    return found.release is not None or found.side.origin == "nothing"


def _distance(project: Project, present: Present, one: _Found, other: _Found, *, patch: bool) -> Distance | None:
    names = (one.side.release, other.side.release)
    if not all(names) or names[0] == names[1]:
        return None
    made_for = {project.seen_from(found.side.environment).pipeline.makes_for for found in (one, other)}
    if "" in made_for and len(made_for) > 1:
        # They are on no common way.
        return None
    older, newer = (one, other) if in_order(present, *names) else (other, one)
    ends = older.side.environment, newer.side.environment
    made = made_between(present, older.side.release, newer.side.release, made_for)
    behind = releases_behind(project.pipeline.order, present, *ends, len(made))
    changes = changes_between(older.release, newer.release, patch=patch) if older.release and newer.release else None
    return Distance(*ends, behind, made, changes)


def _compared(ports: Ports, project: Project, one: _Found, other: _Found) -> Comparison | None:
    if one.settings is None or other.settings is None:
        return None
    may_differ = project.parity.may_differ if project.parity else ()
    refused = _refused(ports, project, one, other) | _refused(ports, project, other, one)
    return compare(one.settings, other.settings, may_differ=may_differ, refused=refused)


def _refused(ports: Ports, project: Project, source: _Found, target: _Found) -> frozenset[str]:
    """What parity would refuse the next promotion for: there both settings are read for the release of the source."""
    name = target.side.environment
    allowed = find_rules(project, name).may_differ
    if source.side.environment != project.before(name) or allowed is None:
        return frozenset()
    if source.release is None or source.settings is None:
        return frozenset()
    try:
        there = load.settings(ports, project, name, source.release.wiring)
    except ConfigurationError:
        # Then the guard of settings refuses it, and says why.
        return frozenset()
    return frozenset(compare(source.settings, there).differing()) - allowed
