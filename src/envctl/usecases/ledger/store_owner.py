"""The owner of the store, named by a marker made before the first entry. Releases of other projects are refused.

The marker also proves a successful probe for overwriting. Without it no entry is recorded.
"""

from envctl.domain.config.project_owner import MalformedMarkerError, StoreMarker, decode_marker, encode_marker
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import DamagedBundleError, Release, unpack
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ledger import store_probe
from envctl.usecases.ledger.store_layout import MARKER_KEY, release_key
from envctl.usecases.ports.core import AlreadyExistsError, Ports

MAX_RELEASES_READ = 4


def check_store_owner(ports: Ports) -> StoreMarker | None:
    """Return the marker of the store; None without one.

    Raises OperationFailedError (E480) if the marker is unreadable or names another project.
    """
    data = ports.store.read(MARKER_KEY)
    if data is None:
        return None
    try:
        marker = decode_marker(data)
    except MalformedMarkerError as error:
        hint = "restore it from a backup of the store, or take an envctl that is as new as the one that wrote it"
        message = f"whose the store is can't be read in {MARKER_KEY}: {error}"
        raise OperationFailedError(Problem("E480", message, hint)) from error
    if not ports.owner.is_owner_of(marker.project):
        raise _to_owner_error(ports, marker.project)
    return marker


def claim_store(ports: Ports, now: LedgerState) -> None:
    """Write the marker of a store without one, right before an entry is recorded.

    Raises OperationFailedError: E426 if objects can be overwritten, E480 if all releases belong to another project.
    """
    marker = check_store_owner(ports)
    if marker is not None:
        if ports.store.endpoint not in ("", marker.endpoint):
            # It was probed through another server.
            store_probe.require_create_only(ports)
        return
    _check_release_projects(ports, now)
    store_probe.require_create_only(ports)
    owner = ports.owner
    try:
        ports.store.create(MARKER_KEY, encode_marker(StoreMarker(owner.in_store or owner.name, ports.store.endpoint)))
    except AlreadyExistsError:
        check_store_owner(ports)


def check_release_owner(ports: Ports, identity: str, release: Release) -> None:
    """Check that a release is of this project: the ledger alone is no proof. Raises OperationFailedError (E482)."""
    project = release.wiring.project
    if not ports.owner.is_owner_of(project):
        name = shorten_id(identity)
        message = f"release {name} is of project {project}, and this is {ports.owner.name}: it is not taken"
        raise OperationFailedError(Problem("E482", message, _format_owner_hint(project)))


def _check_release_projects(ports: Ports, now: LedgerState) -> None:
    """Check the projects of recent releases in a store made before there were markers."""
    running = [there.current.release for there in now.environments.values() if there.current]
    wanted = list(dict.fromkeys([*running, *reversed(list(now.releases))]))[:MAX_RELEASES_READ]
    projects = [project for each in wanted if (project := _read_release_project(ports, each))]
    if projects and not any(ports.owner.is_owner_of(project) for project in projects):
        raise _to_owner_error(ports, projects[0])


def _read_release_project(ports: Ports, identity: str) -> str:
    """Return the project of a release; empty if its bundle is missing or damaged."""
    data = ports.store.read(release_key(identity))
    try:
        return unpack(data, identity).wiring.project if data else ""
    except DamagedBundleError:
        return ""


def _to_owner_error(ports: Ports, project: str) -> OperationFailedError:
    message = f"the store belongs to project {project}, and this is {ports.owner.name}: nothing was done"
    return OperationFailedError(Problem("E480", message, _format_owner_hint(project)))


def _format_owner_hint(project: str) -> str:
    return (
        f"give each project a store of its own: another folder or prefix in [store] url; if {project} was renamed, say"
        f' so: [store] project = "{project}"'
    )
