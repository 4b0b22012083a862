"""Releases in the store: kept once under their own hash, and believed only when they match it."""

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.guards import Bundle
from envctl.domain.ledger.events import Event, ReleaseCreated
from envctl.domain.ledger.state import Present
from envctl.domain.release.bundle import DamagedBundleError, unpack
from envctl.domain.release.contents import Release
from envctl.domain.text.short_ids import short
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.store_layout import release_key
from envctl.usecases.ledger.store_owner import check_release_owner
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import working_tree

MOST = 200
"""Names that are recorded of one release."""


def key(identity: str) -> str:
    return release_key(identity)


def keep(ports: Ports, identity: str, bundle: bytes, release: Release, beside: str = "") -> None:
    """Stores the bundle and records the release, each only where it is not there yet. `beside` is the environment that
    it is made for, where that stands beside the pipeline.
    """
    if _is_known(journal.present(ports), identity, beside):
        return
    try:
        ports.store.create(key(identity), bundle)
    except AlreadyExistsError:
        # Named by its content: who was first wrote the same bytes, or what is there is damaged and `look` says so.
        if look(ports, identity)[0] == "damaged":
            raise unusable(identity, "damaged") from None
    revision = ports.versions.revision(working_tree.code_paths(release, ports.provider_lock))

    others = _list_others(ports, revision)

    def decide(present: Present) -> Event | None:
        if _is_known(present, identity, beside):
            return None
        return ReleaseCreated(identity, revision.commit, revision.uncommitted, revision.author, beside, others)

    journal.append(ports, decide)


def _list_others(ports: Ports, revision: Revision) -> tuple[str, ...]:
    """Who has a part in it beside the author of its commit: since the release before, as far as git and GitHub tell."""
    if not revision.commit:
        return ()
    before = max(journal.present(ports).releases.values(), key=lambda each: each.seq, default=None)
    found = list(ports.versions.contributors(before.commit if before else ""))
    try:
        found += ports.reviews.authors(revision.commit)
    except EnvctlError as error:
        ports.observer.said(f"who wrote {revision.commit[:12]} is known from git alone: {error.problems[0].message}")
    return tuple(name for name in dict.fromkeys(found) if name and name != revision.author)[:MOST]


def _is_known(present: Present, identity: str, beside: str) -> bool:
    known = present.releases.get(identity)
    return known is not None and beside in known.made_for


def look(ports: Ports, identity: str) -> tuple[Bundle, Release | None, bytes]:
    """The release under that name, and whether it can be believed.

    Raises OperationFailedError (E482) for one of another project.
    """
    data = ports.store.read(key(identity))
    if data is None:
        return "missing", None, b""
    try:
        release = unpack(data, identity)
    except DamagedBundleError:
        return "damaged", None, b""
    check_release_owner(ports, identity, release)
    return "intact", release, data


def unusable(identity: str, state: Bundle) -> OperationFailedError:
    return OperationFailedError(
        Problem(
            "E403",
            f"the bundle of release {short(identity)} is {state}",
            "restore it from a backup of the store: nothing was deployed",
        )
    )
