"""Release bundles in the store, under their own hash, verified on each read."""

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.guards import BundleState
from envctl.domain.ledger.events import Event, ReleaseCreated
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import DamagedBundleError, Release, unpack
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.store_layout import release_key
from envctl.usecases.ledger.store_owner import check_release_owner
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import working_tree

MAX_AUTHORS = 200  # For one release.


def save_bundle(ports: Ports, identity: str, bundle: bytes, release: Release, beside: str = "") -> None:
    """Store the bundle and record the release, each if missing. `beside` names a standalone environment as its aim."""
    known = journal.load(ports).releases.get(identity)
    if known is not None and beside in known.made_for:
        return
    try:
        ports.store.create(release_key(identity), bundle)
    except AlreadyExistsError:
        # The key is the content hash: the existing bundle is the same, or damaged.
        if load_bundle(ports, identity)[0] == "damaged":
            raise unusable_bundle_error(identity, "damaged") from None
    revision = ports.version_control.read_revision(working_tree.list_code_paths(release, ports.provider_lock))
    others = _list_coauthors(ports, revision)

    def create_event(present: LedgerState) -> Event | None:
        known = present.releases.get(identity)
        if known is not None and beside in known.made_for:
            return None
        return ReleaseCreated(identity, revision.commit, revision.uncommitted, revision.author, beside, others)

    journal.append(ports, create_event)


def _list_coauthors(ports: Ports, revision: Revision) -> tuple[str, ...]:
    """Return the contributors since the previous release, by git and GitHub, without the commit author."""
    if not revision.commit:
        return ()
    before = max(journal.load(ports).releases.values(), key=lambda each: each.seq, default=None)
    found = list(ports.version_control.list_contributors(before.commit if before else ""))
    try:
        found += ports.reviews.list_authors(revision.commit)
    except EnvctlError as error:
        why = error.problems[0].message
        ports.observer.on_message(f"who wrote {revision.commit[:12]} is known from git alone: {why}")
    return tuple(name for name in dict.fromkeys(found) if name and name != revision.author)[:MAX_AUTHORS]


def load_bundle(ports: Ports, identity: str) -> tuple[BundleState, Release | None, bytes]:
    """Load the release and its state. Raises OperationFailedError (E482) for one of another project."""
    data = ports.store.read(release_key(identity))
    if data is None:
        return "missing", None, b""
    try:
        release = unpack(data, identity)
    except DamagedBundleError:
        return "damaged", None, b""
    check_release_owner(ports, identity, release)
    return "intact", release, data


def unusable_bundle_error(identity: str, state: BundleState) -> OperationFailedError:
    message = f"the bundle of release {shorten_id(identity)} is {state}"
    return OperationFailedError(Problem("E403", message, "restore it from a backup of the store: nothing was deployed"))
