"""The list of releases, and one release with where it is."""

from dataclasses import replace

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.ledger.state import to_label
from envctl.domain.release.commit_message import CommitMessage
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.history import read_history
from envctl.usecases.inspect.releases import Releases, list_releases, show_release
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from tests.fakes.world import World, make_once

FIRST, SECOND = "1" * 40, "2" * 40


def deploy(world: World, commit: str, subject: str) -> str:
    """Deploy new code to dev; return the release."""
    world.version_control.known = Revision(commit, "ann@example.com", uncommitted=False)
    world.version_control.messages[commit] = CommitMessage(f"Merge pull request #{commit[0]} from acme/x\n\n{subject}")
    world.tree.content["modules/web/main.tf"] += f"\n# {subject}\n".encode()
    return apply(world.ports, "dev").release


@pytest.fixture
@make_once
def world() -> World:
    """dev runs its second release, staging the first one."""
    world = World()
    deploy(world, FIRST, "Trace logs")
    promote(world.ports, "dev", "staging")
    deploy(world, SECOND, "Open ports")
    return world


def subjects(listed: Releases) -> list[str]:
    return [each.release.subject for each in listed.releases]


def test_releases_are_listed_newest_first(world: World) -> None:
    listed = list_releases(world.ports)
    assert subjects(listed) == ["Open ports", "Trace logs"]
    assert [each.runs_in for each in listed.releases] == [("dev",), ("staging",)]
    assert [each.verified_in for each in listed.releases] == [("dev",), ("dev", "staging")]
    assert listed.more == 0


def test_limit_counts_the_releases_left_out(world: World) -> None:
    listed = list_releases(world.ports, limit=1)
    assert (subjects(listed), listed.more) == (["Open ports"], 1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("dev", ["Open ports", "Trace logs"]), ("staging", ["Trace logs"]), ("prod", [])],
)
def test_environment_lists_what_was_deployed_there(world: World, environment: str, expected: list[str]) -> None:
    assert subjects(list_releases(world.ports, environment)) == expected


def test_unknown_environment_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        list_releases(world.ports, "nowhere")


def test_held_release_is_listed_with_its_environment(world: World) -> None:
    rollback(world.ports, "dev")
    assert [each.held_in for each in list_releases(world.ports).releases] == [("dev",), ()]


def test_empty_ledger_has_no_releases() -> None:
    assert list_releases(World().ports).releases == ()


@pytest.mark.parametrize("name", ["#1", FIRST, FIRST[:7]])
def test_release_is_shown_by_its_names(world: World, name: str) -> None:
    shown = show_release(world.ports, name)
    assert (shown.release.subject, shown.release.request) == ("Trace logs", 1)
    assert shown.stacks == ("network", "web")
    assert (shown.modules, shown.files, shown.bundle) == (2, 2, "intact")
    assert [each.variable for each in shown.artifacts] == ["image"]


def test_release_shows_its_standing_and_distances(world: World) -> None:
    dev, staging, prod = show_release(world.ports, "#1").places
    assert (dev.stay.standing, staging.stay.standing, prod.stay.standing) == ("left", "runs", "never")
    assert dev.runs
    assert (dev.runs.label.subject, dev.runs.distance, dev.runs.is_newer) == ("Open ports", 1, True)
    assert staging.runs
    assert staging.runs.distance == 0
    assert prod.runs is None
    newest = show_release(world.ports, "#2").places
    assert newest[1].runs
    assert (newest[1].runs.distance, newest[1].runs.is_newer) == (1, False)


def test_release_without_its_bundle_is_shown_still(world: World) -> None:
    release = show_release(world.ports, "#1").release.release
    del world.store.content[f"releases/{release}.tar"]
    shown = show_release(world.ports, "#1")
    assert (shown.bundle, shown.stacks, shown.files) == ("missing", (), 0)


def test_results_carry_the_label_of_their_release(world: World) -> None:
    present = journal.load(world.ports)
    label = next(to_label(each) for each in present.releases.values() if each.request == 2)
    done = promote(world.ports, "dev", "staging", release="#2")
    assert done.label == label
    assert done.plan
    assert done.plan.label == label
    assert done.verification
    assert done.verification.label == label
    assert load_status(world.ports).environments[1].labels[label.release] == label
    assert read_history(world.ports).labels[label.release] == label


def test_plan_of_a_new_release_is_labelled_before_it_is_recorded(world: World) -> None:
    done = deploy(world, "3" * 40, "Larger instances")
    shown = world.observer.plans[-1].label
    assert shown
    recorded = to_label(journal.load(world.ports).releases[done])
    assert shown == replace(recorded, created_at=None)
