"""Earlier ledgers hold the plain digest of sensitive settings: it counts until a setting changes, and is never new."""

import hashlib
from pathlib import Path

import pytest

from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import ApprovalGiven, DeploymentStarted
from envctl.domain.settings.settings import EnvironmentSettings, format_canonical_json
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.settings import resolve_settings
from envctl.usecases.inspect.status import EnvironmentStatus, load_status
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.project_files import WEB
from tests.fakes.world import World, list_entries
from tests.secret_search import find_secret
from tests.usecases.steps import acting_as, deploy_edited, edit_project, failing_at, killed_at

PINS = {"dev": "4711", "staging": "4712", "prod": "4713"}


def format_plain(settings: EnvironmentSettings) -> str:
    """Return the digest of earlier versions. No setting of these projects is carried by the release but the image."""
    own = {stack: {k: v for k, v in given.items() if k != "image"} for stack, given in settings.arguments.items()}
    text = format_canonical_json({"environment": settings.environment, "arguments": own})
    return hashlib.sha256(text.encode()).hexdigest()


def plain_digest(world: World, environment: str) -> str:
    return format_plain(resolve_settings(world.ports, environment))


def set_pin(world: World, environment: str, pin: str) -> None:
    path = f"environments/{environment}/terraform.tfvars"
    lines = [line for line in world.tree.content[path].decode().splitlines() if not line.startswith("pin")]
    world.edit(path, "\n".join([*lines, f'pin = "{pin}"', ""]))


def make_world() -> World:
    world = World()
    world.identity.name = "ann@example.com"
    edit_project(world, ("approvals = { peer = 1, business = 2 }", "approvals = { peer = 1 }"))
    world.edit("modules/web/main.tf", WEB.decode() + 'variable "pin" {\n  type = string\n  sensitive = true\n}\n')
    for environment, pin in PINS.items():
        set_pin(world, environment, pin)
    return world


def approve(world: World) -> None:
    with acting_as(world, "bob@example.com"):
        approve_plan(world.ports, "prod", "peer", unseen=("web",))


def deploy_and_approve(world: World) -> str:
    apply(world.ports, "dev")
    release = promote(world.ports, "dev", "staging").release
    approve(world)
    return release


def look_at(world: World, environment: str) -> EnvironmentStatus:
    (found,) = load_status(world.ports, [environment]).environments
    return found


def list_started(world: World) -> list[tuple[str, str]]:
    events = [each.event for each in list_entries(world)]
    return [(each.environment, each.settings) for each in events if isinstance(each, DeploymentStarted)]


@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let envctl record as before, until `undo`."""
    monkeypatch.setattr(EnvironmentSettings, "digest", lambda self, _: format_plain(self))
    return monkeypatch


def test_unchanged_settings_of_earlier_ledger_read_as_unchanged(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    deploy_and_approve(world)
    earlier.undo()
    plain = {name: plain_digest(world, name) for name in PINS}
    assert list_started(world) == [("dev", plain["dev"]), ("staging", plain["staging"])]
    for name in ("dev", "staging"):
        assert not look_at(world, name).has_changed
        assert not explain_plan(world.ports, name).settings
        assert release_store.load_settings(world.ports, name, plain[name])
    found = diff_environments(world.ports, "dev", "staging")
    assert not found.first.pending and not found.second.pending
    assert [each.settings for each in check_drift(world.ports).environments[:2]] == [plain["dev"], plain["staging"]]
    apply(world.ports, "dev")
    assert len(list_started(world)) == 2


def test_approval_of_earlier_version_still_counts(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    release = deploy_and_approve(world)
    earlier.undo()
    assert look_at(world, "prod").gates == {"peer": (1, 1)}
    assert promote(world.ports, "staging", "prod").release == release
    assert list_started(world)[-1] == ("prod", plain_digest(world, "prod"))


def test_changed_setting_ends_an_earlier_approval(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    deploy_and_approve(world)
    earlier.undo()
    set_pin(world, "prod", "9999")
    refused = catch(RefusedError, promote, world.ports, "staging", "prod")
    assert "the settings of prod have changed since it was approved" in refused.problems[0].message


def test_changed_setting_is_recorded_in_the_new_form(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    deploy_and_approve(world)
    earlier.undo()
    set_pin(world, "dev", "9999")
    assert look_at(world, "dev").has_changed
    apply(world.ports, "dev")
    environment, digest = list_started(world)[-1]
    assert environment == "dev" and digest != plain_digest(world, "dev")
    assert digest == resolve_settings(world.ports, "dev").digest(())
    assert not look_at(world, "dev").has_changed
    assert release_store.load_settings(world.ports, "dev", digest)


def test_rollback_to_earlier_settings_needs_no_approval(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    first = deploy_and_approve(world)
    promote(world.ports, "staging", "prod")
    earlier.undo()
    set_pin(world, "prod", "9999")
    deploy_edited(world, 2)
    promote(world.ports, "dev", "staging")
    approve(world)
    promote(world.ports, "staging", "prod")
    set_pin(world, "prod", PINS["prod"])
    assert rollback(world.ports, "prod").release == first
    assert list_started(world)[-1] == ("prod", plain_digest(world, "prod"))


def test_known_settings_include_those_of_earlier_releases(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    first = apply(world.ports, "dev").release
    earlier.undo()
    set_pin(world, "dev", "9999")
    deploy_edited(world, 2)
    set_pin(world, "dev", PINS["dev"])
    assert rollback(world.ports, "dev").release == first
    assert list_started(world)[-1] == ("dev", plain_digest(world, "dev"))


def test_failed_change_of_settings_can_be_taken_back(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    apply(world.ports, "dev")
    earlier.undo()
    path = "environments/dev/terraform.tfvars"
    before = world.tree.content[path].decode()
    world.edit(path, before.replace("10.10.0.0", "10.11.0.0").replace(PINS["dev"], "9999"))
    with failing_at(world, "dev", "network"):
        apply(world.ports, "dev")
    world.edit(path, before)
    assert not look_at(world, "dev").has_changed
    apply(world.ports, "dev")
    assert list_started(world)[-1] == ("dev", plain_digest(world, "dev"))


def test_interrupted_deployment_of_earlier_version_is_continued(earlier: pytest.MonkeyPatch) -> None:
    world = make_world()
    with killed_at(world, "dev", "web"):
        apply(world.ports, "dev")
    earlier.undo()
    recover(world.ports, "dev")
    apply(world.ports, "dev")
    assert list_started(world) == [("dev", plain_digest(world, "dev"))] * 2


def test_nothing_stored_holds_a_plain_digest(tmp_path: Path) -> None:
    world = make_world()
    deploy_and_approve(world)
    assert explain_refusal(world.ports, "prod", planned=True).reading
    promote(world.ports, "staging", "prod")
    check_drift(world.ports)
    for key, data in world.store.content.items():
        file = tmp_path / "store" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    kinds = {path.name for path in (tmp_path / "store").iterdir()}
    assert kinds >= {"ledger", "plans", "places", "readings", "releases", "rules", "settings"}
    recorded = {each.event.settings for each in list_entries(world) if isinstance(each.event, ApprovalGiven)}
    for name, pin in PINS.items():
        settings = resolve_settings(world.ports, name)
        recorded.add(settings.digest(()))
        for text in (plain_digest(world, name), hashlib.sha256(pin.encode()).hexdigest(), f'"{pin}"'):
            assert not find_secret(text, tmp_path)
        assert find_secret(settings.digest(()), tmp_path)
    assert recorded == {digest for _, digest in list_started(world)}
