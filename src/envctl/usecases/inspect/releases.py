"""`envctl releases [ENV]` and `envctl release show RELEASE`: what each release is known by, and where it is."""

from dataclasses import dataclass, replace
from datetime import datetime

from envctl.domain.guards import BundleState
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.projection.release_matrix import Stay, find_stay
from envctl.domain.ledger.state import LedgerState, to_label
from envctl.domain.release.artifacts import pair_artifacts
from envctl.domain.release.bundle import Release
from envctl.domain.release.comparison.distance import is_older_release, list_releases_between
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.timeline import MAX_ENTRIES_READ, list_last_attempts, load_timeline
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import find_recorded_environment
from envctl.usecases.release import release_store
from envctl.usecases.release.release_names import find_release

DEFAULT_LIMIT = 20


@dataclass(frozen=True)
class ListedRelease:
    """A release, with the environments that run it, those where it is verified, and those where it is on hold."""

    release: KnownRelease
    runs_in: tuple[str, ...] = ()
    verified_in: tuple[str, ...] = ()
    held_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Releases:
    """Releases, newest first. `environment` is empty for all, and `more` counts the older ones left out."""

    environment: str
    now: datetime
    releases: tuple[ListedRelease, ...]
    more: int = 0


@dataclass(frozen=True)
class RunningRelease:
    """The release that an environment runs."""

    label: ReleaseLabel
    distance: int = 0  # number of releases from the shown release to it; 0 for the same one
    is_newer: bool = False  # true if it was made later than the shown release


@dataclass(frozen=True)
class ReleasePlace:
    """A release in one environment. `runs` is what the environment runs now; None if it runs nothing."""

    environment: str
    stay: Stay
    runs: RunningRelease | None = None


@dataclass(frozen=True)
class ReleaseArtifact:
    """An artifact of a release, by its variable; a sensitive value is a marker."""

    variable: str
    value: object


@dataclass(frozen=True, kw_only=True)
class ReleaseDetails:
    """One release."""

    release: KnownRelease
    now: datetime
    places: tuple[ReleasePlace, ...]
    # the state of its bundle in the store. Without an intact one, its content is unknown, and the counts are 0.
    bundle: BundleState
    stacks: tuple[str, ...] = ()
    modules: int = 0  # number of modules called by its stacks
    files: int = 0
    artifacts: tuple[ReleaseArtifact, ...] = ()
    object_stacks: tuple[str, ...] = ()  # the stacks of Kubernetes objects, which call no module


def list_releases(ports: Ports, environment: str = "", *, limit: int | None = None) -> Releases:
    """Return the newest releases, of all environments or those deployed to one. Raises UsageError if it is unknown."""
    project = project_file.load_project(ports)
    if environment:
        find_recorded_environment(Context(ports, project), environment)
    present = journal.load(ports)
    is_entry = environment == project.entry
    newest = sorted(present.releases.values(), key=lambda known: known.seq, reverse=True)
    found = [known for known in newest if (is_entry and "" in known.made_for) or _was_in(present, known, environment)]
    most = limit or DEFAULT_LIMIT
    # Environments that have left the project file come last.
    names = tuple(dict.fromkeys((*project.all_environments, *sorted(present.environments))))
    listed = tuple(_build_row(present, known, names) for known in found[:most])
    return Releases(environment, ports.clock.now(), listed, max(0, len(found) - most))


def show_release(ports: Ports, name: str) -> ReleaseDetails:
    """Return one release by any of its names. Raises UsageError (E003) unless the name means exactly one."""
    project = project_file.load_project(ports)
    present = journal.load(ports)
    identity = find_release(present, name)
    known = present.releases[identity]
    bundle, release, _ = release_store.load_bundle(ports, identity)
    # No deployment of a release is older than the release.
    through = min(MAX_ENTRIES_READ, present.seq - known.seq + 1)
    timeline = load_timeline(ports, present, through, through)
    tried = dict(list_last_attempts(timeline.deployments))
    wanted = [*(project.pipeline.order if "" in known.made_for else ()), *filter(None, known.made_for)]
    places = (
        ReleasePlace(
            each,
            find_stay(present.find_environment(each), known, tried.get((each, identity)), timeline.since),
            _find_running(present, known, each),
        )
        for each in wanted
    )
    return _add_content(
        ReleaseDetails(release=known, now=ports.clock.now(), places=tuple(places), bundle=bundle), release
    )


def _was_in(present: LedgerState, known: KnownRelease, environment: str) -> bool:
    """Check if a release was deployed to an environment, or made for it; true for any without one."""
    here, release = present.find_environment(environment), known.release
    named = {each.release for each in (here.current, here.last) if each}
    arrived = environment in present.came.get(release, {})
    return (
        not environment
        or environment in known.made_for
        or arrived
        or release in {*named, *here.evidence.keys(), *here.holds.keys()}
    )


def _build_row(present: LedgerState, known: KnownRelease, names: tuple[str, ...]) -> ListedRelease:
    release = known.release
    states = {name: present.find_environment(name) for name in names}
    proofs = {name: here.evidence[release] for name, here in states.items() if release in here.evidence}
    return ListedRelease(
        known,
        tuple(name for name, here in states.items() if here.current and here.current.release == release),
        tuple(name for name, proof in proofs.items() if proof.verified),
        tuple(name for name, here in states.items() if release in here.holds),
    )


def _find_running(present: LedgerState, known: KnownRelease, environment: str) -> RunningRelease | None:
    current = present.find_environment(environment).current
    if current is None:
        return None
    other = present.releases.get(current.release)
    label = to_label(other) if other else ReleaseLabel(current.release)
    if current.release == known.release:
        return RunningRelease(label)
    is_newer = is_older_release(present, known.release, current.release)
    older, newer = (known.release, current.release) if is_newer else (current.release, known.release)
    made_for = (environment,) if environment in known.made_for else ("",)
    return RunningRelease(label, len(list_releases_between(present, older, newer, made_for)), is_newer)


def _add_content(details: ReleaseDetails, release: Release | None) -> ReleaseDetails:
    if release is None:
        return details
    called = {stack.module for stack in release.wiring.stacks.values() if stack.kubernetes is None}
    modules = called | {each.folder for each in release.wiring.modules}
    return replace(
        details,
        stacks=tuple(release.wiring.stacks),
        modules=len(modules),
        files=len(release.files),
        artifacts=tuple(ReleaseArtifact(pair.variable, pair.first) for pair in pair_artifacts(release, None)),
        object_stacks=release.wiring.object_stacks,
    )
