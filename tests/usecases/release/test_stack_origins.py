"""Who has a part in a release is recorded when it is made, as far as git and GitHub tell."""

import pytest

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from tests.fakes.world import World

SURE = DeployOptions()


def others(world: World) -> tuple[str, ...]:
    return max(journal.load(world.ports).releases.values(), key=lambda each: each.seq).others


def test_authors_are_those_since_the_previous_release() -> None:
    world = World()
    world.version_control.others = {
        "": ["ann@example.com", "bob@example.com"],
        "c0ffee": ["cat@example.com", "cat@example.com"],
    }
    apply(world.ports, "dev", SURE)
    assert others(world) == ("bob@example.com",)
    world.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    world.tree.content["modules/web/main.tf"] += b"\n# changed\n"
    apply(world.ports, "dev", SURE)
    assert others(world) == ("cat@example.com",)


def test_release_without_commit_has_no_authors() -> None:
    world = World()
    world.version_control.known, world.version_control.others = Revision(), {"": ["bob@example.com"]}
    apply(world.ports, "dev", SURE)
    assert others(world) == ()


def test_authors_are_asked_since_the_last_release() -> None:
    world = World()
    world.version_control.known = Revision("c0ffee", "dan@example.com", uncommitted=False)
    apply(world.ports, "dev", SURE)
    world.version_control.known = Revision("f00d", "dan@example.com", uncommitted=False)
    world.tree.content["modules/web/main.tf"] += b"\n# changed\n"
    apply(world.ports, "dev", SURE)
    assert world.reviews.asked == [("c0ffee", ""), ("f00d", "c0ffee")]


def test_authors_come_from_git_when_github_is_unreachable() -> None:
    class Down:
        def list_approvers(self, environment: str) -> list[str]:
            return []

        def has_reviews(self) -> bool:
            return False

        def list_authors(self, commit: str, since: str = "") -> list[str]:
            raise OperationFailedError(Problem("E036", "GitHub (acme/shop) can't be reached", ""))

    world = World()
    world.reviews, world.version_control.others = Down(), {"": ["bob@example.com"]}  # type: ignore[assignment]
    apply(world.ports, "dev", SURE)
    assert others(world) == ("bob@example.com",)
    assert "is known from git only: GitHub (acme/shop) can't be reached" in "".join(world.observer.heard)


@pytest.mark.parametrize("name", ["7+bob@users.noreply.github.com", "bob@example.com", "BOB"])
def test_co_author_counts_for_changes_of_others(name: str) -> None:
    world = World()
    world.version_control.others = {"": [name]}
    apply(world.ports, "dev", SURE)
    promote(world.ports, "dev", "staging", SURE)
    world.identity.name = "bob"
    given = approve_plan(world.ports, "prod", "peer", unseen=("web",))
    assert given.missing["peer"] == 1
    assert given.notes[-1] == "your approval counts for the changes of the other authors, not for yours"


def test_bot_may_not_approve() -> None:
    world = World()
    apply(world.ports, "dev", SURE)
    promote(world.ports, "dev", "staging", SURE)
    world.identity.name, world.identity.via = "renovate[bot]", "github"
    world.identity.why = "AWS credentials are missing"
    with pytest.raises(RefusedError, match="G207") as raised:
        approve_plan(world.ports, "prod", "peer")
    (only,) = raised.value.refusals
    assert only.message == (
        "renovate[bot] (unverified) may not approve at peer: "
        "apps and bots need a pattern with their exact name; AWS credentials are missing"
    )
    assert only.hint == "as a person: envctl approve prod --gate peer --unseen web"
