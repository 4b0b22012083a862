"""Whether code enters from a commit before that of what the entry environment has, as in a job that is run again."""

from envctl.domain.guards.older import list_other_releases
from envctl.domain.ledger.state import KnownRelease, Present
from envctl.domain.release.contents import Release
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import working_tree


def find_behind(ports: Ports, present: Present, target: str, *, identity: str, release: Release) -> str:
    """The release that the target has of a later commit; empty where there is none, or where git can't tell.

    An edit that is not committed makes a release of its own, which is before nothing.
    """
    there = [present.releases.get(each.release) for each in list_other_releases(present, target, identity)]
    for later in there:
        if later is None or later.uncommitted or later.release == identity:
            continue
        is_behind = ports.versions.is_behind(later.commit)
        if is_behind is False or _is_edited(ports, release):
            continue
        if is_behind or _was_there_before(ports, present, target, identity=identity, later=later):
            return later.release
    return ""


def _is_edited(ports: Ports, release: Release) -> bool:
    return ports.versions.revision(working_tree.code_paths(release, ports.provider_lock)).uncommitted


def _was_there_before(ports: Ports, present: Present, target: str, *, identity: str, later: KnownRelease) -> bool:
    """Without the history: whether the very commit came there before the later one did."""
    known = present.releases.get(identity)
    if known is None or known.uncommitted or known.commit != ports.versions.revision(()).commit:
        return False
    one, two = (present.came.get(each, {}).get(target) for each in (identity, later.release))
    return one is not None and two is not None and one < two
