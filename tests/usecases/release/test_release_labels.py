"""What a release is known by is recorded when it is made, and stays."""

import pytest

from envctl.domain.guards import RefusedError
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.release.commit_message import GITHUB_COMMITTER, CommitMessage, JobRequest
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from tests.catching import catch
from tests.fakes.project_files import NETWORK, PROJECT
from tests.fakes.world import World, make_once

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


STAGING = "[environments.staging.gates]\n"
COMMITTED = PROJECT.decode().replace(STAGING, f"{STAGING}committed = true\n")


@pytest.fixture
@make_once
def uncommitted() -> World:
    """A release of uncommitted files in dev, and a staging that requires a commit."""
    world = World()
    world.edit("envctl.toml", COMMITTED)
    world.version_control.known = Revision("c0ffee", "ann@example.com", uncommitted=True)
    apply(world.ports, "dev")
    return world


def test_commit_of_deployed_files_is_recorded(uncommitted: World) -> None:
    refused = catch(RefusedError, promote, uncommitted.ports, "dev", "staging")
    hint = "commit the working tree, then: envctl apply dev"
    assert [(each.code, each.hint) for each in refused.refusals] == [("G206", hint)]
    uncommitted.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    uncommitted.version_control.messages["f00d"] = CommitMessage("Trace logs")
    assert apply(uncommitted.ports, "dev").up_to_date
    known = newest(uncommitted)
    assert (known.commit, known.uncommitted, known.subject) == ("f00d", False, "Trace logs")
    assert promote(uncommitted.ports, "dev", "staging").release == known.release


def test_commit_is_recorded_once(uncommitted: World) -> None:
    uncommitted.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    apply(uncommitted.ports, "dev")
    recorded = journal.load(uncommitted.ports).seq
    apply(uncommitted.ports, "dev")
    assert journal.load(uncommitted.ports).seq == recorded


def test_files_without_commit_record_nothing(uncommitted: World) -> None:
    recorded = journal.load(uncommitted.ports).seq
    assert apply(uncommitted.ports, "dev").up_to_date
    assert journal.load(uncommitted.ports).seq == recorded


def test_other_commit_of_another_release_records_nothing(uncommitted: World) -> None:
    uncommitted.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    uncommitted.edit("modules/network/main.tf", NETWORK.decode() + "# more\n")
    catch(RefusedError, promote, uncommitted.ports, "dev", "staging")
    assert newest(uncommitted).uncommitted


def test_promotion_takes_the_number_of_a_request() -> None:
    world = World()
    world.version_control.messages["c0ffee"] = SQUASH
    apply(world.ports, "dev")
    done = promote(world.ports, "dev", "staging", release="#42")
    assert done.release == newest(world).release
