"""Images of a release: tags that become digests where code enters, and what each environment finds where it pulls."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.release.bundle import Release
from envctl.usecases.account.account_check import find_images
from envctl.usecases.account.image_copy import copy_images
from envctl.usecases.approval.explain_refusal import Why, explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedEnvironment
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_settings import load_settings
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.world import IMAGE, PROJECT, MemoryWorkspace, World
from tests.usecases.steps import deploy_to_staging

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
TAGGED = "registry.example.com/shop:1.4"
DEV = "environments/dev/terraform.tfvars"
PINNED = f"registry.example.com/shop@{DIGEST}"
OWN = b"""
[artifacts.app]
variable = "image"
kind = "oci"
copy = true
repository = "{account_id}.dkr.ecr.eu-west-1.amazonaws.com/{project}"
"""
ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
ECR = {name: f"{account}.dkr.ecr.eu-west-1.amazonaws.com/shop@{DIGEST}" for name, account in ACCOUNTS.items()}


def says(world: World, image: str) -> None:
    world.edit(DEV, f'cidr = "10.10.0.0/16"\nimage = "{image}"\n')


@pytest.fixture
def tagged(world: World) -> World:
    """Where dev has a tag, and it means something."""
    says(world, TAGGED)
    world.registries.tags[TAGGED] = DIGEST
    return world


@pytest.fixture
def own(world: World) -> World:
    """Where each environment has a repository of its own, and the image is where it entered alone."""
    text = PROJECT.partition(b"[artifacts]")[0] + OWN
    for name, account in ACCOUNTS.items():
        text = text.replace(
            f"[environments.{name}]\n".encode(), f'[environments.{name}]\naccount_id = "{account}"\n'.encode()
        )
    world.tree.content["envctl.toml"] = text
    world.registries.held = {PINNED}
    world.access.accounts = dict(ACCOUNTS)
    return world


def release_in(world: World, environment: str) -> Release:
    current = journal.load(world.ports).find_environment(environment).current
    assert current is not None
    _, release, _ = release_store.load_bundle(world.ports, current.release)
    assert release is not None
    return release


def image_in(world: World, environment: str) -> object:
    wiring = release_in(world, environment).wiring
    return load_settings(Context(world.ports, project_file.load_project(world.ports)), environment, wiring).arguments[
        "web"
    ]["image"]


def test_tag_is_resolved_to_digest_on_entry_only(tagged: World) -> None:
    apply(tagged.ports, "dev")
    assert release_in(tagged, "dev").wiring.artifacts == {"image": PINNED}
    assert f"app: {TAGGED} is {DIGEST}" in tagged.observer.heard
    asked = list(tagged.registries.asked)
    tagged.registries.tags[TAGGED] = OTHER
    promote(tagged.ports, "dev", "staging")
    assert image_in(tagged, "staging") == PINNED
    # Nobody asks what a tag means on the way.
    assert [each for each in tagged.registries.asked if each[0] == "digest"] == [
        each for each in asked if each[0] == "digest"
    ]


def test_tag_and_its_digest_make_the_same_release(tagged: World) -> None:
    first = apply(tagged.ports, "dev").release
    for same in (PINNED, f"{TAGGED}@{DIGEST}", f"registry.example.com/shop:other@{DIGEST}"):
        says(tagged, same)
        assert apply(tagged.ports, "dev").release == first
    tagged.registries.tags[TAGGED] = OTHER
    says(tagged, TAGGED)
    assert apply(tagged.ports, "dev").release != first


def test_pinned_images_need_no_registry_on_entry(world: World) -> None:
    apply(world.ports, "dev")
    preview_environments(world.ports)
    assert [each for each in world.registries.asked if each[0] == "digest"] == []


def test_missing_tag_stops_before_anything_is_recorded(tagged: World) -> None:
    tagged.registries.tags.clear()
    with pytest.raises(OperationFailedError, match=f"E431 artifact app: {TAGGED} not found"):
        apply(tagged.ports, "dev")
    assert (tagged.store.content, tagged.terraform.calls) == ({}, [])


def test_unreachable_registry_stops_before_anything_is_recorded(tagged: World) -> None:
    tagged.registries.unreachable.add("registry.example.com")
    with pytest.raises(OperationFailedError, match="E433"):
        apply(tagged.ports, "dev")
    assert tagged.store.content == {}


OFFLINE: dict[str, Any] = {
    "validate": validate_project,
    "settings": lambda ports: resolve_settings(ports, "dev"),
    "settings of another environment": lambda ports: resolve_settings(ports, "prod"),
    "render": lambda ports: render_environment(ports, "dev"),
}


@pytest.mark.parametrize("command", OFFLINE.values(), ids=OFFLINE.keys())
def test_offline_command_reports_tag_without_network(tagged: World, command: Any) -> None:
    command(tagged.ports)
    assert tagged.registries.asked == []
    assert tagged.observer.heard == [f"app: {TAGGED} is a tag; this resolves its digest: envctl apply dev"]


def test_comparison_of_tag_needs_no_network(tagged: World) -> None:
    compared = diff_environments(tagged.ports, "dev", "staging")
    assert tagged.registries.asked == []
    assert {side.release for side in (compared.first, compared.second)} == {""}


def test_dry_run_names_the_digest_lookup(tagged: World) -> None:
    told = apply(tagged.ports, "dev", DeployOptions(dry_run=True)).stages
    assert told[0].startswith("resolve the tag of app to a digest, render stacks network, web")
    assert tagged.registries.asked == []
    says(tagged, IMAGE)
    assert apply(tagged.ports, "dev", DeployOptions(dry_run=True)).stages[0].startswith("render stacks")


class Remembering(MemoryWorkspace):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[PreparedEnvironment] = []

    def save_prepared(self, prepared: PreparedEnvironment, inputs: object, mark: str) -> None:
        self.kept.append(prepared)


def test_preparation_with_tag_is_not_cached() -> None:
    from envctl.usecases.inspect.plan import plan_environment

    workspace = Remembering()
    world = World(workspace=workspace)
    world.registries.tags[TAGGED] = DIGEST
    says(world, TAGGED)
    plan_environment(world.ports, "dev")
    assert workspace.kept == []
    says(world, IMAGE)
    plan_environment(world.ports, "dev")
    assert len(workspace.kept) == 1


def test_sandbox_invents_a_stable_digest_for_foreign_tag(tagged: World) -> None:
    tagged.sandbox = True
    first = apply(tagged.ports, "dev").release
    assert tagged.registries.asked == []
    assert any("made-up" in said for said in tagged.observer.heard)
    assert apply(tagged.ports, "dev").release == first


def test_sandbox_resolves_tags_of_ecr(world: World) -> None:
    world.sandbox = True
    image = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4"
    says(world, image)
    world.registries.tags[image] = OTHER
    apply(world.ports, "dev")
    assert world.registries.asked[0] == ("digest", image, "dev")
    assert str(release_in(world, "dev").wiring.artifacts["image"]).endswith(OTHER)


def test_each_environment_pulls_from_its_own_repository(own: World) -> None:
    deploy_to_staging(own)
    assert release_in(own, "staging").wiring.artifacts == {"image": PINNED}
    assert (image_in(own, "dev"), image_in(own, "staging")) == (ECR["dev"], ECR["staging"])
    assert release_in(own, "dev") == release_in(own, "staging")


def test_artifact_keeps_its_line_in_own_repository(own: World) -> None:
    says(own, f"{TAGGED}@{DIGEST}")
    (found,) = (each for each in resolve_settings(own.ports, "dev").settings if each.name == "image")
    assert (found.value, str(found.location), found.origin) == (ECR["dev"], f"{DEV}:2", "artifact")


def test_invalid_repository_is_reported_with_its_line(own: World) -> None:
    own.tree.content["envctl.toml"] = own.tree.content["envctl.toml"].replace(b'account_id = "222222222222"\n', b"")
    (problem,) = catch(ConfigurationError, validate_project, own.ports).problems
    assert problem.code == "E437"
    assert str(problem.location).startswith("envctl.toml:")
    assert problem.location and problem.location.line


def test_image_is_copied_from_origin_and_then_stagewise(own: World) -> None:
    deploy_to_staging(own)
    assert own.registries.held == {PINNED, ECR["dev"], ECR["staging"]}
    copies = [each for each in own.registries.asked if each[0].startswith("copy")]
    assert copies == [
        ("copy from", PINNED, "dev"),
        ("copy to", ECR["dev"], "dev"),
        # Each account with the credentials of its own environment.
        ("copy from", ECR["dev"], "dev"),
        ("copy to", ECR["staging"], "staging"),
    ]
    assert [said for said in own.observer.heard if said.startswith("app: ")][:5] == [
        f"app: copying {PINNED} to 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop",
        "app: 0 of 2 layers, 0.0 of 2.0 MiB",
        "app: 1 of 2 layers, 1.0 of 2.0 MiB",
        "app: 2 of 2 layers, 2.0 of 2.0 MiB",
        "app: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop already has it",
    ]


def test_existing_image_is_not_copied(own: World) -> None:
    assert own.registries.held is not None
    own.registries.held |= set(ECR.values())
    apply(own.ports, "dev")
    assert not any(each[0].startswith("copy") for each in own.registries.asked)


def test_image_lost_by_source_is_copied_from_origin(own: World) -> None:
    apply(own.ports, "dev")
    assert own.registries.held is not None
    own.registries.held.discard(ECR["dev"])
    promote(own.ports, "dev", "staging")
    assert own.registries.asked[-2:] == [("copy from", PINNED, "staging"), ("copy to", ECR["staging"], "staging")]


def test_image_missing_everywhere_is_reported_before_planning(own: World) -> None:
    apply(own.ports, "dev")
    own.registries.held = set()
    own.terraform.calls.clear()
    (problem,) = catch(OperationFailedError, promote, own.ports, "dev", "staging").problems
    assert problem.code == "E435"
    assert all(text in problem.message for text in (ECR["staging"], ECR["dev"], PINNED))
    assert own.terraform.calls == []
    assert journal.load(own.ports).find_environment("staging").last is None


def test_dry_run_names_copies_and_copies_nothing(own: World) -> None:
    apply(own.ports, "dev")
    asked = len(own.registries.asked)
    told = promote(own.ports, "dev", "staging", DeployOptions(dry_run=True)).stages
    assert told[2] == "copy the image of app to the registry of staging, if missing"
    assert len(own.registries.asked) == asked


def test_sandbox_copies_no_images(own: World) -> None:
    own.sandbox = True
    apply(own.ports, "dev")
    assert not any(each[0].startswith("copy") for each in own.registries.asked)


FOUND: dict[str, tuple[set[str], bool, ImagePresence | None]] = {
    "it is there": ({ECR["staging"]}, False, ImagePresence("app", ECR["staging"], "there", will_be_copied=True)),
    "it is not, and comes": (set(), False, ImagePresence("app", ECR["staging"], "absent", will_be_copied=True)),
    "it is not, in the sandbox": (set(), True, ImagePresence("app", ECR["staging"], "absent", is_warning_only=True)),
}


@pytest.mark.parametrize(("held", "sandbox", "found"), FOUND.values(), ids=FOUND.keys())
def test_image_check_reports_presence(own: World, held: set[str], sandbox: bool, found: ImagePresence | None) -> None:
    apply(own.ports, "dev")
    own.registries.held, own.sandbox = held, sandbox
    own.registries.asked.clear()
    assert find_images(Context(own.ports, project_file.load_project(own.ports)), "staging", release_in(own, "dev")) == (
        found,
    )
    assert own.registries.asked == [("find", ECR["staging"], "staging")]


def test_unreachable_registry_is_unknown_with_its_reason(world: World) -> None:
    apply(world.ports, "dev")
    world.registries.unreachable.add("registry.example.com")
    (found,) = find_images(
        Context(world.ports, project_file.load_project(world.ports)), "staging", release_in(world, "dev")
    )
    assert (found.found, found.will_be_copied, found.is_warning_only) == ("unknown", False, False)
    assert found.why and found.why.code == "E433"


def test_sandbox_checks_only_ecr(world: World) -> None:
    apply(world.ports, "dev")
    world.sandbox = True
    world.registries.asked.clear()
    assert (
        find_images(Context(world.ports, project_file.load_project(world.ports)), "staging", release_in(world, "dev"))
        == ()
    )
    assert world.registries.asked == []


@pytest.mark.parametrize("image", [TAGGED, "Not An Image"])
def test_unpinned_image_of_old_release_is_not_copied(own: World, image: str) -> None:
    apply(own.ports, "dev")
    made = release_in(own, "dev")
    loose = replace(made, wiring=replace(made.wiring, artifacts={"image": image}))
    project = project_file.load_project(own.ports)
    own.registries.asked.clear()
    (found,) = find_images(Context(own.ports, project), "staging", loose)
    assert (found.found, found.will_be_copied) == ("unpinned", False)
    copy_images(Context(own.ports, project), "dev", "staging", loose)
    assert own.registries.asked == []


def test_missing_image_is_refused_before_planning(world: World) -> None:
    apply(world.ports, "dev")
    world.registries.held = set()
    world.terraform.calls.clear()
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert [(problem.code, PINNED in problem.message) for problem in refused.problems] == [("G201", True)]
    assert world.terraform.calls == []
    assert journal.load(world.ports).find_environment("staging").last is None


def test_destroy_checks_no_images(world: World) -> None:
    apply(world.ports, "dev")
    world.registries.asked.clear()
    destroy(world.ports, "dev")
    assert world.registries.asked == []


def test_no_registry_is_queried_in_wrong_account(own: World) -> None:
    apply(own.ports, "dev")
    own.access.remembered.clear()
    own.access.accounts["staging"] = ACCOUNTS["prod"]
    own.registries.asked.clear()
    with pytest.raises(RefusedError, match="G203"):
        promote(own.ports, "dev", "staging")
    assert own.registries.asked == []


def test_tag_is_not_resolved_in_wrong_account(own: World) -> None:
    says(own, "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4")
    own.access.accounts["dev"] = ACCOUNTS["prod"]
    with pytest.raises(RefusedError, match="G203"):
        apply(own.ports, "dev")
    assert own.registries.asked == []


def outcome(told: Why) -> str:
    (found,) = (each.outcome for each in told.answers if each.code == "G201")
    return found


def test_why_checks_images_only_with_a_plan(world: World) -> None:
    apply(world.ports, "dev")
    world.registries.held = set()
    world.registries.asked.clear()
    assert outcome(explain_refusal(world.ports, "staging")) == "unplanned"
    assert world.registries.asked == []
    assert outcome(explain_refusal(world.ports, "staging", planned=True)) == "refuses"
    world.registries.held = {PINNED}
    assert outcome(explain_refusal(world.ports, "staging", planned=True)) == "passes"


def test_release_without_images_passes_without_registry(world: World) -> None:
    text = PROJECT.replace(b'kind = "oci"', b'kind = "string"')
    world.tree.content["envctl.toml"] = text
    apply(world.ports, "dev")
    assert outcome(explain_refusal(world.ports, "staging")) == "passes"
    assert world.registries.asked == []
