"""What a release is known by is recorded when it is made, and stays."""

from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.release.commit_message import GITHUB_COMMITTER, CommitMessage, JobRequest
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from tests.fakes.world import World

SQUASH = CommitMessage("Trace logs, longer retention (#42)\n\nFor 30 days.", GITHUB_COMMITTER)


def newest(world: World) -> KnownRelease:
    return max(journal.load(world.ports).releases.values(), key=lambda each: each.seq)


def test_release_records_subject_and_request_of_its_commit() -> None:
    world = World()
    world.version_control.messages["c0ffee"] = SQUASH
    apply(world.ports, "dev")
    assert (newest(world).subject, newest(world).request) == ("Trace logs, longer retention", 42)


def test_request_of_the_job_is_recorded() -> None:
    world = World()
    world.version_control.messages["c0ffee"] = CommitMessage("Trace logs")
    world.job_requests.requests["c0ffee"] = JobRequest("gitlab", 7, "A title")
    apply(world.ports, "dev")
    assert (newest(world).subject, newest(world).request) == ("Trace logs", 7)


def test_uncommitted_changes_belong_to_no_request() -> None:
    world = World()
    world.version_control.known = Revision("c0ffee", "ann@example.com", uncommitted=True)
    world.version_control.messages["c0ffee"] = SQUASH
    apply(world.ports, "dev")
    assert (newest(world).subject, newest(world).request) == ("Trace logs, longer retention", 0)


def test_release_without_commit_has_no_name() -> None:
    world = World()
    world.version_control.known = Revision()
    apply(world.ports, "dev")
    assert (newest(world).subject, newest(world).request) == ("", 0)


def test_same_content_keeps_its_first_name() -> None:
    world = World()
    world.version_control.messages["c0ffee"] = SQUASH
    apply(world.ports, "dev")
    first = newest(world)
    world.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    world.version_control.messages["f00d"] = CommitMessage("Something else")
    apply(world.ports, "dev")
    assert newest(world) == first
    assert len(journal.load(world.ports).releases) == 1


def test_promotion_takes_the_number_of_a_request() -> None:
    world = World()
    world.version_control.messages["c0ffee"] = SQUASH
    apply(world.ports, "dev")
    done = promote(world.ports, "dev", "staging", release="#42")
    assert done.release == newest(world).release
