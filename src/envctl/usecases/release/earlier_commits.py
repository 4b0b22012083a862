"""Detection of code older than the release in the entry environment, as in a repeated CI job."""

from envctl.domain.guards.order import list_other_deployments
from envctl.domain.ledger.state import KnownRelease, LedgerState
from envctl.domain.release.bundle import Release
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import working_tree


def find_later_release(ports: Ports, present: LedgerState, target: str, *, identity: str, release: Release) -> str:
    """Return the deployed release of a later commit; empty if none is, edits are uncommitted, or git can't tell."""
    paths = working_tree.list_code_paths(release, ports.provider_lock)
    there = [present.releases.get(each.release) for each in list_other_deployments(present, target, identity)]
    for later in there:
        if later is None or later.uncommitted or later.release == identity:
            continue
        is_behind = ports.version_control.is_behind(later.commit)
        if is_behind is False or ports.version_control.read_revision(paths).uncommitted:
            continue
        if is_behind or _was_deployed_before(ports, present, target, identity=identity, later=later):
            return later.release
    return ""


def _was_deployed_before(
    ports: Ports, present: LedgerState, target: str, *, identity: str, later: KnownRelease
) -> bool:
    """Compare deployments instead of commits, for a shallow clone."""
    known = present.releases.get(identity)
    if known is None or known.uncommitted or known.commit != ports.version_control.read_revision(()).commit:
        return False
    one, two = (present.came.get(each, {}).get(target) for each in (identity, later.release))
    return one is not None and two is not None and one < two
