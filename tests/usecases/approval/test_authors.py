"""Nobody alone: who changed anything that an approval binds can't be the one who approves it."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from envctl.cli.render.words.reading import list_lines
from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.entries import GENESIS, encode_entry, hash_bytes
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.ledger import ledger_store
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as, deploy_everywhere, deploy_to_staging, edit_project

ANN, BOB, CAT, DAN = (f"{name}@example.com" for name in ("ann", "bob", "cat", "dan"))
SETTINGS = "environments/prod/terraform.tfvars"
GATES = ("approvals = { peer = 1, business = 2 }", "approvals = { peer = 1 }")


@pytest.fixture
@make_once
def world() -> World:
    """Prod runs a release of ann, from the commit c0ffee."""
    found = World()
    edit_project(found, GATES)
    deploy_to_staging(found)
    with acting_as(found, DAN):
        approve_plan(found.ports, "prod", "peer", unseen=("web",))
    promote(found.ports, "staging", "prod")
    return found


def approve(world: World, person: str) -> tuple[str, ...]:
    """Return the notes of the approval."""
    with acting_as(world, person):
        return approve_plan(world.ports, "prod", "peer").notes


def deploy(world: World, person: str = ANN) -> None:
    with acting_as(world, person):
        promote(world.ports, "staging", "prod")


def refuse(world: World, person: str = ANN) -> str:
    with pytest.raises(RefusedError) as caught:
        deploy(world, person)
    return str(caught.value)


def release(world: World, number: int, author: str) -> None:
    """Bring another commit of one author to staging."""
    world.version_control.known = replace(world.version_control.known, commit=f"{number}" * 40, author=author)
    world.edit("modules/network/main.tf", world.tree.content["modules/network/main.tf"].decode() + f"# {number}\n")
    with acting_as(world, author):
        apply(world.ports, "dev")
        promote(world.ports, "dev", "staging")


def change_settings(world: World, *authors: str) -> None:
    world.edit(SETTINGS, 'cidr = "10.30.0.0/16"\nsize = 30\n')
    world.version_control.wrote[SETTINGS] = list(authors)


def test_author_of_settings_may_not_approve_them_alone(world: World) -> None:
    release(world, 1, BOB)
    change_settings(world, BOB)
    with pytest.raises(RefusedError, match=rf"{BOB} made release \w+ and can't approve it"):
        approve(world, BOB)
    approve(world, CAT)
    deploy(world)
    started = [each.event for each in list_entries(world) if isinstance(each.event, DeploymentStarted)][-1]
    assert (started.commit, started.authors) == ("1" * 40, (BOB,))


def test_settings_alone_have_an_author(world: World) -> None:
    """The release runs already. Ann wrote it."""
    change_settings(world, BOB)
    approve(world, BOB)
    assert f"the approval of {BOB} does not count for their own changes" in refuse(world, DAN)
    approve(world, CAT)
    deploy(world, DAN)


def test_unchanged_settings_have_no_author(world: World) -> None:
    world.version_control.wrote |= {SETTINGS: [BOB], "envctl.toml": [BOB]}
    release(world, 1, ANN)
    approve(world, BOB)
    deploy(world, CAT)


def test_trivial_release_does_not_hide_the_author_before(world: World) -> None:
    release(world, 1, BOB)
    release(world, 2, ANN)
    assert explain_refusal(world.ports, "prod").written.startswith(
        "written by ann@example.com, bob@example.com (all since release "
    )
    assert approve(world, BOB)[-1] == "your approval counts for the changes of the other authors, not for yours"
    assert f"the approval of {BOB} does not count for their own changes" in refuse(world, CAT)
    approve(world, ANN)
    deploy(world, CAT)


def test_page_of_approval_names_the_authors(world: World) -> None:
    release(world, 1, BOB)
    approve(world, CAT)
    page = world.prompter.readings[-1]
    assert page and page.written.startswith(f"written by {BOB} (all since release ")
    assert page.written in [line.text for line in list_lines(page, folds=True)]


def test_authors_are_forgotten_once_deployed(world: World) -> None:
    release(world, 1, BOB)
    approve(world, CAT)
    deploy(world)
    release(world, 2, ANN)
    approve(world, BOB)
    deploy(world, CAT)


def test_first_deployment_is_a_baseline() -> None:
    world = World()
    edit_project(world, GATES)
    deploy_to_staging(world)
    world.version_control.wrote |= {SETTINGS: [CAT], "envctl.toml": [CAT]}
    assert "baseline: nothing runs in prod yet" in explain_refusal(world.ports, "prod").written
    with acting_as(world, CAT):
        approve_plan(world.ports, "prod", "peer", unseen=("web",))
    deploy(world, BOB)


def test_uncommitted_settings_are_of_who_approves_them(world: World) -> None:
    release(world, 1, ANN)
    change_settings(world)
    world.version_control.dirty = True
    approve(world, BOB)
    world.version_control.dirty = False
    deploy(world, CAT)
    change_settings(world, ANN)
    world.version_control.dirty = True
    world.edit(SETTINGS, 'cidr = "10.30.0.0/16"\nsize = 31\n')
    assert explain_refusal(world.ports, "prod").authors


def test_project_without_git_works_as_before() -> None:
    world = World()
    edit_project(world, GATES)
    world.version_control.known = replace(world.version_control.known, commit="", author="", uncommitted=True)
    world.version_control.dirty = True
    deploy_to_staging(world)
    with acting_as(world, BOB):
        approve_plan(world.ports, "prod", "peer", unseen=("web",))
    deploy(world)
    change_settings(world)
    approve(world, BOB)
    deploy(world)


@pytest.mark.parametrize("path", [SETTINGS, "envctl.toml"])
def test_missing_history_of_settings_is_refused(world: World, path: str) -> None:
    release(world, 1, ANN)
    change_settings(world)
    world.version_control.wrote[path] = None
    with pytest.raises(RefusedError, match="the authors are unknown: this clone does not have the changes of settings"):
        approve(world, CAT)
    assert "git fetch --unshallow" in str(explain_refusal(world.ports, "prod").next)


def test_missing_history_of_a_release_is_asked_again(world: World) -> None:
    """A clone with the commits names the authors that the job with the release did not have."""
    git = world.version_control
    git.others["c0ffee"] = None
    release(world, 1, ANN)
    git.others["1" * 40] = []
    release(world, 2, ANN)
    with pytest.raises(RefusedError, match="the commits of release"):
        approve(world, CAT)
    git.others["c0ffee"] = [BOB]
    approve(world, BOB)
    assert "does not count" in refuse(world, DAN)
    approve(world, CAT)
    deploy(world, DAN)


def test_missing_history_does_not_matter_without_gates() -> None:
    world = World()
    edit_project(world, (GATES[0], "approvals = {}"))
    deploy_everywhere(world)
    world.version_control.others["c0ffee"] = None
    release(world, 1, ANN)
    deploy(world)


def test_team_of_one_needs_the_rule_that_says_so(world: World) -> None:
    release(world, 1, ANN)
    with pytest.raises(EnvctlError, match="can't approve it"):
        approve(world, ANN)
    edit_project(world, (GATES[1], f"{GATES[1]}\nself_approval = true"))
    world.version_control.wrote["envctl.toml"] = [ANN]
    approve(world, ANN)
    # The rules that prod runs with do not allow it yet.
    assert "lacks approvals" in refuse(world)


def forget_authors(world: World) -> None:
    """Write the ledger again, as an envctl of before authors and commits of deployments were recorded."""
    prev = GENESIS
    for entry in list_entries(world):
        event = entry.event
        if isinstance(event, DeploymentStarted):
            event = replace(event, commit="", authors=(), clusters=(), program="")
        if isinstance(event, ReleaseCreated):
            event = replace(event, unknown_authors=False)
        data = encode_entry(replace(entry, prev=prev, event=event))
        assert not {"authors", "program", "unknown_authors"} & set(json.loads(data)["event"])
        world.store.content[ledger_store.entry_key(entry.seq)] = data
        prev = hash_bytes(data)
    for key in [each for each in world.store.content if each.startswith("checkpoints/")]:
        del world.store.content[key]
    world.head_cache.seen = None


def test_ledger_of_yesterday_asks_since_the_commit_of_its_release(world: World) -> None:
    forget_authors(world)
    asked: list[str] = []
    find = world.version_control.list_path_authors

    def list_path_authors(paths: Sequence[str], since: str) -> list[str] | None:
        asked.append(since)
        return find(paths, since)

    world.version_control.list_path_authors = list_path_authors  # type: ignore[method-assign]
    release(world, 1, BOB)
    change_settings(world, CAT)
    approve(world, BOB)
    assert f"the approval of {BOB} does not count for their own changes" in refuse(world, DAN)
    approve(world, CAT)
    deploy(world, DAN)
    assert set(asked) == {"c0ffee"}
