"""Whose the store is: a marker in it says so, made before its first entry, and releases of another project don't count.

The marker also says that it was tried whether anything in the store can be written over: without that, no entry is
recorded at all.
"""

from envctl.domain.config.project_owner import MalformedMarkerError, Marker, decode, encode
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import Present
from envctl.domain.release.bundle import DamagedBundleError, unpack
from envctl.domain.release.contents import Release
from envctl.domain.text.short_ids import short
from envctl.usecases.ledger import store_probe
from envctl.usecases.ledger.store_layout import MARKER, release_key
from envctl.usecases.ports.core import AlreadyExistsError, Ports

LOOKED_AT = 4


def check_store_owner(ports: Ports) -> Marker | None:
    """What the store says of itself; None where it says nothing yet.

    Raises OperationFailedError (E480) where it belongs to another project, or says what can't be read.
    """
    data = ports.store.read(MARKER)
    if data is None:
        return None
    try:
        marker = decode(data)
    except MalformedMarkerError as error:
        hint = "restore it from a backup of the store, or take an envctl that is as new as the one that wrote it"
        message = f"whose the store is can't be read in {MARKER}: {error}"
        raise OperationFailedError(Problem("E480", message, hint)) from error
    if not ports.owner.owns(marker.project):
        raise _owned_by(ports, marker.project)
    return marker


def claim_store(ports: Ports, now: Present) -> None:
    """Leaves the marker in a store that has none, right before an entry is recorded. Raises OperationFailedError: E426
    where something in the store can be written over, and E480 where all its releases are of another project.
    """
    marker = check_store_owner(ports)
    if marker is not None:
        if ports.store.endpoint not in ("", marker.endpoint):
            # It is reached through another server than when it was tried.
            store_probe.demand(ports)
        return
    _check_releases(ports, now)
    store_probe.demand(ports)
    owner = ports.owner
    try:
        ports.store.create(MARKER, encode(Marker(owner.in_store or owner.name, ports.store.endpoint)))
    except AlreadyExistsError:
        check_store_owner(ports)


def check_release_owner(ports: Ports, identity: str, release: Release) -> None:
    """Raises OperationFailedError (E482) for a release of another project, whatever the ledger says of it."""
    project = release.wiring.project
    if not ports.owner.owns(project):
        message = f"release {short(identity)} is of project {project}, and this is {ports.owner.name}: it is not taken"
        raise OperationFailedError(Problem("E482", message, _hint(project)))


def _check_releases(ports: Ports, now: Present) -> None:
    """An envctl that left no marker made the store: its releases say whose it is."""
    running = [there.current.release for there in now.environments.values() if there.current]
    wanted = list(dict.fromkeys([*running, *reversed(list(now.releases))]))[:LOOKED_AT]
    projects = [project for each in wanted if (project := _project_of(ports, each))]
    if projects and not any(ports.owner.owns(project) for project in projects):
        raise _owned_by(ports, projects[0])


def _project_of(ports: Ports, identity: str) -> str:
    """Empty where the bundle is missing or damaged."""
    data = ports.store.read(release_key(identity))
    try:
        return unpack(data, identity).wiring.project if data else ""
    except DamagedBundleError:
        return ""


def _owned_by(ports: Ports, project: str) -> OperationFailedError:
    message = f"the store belongs to project {project}, and this is {ports.owner.name}: nothing was done"
    return OperationFailedError(Problem("E480", message, _hint(project)))


def _hint(project: str) -> str:
    return (
        f"give each project a store of its own: another folder or prefix in [store] url; if {project} was renamed, say"
        f' so: [store] project = "{project}"'
    )
