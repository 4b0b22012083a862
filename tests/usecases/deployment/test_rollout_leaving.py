"""A stack with a rollout leaves the project file, or gets another name: its requests stay where they are."""

import json

import pytest

from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError
from envctl.domain.rollout.traffic import Live, Shift, Traffic
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.rollout_world import ALARM, NEW_IMAGE, NEWEST_IMAGE, OLD_IMAGE, RolloutWorld
from tests.fakes.terraform import Killed
from tests.fakes.world import make_once
from tests.usecases.steps import deploy_to_staging, killed_at

BLUE, GREEN = Traffic(Live("blue", OLD_IMAGE)), Traffic(Live("green", NEW_IMAGE))


@pytest.fixture
@make_once
def world() -> RolloutWorld:
    """Dev and staging run the old image, and dev has gone over to the new one."""
    found = RolloutWorld()
    found.deploy_image(OLD_IMAGE)
    promote(found.ports, "dev", "staging")
    found.deploy_image(NEW_IMAGE)
    return found


def leaves(world: RolloutWorld) -> None:
    """The project file names the stack web no longer; its settings are still there."""
    text = world.tree.content["envctl.toml"].decode()
    stack, artifacts = text.index("[stacks.web]"), text.index("[artifacts]")
    rollout, checks = text.index("[stacks.web.rollout]"), text.index("[checks.http]")
    world.edit("envctl.toml", text[:stack] + text[artifacts:rollout] + text[checks:])


def leaves_with_its_settings(world: RolloutWorld) -> None:
    leaves(world)
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text[: text.index("[artifacts]")] + text[text.index("[checks.http]") :])
    world.edit("environments/common.tfvars", "")
    world.edit("environments/dev/terraform.tfvars", 'cidr = "10.10.0.0/16"\n')


def renames(world: RolloutWorld) -> None:
    text = world.tree.content["envctl.toml"].decode()
    text = text.replace("[stacks.web]\n", '[stacks.front]\nmoved_from = "web"\n').replace(
        "[stacks.web.", "[stacks.front."
    )
    world.edit("envctl.toml", text)


def laid(world: RolloutWorld, stack: str, environment: str = "dev") -> tuple[object, ...]:
    """What the root module says of its colours."""
    module = json.loads(world.workspace.stacks[environment, stack])["module"][stack]
    return tuple(module.get(name) for name in ("color", "traffic_percent", "image", "stable_image"))


def kill_while_shared(world: RolloutWorld) -> None:
    def kill(_: float) -> None:
        raise Killed

    world.terraform.on_pause = kill
    with pytest.raises(Killed):
        promote(world.ports, "dev", "staging")
    world.terraform.on_pause = lambda _: None
    world.workspace.held.clear()


class TestLeft:
    def test_removed_rollout_stack_keeps_its_color_until_destroyed(self, world: RolloutWorld) -> None:
        promote(world.ports, "dev", "staging")
        leaves(world)
        assert not plan_environment(world.ports, "staging")[0].changes
        assert laid(world, "web", "staging") == ("green", 100, NEW_IMAGE, None)
        (there,) = check_drift(world.ports, ["staging"]).environments
        assert (there.condition, there.pending) == ("clean", False)
        destroy(world.ports, "staging")
        assert world.load_traffic("staging") is None

    def test_destroyed_rollout_stack_has_no_known_traffic(self, world: RolloutWorld) -> None:
        leaves_with_its_settings(world)
        assert laid(world, "web") == ("green", 100, NEW_IMAGE, None)
        apply(world.ports, "dev")
        assert world.load_traffic() is None
        promote(world.ports, "dev", "staging")
        assert world.load_traffic("staging") is None

    def test_older_release_without_rollout_shifts_at_once(self, world: RolloutWorld) -> None:
        leaves(world)
        promote(world.ports, "dev", "staging")
        assert world.list_sent_traffic("staging")[-2:] == [
            ("green", 100, NEW_IMAGE, OLD_IMAGE),
            ("green", 100, NEW_IMAGE, ""),
        ]
        assert world.load_traffic("staging") == GREEN
        assert any("no longer has [stacks.web]" in said for said in world.observer.heard)

    def test_rollback_of_removed_rollout_restores_other_color(self, world: RolloutWorld) -> None:
        promote(world.ports, "dev", "staging")
        leaves(world)
        rollback(world.ports, "staging")
        assert world.list_sent_traffic("staging")[-2:] == [
            ("blue", 100, OLD_IMAGE, NEW_IMAGE),
            ("blue", 100, OLD_IMAGE, ""),
        ]
        assert world.load_traffic("staging") == BLUE

    def test_recover_restores_shared_traffic_of_removed_stack(self, world: RolloutWorld) -> None:
        kill_while_shared(world)
        leaves(world)
        assert [each.stack for each in recover(world.ports, "staging").back] == ["web"]
        assert world.list_sent_traffic("staging")[-1] == ("blue", 100, OLD_IMAGE, "")
        assert world.load_traffic("staging") == BLUE

    def test_ambiguous_artifact_of_removed_rollout_is_refused(self, world: RolloutWorld) -> None:
        text = world.tree.content["envctl.toml"].decode()
        text = text.replace("[stacks.web.rollout]\n", '[stacks.web.rollout]\nartifact = "app"\n')
        text = text.replace("[artifacts]\n", '[artifacts]\nside = { variable = "side", kind = "string" }\n')
        world.edit("envctl.toml", text)
        module = world.tree.content["modules/web/main.tf"].decode()
        world.edit("modules/web/main.tf", module + 'variable "side" { type = string }\n')
        world.edit(
            "environments/dev/terraform.tfvars",
            world.tree.content["environments/dev/terraform.tfvars"].decode() + 'side = "one"\n',
        )
        apply(world.ports, "dev")
        leaves(world)
        refused = catch(RefusedError, destroy, world.ports, "dev")
        assert [problem.code for each in refused.refusals for problem in each.because] == ["E385"]

    def test_shared_traffic_of_removed_stack_ends_with_deployment(self, world: RolloutWorld) -> None:
        def stay(_: float) -> None:
            world.alarms.states[ALARM.format("dev")] = "ALARM"
            world.colours.fails_on_rest = True

        world.terraform.on_pause = stay
        world.set_image(NEWEST_IMAGE)
        with pytest.raises(EnvctlError):
            apply(world.ports, "dev")
        world.terraform.on_pause, world.colours.fails_on_rest = lambda _: None, False
        leaves_with_its_settings(world)
        with killed_at(world, "dev", "web"):
            apply(world.ports, "dev")
        world.workspace.held.clear()
        (problem,) = catch(EnvctlError, recover, world.ports, "dev").problems
        assert (problem.code, problem.hint) == ("E336", "web leaves dev; its requests end with it: envctl apply dev")
        apply(world.ports, "dev")
        assert world.load_traffic() is None
        assert not load_status(world.ports).environments[0].present.open_shifts


class TestRenamed:
    def test_renamed_stack_keeps_its_color(self, world: RolloutWorld) -> None:
        renames(world)
        plan_environment(world.ports, "dev")
        assert laid(world, "front") == ("green", 100, NEW_IMAGE, None)
        apply(world.ports, "dev")
        there = load_status(world.ports).environments[0].present
        assert there.traffic == {"front": GREEN}
        assert apply(world.ports, "dev").up_to_date

    def test_new_image_of_renamed_stack_takes_steps(self, world: RolloutWorld) -> None:
        renames(world)
        world.set_image(NEWEST_IMAGE)
        (rolled_out,) = apply(world.ports, "dev").rollouts
        assert [share.percent for share in rolled_out.shares] == [10, 50, 100]
        assert load_status(world.ports).environments[0].present.traffic == {
            "front": Traffic(Live("blue", NEWEST_IMAGE))
        }

    def test_killed_rollout_of_renamed_stack_is_restored(self, world: RolloutWorld) -> None:
        renames(world)

        def kill(_: float) -> None:
            raise Killed

        world.terraform.on_pause = kill
        world.set_image(NEWEST_IMAGE)
        with pytest.raises(Killed):
            apply(world.ports, "dev")
        world.terraform.on_pause = lambda _: None
        world.workspace.held.clear()
        (traffic,) = load_status(world.ports).environments[0].present.traffic.items()
        assert traffic[0] == "front"
        assert isinstance(traffic[1].shift, Shift)
        assert [each.stack for each in recover(world.ports, "dev").back] == ["front"]
        assert load_status(world.ports).environments[0].present.traffic == {"front": GREEN}
        assert "moved" in json.loads(world.workspace.stacks["dev", "front"])

    def test_rollback_restores_name_and_traffic(self, world: RolloutWorld) -> None:
        renames(world)
        promote(world.ports, "dev", "staging")
        deploy_to_staging(world)
        assert load_status(world.ports).environments[1].present.traffic == {"front": GREEN}
        rollback(world.ports, "staging")
        assert load_status(world.ports).environments[1].present.traffic == {"web": GREEN}
