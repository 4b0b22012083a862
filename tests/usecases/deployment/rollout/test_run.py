"""A new image goes over in steps, and goes back where anything says no. The Terraform here notes each share."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.ledger.events import VerificationFailed
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted
from envctl.domain.rollout.traffic import Live, Shift, Traffic
from envctl.domain.terraform.outputs import Output
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ports.terraform import PreparedEnvironment
from tests.catching import catch
from tests.fakes.rollout_world import ALARM, NEW_IMAGE, NEWEST_IMAGE, OLD_IMAGE, ROLLOUT, RolloutWorld
from tests.fakes.store import MemoryStore
from tests.fakes.terminal import RecordingObserver
from tests.fakes.terraform import Killed, MemoryWorkspace
from tests.fakes.world import list_entries, make_once
from tests.usecases.steps import edit_project, killed_at

READ_BY_ALARMS = (
    'output "group" { value = var.color }\n',
    'variable "group" { type = string }\n',
    '\n[stacks.alarms]\nmodule = "modules/alarms"\ninputs = { group = "web.group" }\n',
)
AT_REST = ("blue", 100, OLD_IMAGE, "")
STEPS = [*(("green", percent, NEW_IMAGE, OLD_IMAGE) for percent in (10, 50, 100)), ("green", 100, NEW_IMAGE, "")]
BLUE, GREEN = Traffic(Live("blue", OLD_IMAGE)), Traffic(Live("green", NEW_IMAGE))


@pytest.fixture
@make_once
def world() -> RolloutWorld:
    """Dev runs the old image, and nobody else runs anything."""
    found = RolloutWorld()
    found.deploy_image(OLD_IMAGE)
    return found


@pytest.fixture
def begun(world: RolloutWorld) -> RolloutWorld:
    """Staging runs the old image, and dev has gone over to the new one."""
    promote(world.ports, "dev", "staging")
    world.deploy_image(NEW_IMAGE)
    world.observer.heard.clear()
    return world


def kinds(world: RolloutWorld) -> list[str]:
    return [entry.event.kind for entry in list_entries(world)]


def failing(world: RolloutWorld, code: str) -> EnvctlError:
    failed = catch(EnvctlError, promote, world.ports, "dev", "staging")
    assert code in [problem.code for problem in failed.problems]
    return failed


def stuck(world: RolloutWorld) -> EnvctlError:
    """An alarm rings at the first share, and going back fails, too."""

    def break_all(_: float) -> None:
        world.alarms.states[ALARM.format("staging")] = "ALARM"
        world.colours.fails_on_rest = True

    world.terraform.on_pause = break_all
    error = failing(world, "E336")
    world.colours.fails_on_rest = False
    world.terraform.on_pause = lambda _: None
    world.alarms.states[ALARM.format("staging")] = "OK"
    return error


class TestGoingOver:
    def test_new_image_gets_traffic_in_steps(self, world: RolloutWorld) -> None:
        assert (world.list_sent_traffic(), world.load_traffic()) == ([AT_REST], BLUE)
        world.deploy_image(NEW_IMAGE)
        assert (world.list_sent_traffic(), world.load_traffic()) == ([AT_REST, *STEPS], GREEN)
        world.deploy_image(NEWEST_IMAGE)
        assert world.list_sent_traffic()[-1] == ("blue", 100, NEWEST_IMAGE, "")
        assert ("blue", 10, NEWEST_IMAGE, NEW_IMAGE) in world.list_sent_traffic()

    def test_promotion_shifts_traffic_like_the_entry(self, begun: RolloutWorld) -> None:
        done = promote(begun.ports, "dev", "staging")
        assert begun.list_sent_traffic("staging") == [AT_REST, *STEPS]
        (rolled,) = done.rollouts
        assert (rolled.stack, rolled.before, rolled.color) == ("web", "blue", "green")
        assert [share.percent for share in rolled.shares] == [10, 50, 100]

    def test_shown_plan_is_the_final_state_of_rollout(self, begun: RolloutWorld) -> None:
        main: list[str] = []

        class Looking(type(begun.prompter)):  # type: ignore[misc]
            def confirm_plan(self, plan: object, reading: object, *, again: bool) -> str:
                main.append(begun.workspace.stacks["staging", "web"].decode())
                return "yes"

        begun.prompter = Looking()
        promote(begun.ports, "dev", "staging")
        (shown,) = main
        module = json.loads(shown)["module"]["web"]
        assert (module["color"], module["traffic_percent"], module["stable_image"]) == ("green", 100, None)

    def test_each_traffic_step_is_recorded_before_the_next(self, begun: RolloutWorld) -> None:
        promote(begun.ports, "dev", "staging")
        told = [e.event for e in list_entries(begun) if isinstance(e.event, RolloutStarted | TrafficShifted)]
        told = [each for each in told if each.environment == "staging"][-5:]
        assert isinstance(told[0], RolloutStarted)
        assert [each.percent for each in told if isinstance(each, TrafficShifted)] == [10, 50, 100, 100]
        assert kinds(begun)[-3:] == ["traffic shifted", "deployment succeeded", "verification passed"]

    def test_each_traffic_step_is_reported_with_watch_targets(self, begun: RolloutWorld) -> None:
        promote(begun.ports, "dev", "staging")
        told = "web: 10 % to green, 90 % stay with blue; watching for 5m: check http, alarm shop-staging-5xx"
        assert told in begun.observer.heard

    def test_settings_change_has_no_traffic_steps(self, world: RolloutWorld) -> None:
        world.edit("environments/common.tfvars", "size = 2\n")
        apply(world.ports, "dev")
        assert world.list_sent_traffic() == [AT_REST, AT_REST]

    def test_settings_change_is_applied_in_the_first_step(self, world: RolloutWorld) -> None:
        world.edit("environments/common.tfvars", "size = 2\n")
        world.deploy_image(NEW_IMAGE)
        assert world.list_sent_traffic() == [AT_REST, *STEPS]

    def test_rollback_shifts_all_traffic_at_once_without_watching(self, begun: RolloutWorld) -> None:
        promote(begun.ports, "dev", "staging")
        begun.alarms.states[ALARM.format("staging")] = "ALARM"
        rollback(begun.ports, "staging")
        assert begun.list_sent_traffic("staging")[-2:] == [("blue", 100, OLD_IMAGE, NEW_IMAGE), AT_REST]
        assert begun.load_traffic("staging") == BLUE

    def test_selected_stack_is_rolled_out_alone(self, begun: RolloutWorld) -> None:
        promote(begun.ports, "dev", "staging", DeployOptions(selection=StackSelection(("web",))))
        assert begun.list_sent_traffic("staging")[-4:] == STEPS

    def test_dependent_stack_is_applied_after_the_rollout(self) -> None:
        world = RolloutWorld()
        world.edit("modules/web/main.tf", world.tree.content["modules/web/main.tf"].decode() + READ_BY_ALARMS[0])
        world.edit("modules/alarms/main.tf", READ_BY_ALARMS[1])
        world.edit("envctl.toml", world.tree.content["envctl.toml"].decode() + READ_BY_ALARMS[2])
        world.terraform.hashes_upstream = True
        world.deploy_image(OLD_IMAGE)
        world.terraform.calls.clear()
        world.deploy_image(NEW_IMAGE)
        applied = [stack for what, _, stack in world.terraform.calls if what == "apply"]
        assert applied == ["web", "web", "web", "web", "alarms"]
        # It is planned once more when what it reads is there.
        assert world.terraform.calls.index(("apply", "dev", "alarms")) > len(applied)

    def test_recreated_stack_begins_with_the_first_color(self, world: RolloutWorld) -> None:
        world.deploy_image(NEW_IMAGE)
        destroy(world.ports, "dev")
        assert world.load_traffic() is None
        apply(world.ports, "dev")
        assert world.list_sent_traffic()[-1] == ("blue", 100, NEW_IMAGE, "")

    def test_dry_run_names_the_traffic_steps(self, begun: RolloutWorld) -> None:
        stages = promote(begun.ports, "dev", "staging", DeployOptions(dry_run=True)).stages
        (told,) = [stage for stage in stages if "other color" in stage]
        assert "10 %, 50 % and 100 %" in told
        assert "each time wait for 5m" in told


class TestAfterwards:
    def test_nothing_is_left_to_do_after_rollout(self, world: RolloutWorld) -> None:
        world.deploy_image(NEW_IMAGE)
        assert not plan_environment(world.ports, "dev")[0].changes
        (there,) = check_drift(world.ports, ["dev"]).environments
        assert (there.condition, there.pending) == ("clean", False)
        assert apply(world.ports, "dev").up_to_date
        assert render_environment(world.ports, "dev") == render_environment(world.ports, "dev")
        assert '"color": "green"' in render_environment(world.ports, "dev").files["dev/web/main.tf.json"]

    def test_preparation_for_another_live_color_is_renewed(self, world: RolloutWorld) -> None:
        class Remembering(MemoryWorkspace):
            """Whatever was prepared last, of files that nobody has changed."""

            kept: PreparedEnvironment | None = None

            def has_prepared(self, environment: str) -> bool:
                return self.kept is not None

            def load_prepared(self, environment: str) -> PreparedEnvironment | None:
                return self.kept

            def save_prepared(self, prepared: PreparedEnvironment, inputs: Sequence[str], mark: str) -> None:
                self.kept = prepared

        remembering = Remembering(world.workspace.code, world.workspace.names, world.workspace.stacks)
        world.workspace = world.colours.workspace = remembering
        world.set_image(NEW_IMAGE)
        plan_environment(world.ports, "dev")
        assert remembering.kept is not None
        before = remembering.kept
        assert before.traffic == {"web": f"blue {OLD_IMAGE}"}
        apply(world.ports, "dev")
        remembering.kept = before
        assert not plan_environment(world.ports, "dev")[0].changes
        assert remembering.kept.traffic == {"web": f"green {NEW_IMAGE}"}

    def test_plan_of_new_image_shows_the_final_state(self, world: RolloutWorld) -> None:
        world.set_image(NEW_IMAGE)
        assert plan_environment(world.ports, "dev")[0].changes
        assert world.colours.read_module_traffic("dev") == STEPS[-1]

    def test_late_rollout_is_known_after_the_next_apply(self) -> None:
        world = RolloutWorld()
        with_it = world.tree.content["envctl.toml"].decode()
        world.edit("envctl.toml", with_it.replace(ROLLOUT, ""))
        world.deploy_image(OLD_IMAGE)
        assert world.load_traffic() is None
        world.edit("envctl.toml", with_it)
        assert not apply(world.ports, "dev").up_to_date
        assert world.load_traffic() == BLUE
        world.deploy_image(NEW_IMAGE)
        assert world.list_sent_traffic()[-4:] == STEPS

    def test_unknown_color_is_deployed_without_steps(self) -> None:
        world = RolloutWorld()
        with_it = world.tree.content["envctl.toml"].decode()
        world.edit("envctl.toml", with_it.replace(ROLLOUT, ""))
        world.deploy_image(OLD_IMAGE)
        world.edit("envctl.toml", with_it)
        world.deploy_image(NEW_IMAGE)
        assert any("without traffic steps" in told for told in world.observer.heard)
        assert world.list_sent_traffic()[-1] == ("blue", 100, NEW_IMAGE, "")


class TestGoingBack:
    @pytest.mark.parametrize("at", [0, 1, 2], ids=["at 10 %", "at 50 %", "at 100 %"])
    def test_ringing_alarm_stops_rollout(self, begun: RolloutWorld, at: int) -> None:
        def ring(_: float) -> None:
            if len(begun.list_sent_traffic("staging")) == 2 + at:
                begun.alarms.states[ALARM.format("staging")] = "ALARM"

        begun.terraform.on_pause = ring
        error = failing(begun, "E333")
        assert begun.list_sent_traffic("staging") == [AT_REST, *STEPS[: at + 1], AT_REST]
        assert begun.load_traffic("staging") == BLUE
        first = error.problems[0]
        assert f"stopped at {[10, 50, 100][at]} %: alarm shop-staging-5xx is in ALARM state (as told)" in first.message
        assert "all requests go to blue again" in first.message
        assert first.hint == "fix the cause, then: envctl promote dev staging"

    def test_stopped_rollout_records_failed_verification_and_deployment(self, begun: RolloutWorld) -> None:
        begun.check_runner.problems["http"] = "answered 503"
        assert "check http failed: answered 503" in failing(begun, "E333").problems[0].message
        assert begun.list_sent_traffic("staging") == [AT_REST, STEPS[0], AT_REST]
        assert kinds(begun)[-3:] == ["traffic shifted", "verification failed", "deployment failed"]
        unverified = list_entries(begun)[-2].event
        assert isinstance(unverified, VerificationFailed)
        assert (unverified.checks, unverified.reason) == (("http",), "E333 at check http")
        assert not any(b"answered 503" in data for data in begun.store.content.values())

    def test_ringing_alarm_stops_rollout_before_any_change(self, begun: RolloutWorld) -> None:
        begun.alarms.states[ALARM.format("staging")] = "ALARM"
        error = failing(begun, "E333")
        assert "web of staging is unchanged" in error.problems[0].message
        assert begun.list_sent_traffic("staging") == [AT_REST]
        assert not any(b"as told" in data for data in begun.store.content.values())

    @pytest.mark.parametrize(
        ("fails", "says"),
        [
            (None, "alarm shop-staging-5xx not found in staging"),
            (OperationFailedError(Problem("E334", "a permission is missing", "allow it")), "a permission is missing"),
        ],
        ids=["one that there is not", "one that can't be asked"],
    )
    def test_missing_alarm_stops_rollout(self, begun: RolloutWorld, fails: EnvctlError | None, says: str) -> None:
        begun.alarms.states.clear()
        begun.alarms.fails = fails
        error = failing(begun, "E334")
        assert says in error.problems[0].message
        assert begun.list_sent_traffic("staging") == [AT_REST]

    def test_unreadable_alarm_stops_rollout_midway(self, begun: RolloutWorld) -> None:
        def forbid(_: float) -> None:
            begun.alarms.fails = OperationFailedError(Problem("E334", "a permission is missing", "allow it"))

        begun.terraform.on_pause = forbid
        error = failing(begun, "E334")
        assert "stopped at 10 %" in error.problems[0].message
        assert begun.list_sent_traffic("staging")[-1] == AT_REST

    def test_alarm_without_data_warns_once(self, begun: RolloutWorld) -> None:
        begun.alarms.states[ALARM.format("staging")] = "INSUFFICIENT_DATA"
        promote(begun.ports, "dev", "staging")
        assert begun.list_sent_traffic("staging")[-1] == STEPS[-1]
        told = [each for each in begun.observer.heard if "has no data" in each]
        assert len(told) == 1

    def test_failing_step_stops_rollout(self, begun: RolloutWorld) -> None:
        begun.colours.fails_at = {50}
        error = failing(begun, "E333")
        assert error.problems[0].message == "web said no"
        assert "stopped at 10 %: a step failed; all requests go to blue again" in error.problems[1].message
        assert begun.list_sent_traffic("staging") == [AT_REST, STEPS[0], AT_REST]
        assert "verification failed" not in kinds(begun)

    def test_step_beyond_approved_plan_stops_rollout(self, begun: RolloutWorld) -> None:
        from envctl.domain.plan.changes import Action, ResourceChange

        def meddle(_: float) -> None:
            more = ResourceChange(address="aws_db_instance.this", type="aws_db_instance", action=Action.UPDATE)
            begun.terraform.extra_changes["staging", "web"] = (more,)

        begun.terraform.on_pause = meddle
        error = failing(begun, "E335")
        assert "update aws_db_instance.this" in error.problems[0].message
        assert begun.list_sent_traffic("staging") == [AT_REST, STEPS[0], AT_REST]

    def test_interruption_while_watching_stops_rollout(self, begun: RolloutWorld) -> None:
        def interrupt(_: float) -> None:
            raise InterruptedByUserError(Problem("E311", "interrupted: envctl stopped waiting"))

        begun.terraform.on_pause = interrupt
        error = failing(begun, "E311")
        assert error.exit_code == 130
        assert "stopped at 10 %: all requests go to blue again" in error.problems[-1].message
        assert begun.list_sent_traffic("staging") == [AT_REST, STEPS[0], AT_REST]
        assert kinds(begun)[-1] == "deployment failed"

    def test_stopped_rollout_leaves_previous_release_and_can_restart(self, begun: RolloutWorld) -> None:
        begun.colours.fails_at = {50}
        failing(begun, "E333")
        here = load_status(begun.ports).environments[1].present
        assert here.last and here.current
        assert (here.last.outcome, here.current.outcome, here.whole) == ("failed", "succeeded", False)
        assert here.current.release != here.last.release
        assert not here.evidence.get(here.last.release)
        assert not plan_environment(begun.ports, "staging")[0].changes
        assert "G102" in {refusal.code for refusal in explain_refusal(begun.ports, "prod").refusals}
        begun.colours.fails_at = set()
        promote(begun.ports, "dev", "staging")
        assert begun.list_sent_traffic("staging")[-4:] == STEPS

    def test_rollback_after_stopped_rollout_needs_no_step(self, begun: RolloutWorld) -> None:
        begun.colours.fails_at = {50}
        failing(begun, "E333")
        shares = len(begun.list_sent_traffic("staging"))
        done = rollback(begun.ports, "staging")
        assert done.deployment and done.deployment.outcome == "succeeded"
        assert set(begun.list_sent_traffic("staging")[shares:]) <= {AT_REST}
        assert begun.load_traffic("staging") == BLUE

    def test_unremovable_old_color_is_left_to_next_deployment(self, begun: RolloutWorld) -> None:
        """The new one has all requests and was watched: going back would be the greater risk."""

        def break_at_the_end(_: float) -> None:
            if len(begun.list_sent_traffic("staging")) == 4:
                begun.colours.fails_on_rest = True

        begun.terraform.on_pause = break_at_the_end
        with pytest.raises(OperationFailedError):
            promote(begun.ports, "dev", "staging")
        assert (begun.list_sent_traffic("staging")[-1], begun.load_traffic("staging")) == (STEPS[2], GREEN)
        begun.colours.fails_on_rest = False
        promote(begun.ports, "dev", "staging")
        assert begun.list_sent_traffic("staging")[-1] == STEPS[-1]


NAMED: dict[str, tuple[object, str]] = {
    "a name": ("shop-5xx", "OK"),
    "an ARN": ("arn:aws:cloudwatch:ap-northeast-1:222222222222:alarm:shop-5xx", "OK"),
    "a list of names": (["shop-5xx", "shop-slow"], "OK"),
    "nothing": (None, "network.subnet is null"),
    "a number": (5, "is neither a name nor a list of names"),
    "an empty list": ([], "is neither a name nor a list of names"),
}


class TestWhatIsLookedAt:
    @pytest.mark.parametrize(("value", "says"), NAMED.values(), ids=NAMED)
    def test_alarm_names_from_outputs_must_be_valid(self, begun: RolloutWorld, value: object, says: str) -> None:
        edit_project(begun, ("alarm:shop-{environment}-5xx", "alarm:output:network.subnet"))
        begun.terraform.output_values["staging", "network"] = {"subnet": Output(value)}
        begun.alarms.states = {"shop-5xx": "OK", "shop-slow": "OK"}
        if says == "OK":
            promote(begun.ports, "dev", "staging")
            assert set(begun.alarms.asked[-1][2]) <= {"shop-5xx", "shop-slow"}
            assert begun.load_traffic("staging") == GREEN
            return
        error = failing(begun, "E334")
        assert says in error.problems[0].message
        assert begun.list_sent_traffic("staging") == [AT_REST]

    def test_check_of_other_environments_is_skipped_and_reported(self, begun: RolloutWorld) -> None:
        begun.edit("envctl.toml", begun.tree.content["envctl.toml"].decode() + 'environments = ["prod"]\n')
        begun.check_runner.problems["http"] = "answered 503"
        promote(begun.ports, "dev", "staging")
        assert any("check http does not run in staging" in told for told in begun.observer.heard)

    def test_rollout_watches_for_the_configured_time(self, begun: RolloutWorld) -> None:
        begun.terraform.on_pause = lambda _: None
        begun.alarms.asked.clear()
        began = begun.clock.time
        promote(begun.ports, "dev", "staging")
        # The clock of these tests goes on by a second whenever it is asked.
        assert (begun.clock.time - began).total_seconds() >= 3 * 300
        assert len(begun.alarms.asked) > 3 * 100
        assert {asked[0] for asked in begun.alarms.asked} == {"staging"}

    def test_rollout_without_watch_targets_waits(self, begun: RolloutWorld) -> None:
        text = begun.tree.content["envctl.toml"].decode()
        begun.edit("envctl.toml", "\n".join(line for line in text.splitlines() if "abort_on" not in line))
        waited: list[float] = []
        begun.terraform.on_pause = waited.append
        promote(begun.ports, "dev", "staging")
        assert waited == [300, 300, 300]
        assert "web: 10 % to green, 90 % stay with blue; waiting for 5m" in begun.observer.heard


class TestLeftHalfWay:
    def shared(self, percent: int) -> Traffic:
        return Traffic(Live("blue", OLD_IMAGE), Shift(0, "green", NEW_IMAGE, percent))

    def left(self, world: RolloutWorld) -> Traffic | None:
        found = world.load_traffic("staging")
        return replace(found, shift=replace(found.shift, started=0, step=None)) if found and found.shift else found

    def test_failed_traffic_restore_is_reported(self, begun: RolloutWorld) -> None:
        error = stuck(begun)
        first = error.problems[0]
        assert "COULD NOT BE SENT BACK to blue" in first.message
        assert first.hint == "envctl recover staging"
        assert [problem.code for problem in error.problems] == ["E336", "E333", "E305"]
        assert self.left(begun) == self.shared(10)
        assert [each.stack for each in recover(begun.ports, "staging").back] == ["web"]
        assert (begun.list_sent_traffic("staging")[-1], begun.load_traffic("staging")) == (AT_REST, BLUE)

    @pytest.mark.parametrize("percent", [10, 50, 100])
    def test_rollout_killed_between_steps_is_restored_by_recover(self, begun: RolloutWorld, percent: int) -> None:
        def kill(_: float) -> None:
            if begun.list_sent_traffic("staging")[-1][1] == percent:
                raise Killed

        begun.terraform.on_pause = kill
        with pytest.raises(Killed):
            promote(begun.ports, "dev", "staging")
        assert self.left(begun) == self.shared(percent)
        begun.terraform.on_pause = lambda _: None
        begun.workspace.held.clear()
        found = recover(begun.ports, "staging")
        assert [(each.stack, each.color) for each in found.back] == [("web", "blue")]
        assert (begun.list_sent_traffic("staging")[-1], begun.load_traffic("staging")) == (AT_REST, BLUE)
        assert found.deployment and "went back" in found.deployment.reason
        promote(begun.ports, "dev", "staging")
        assert begun.list_sent_traffic("staging")[-4:] == STEPS

    def test_rollout_killed_before_first_step_needs_no_restore(self, begun: RolloutWorld) -> None:
        begun.terraform.dies_on.add(("staging", "web"))
        with pytest.raises(Killed):
            promote(begun.ports, "dev", "staging")
        assert self.left(begun) == self.shared(0)
        begun.terraform.dies_on.clear()
        begun.workspace.held.clear()
        recover(begun.ports, "staging")
        assert (begun.list_sent_traffic("staging"), begun.load_traffic("staging")) == ([AT_REST], BLUE)

    def test_recover_asks_before_it_restores_traffic(self, begun: RolloutWorld) -> None:
        stuck(begun)
        assert failing(begun, "E336").problems[0].hint == "envctl recover staging"
        begun.prompter.answers = [False]
        with pytest.raises(InterruptedByUserError):
            recover(begun.ports, "staging")
        assert self.left(begun) == self.shared(10)

    def test_traffic_restore_is_retried_at_the_end(self, begun: RolloutWorld) -> None:
        tried: list[str] = []

        def break_once(_: float) -> None:
            begun.alarms.states[ALARM.format("staging")] = "ALARM"
            begun.colours.fails_on_rest = True

        class Mending(RecordingObserver):
            def on_message(self, message: str) -> None:
                tried.append(message)
                if "could not be sent back" in message:
                    begun.colours.fails_on_rest = False

        begun.terraform.on_pause, begun.observer = break_once, Mending()
        error = failing(begun, "E333")
        assert [problem.code for problem in error.problems] == ["E333", "E333"]
        assert "all requests go to blue again" in error.problems[1].message
        assert begun.load_traffic("staging") == BLUE

    def test_unrecorded_traffic_restore_is_reported(self, begun: RolloutWorld) -> None:
        class Down(MemoryStore):
            down = False

            def create(self, key: str, data: bytes) -> None:
                if self.down:
                    raise OperationFailedError(Problem("E404", "the store can't be written"))
                super().create(key, data)

        begun.store = store = Down(begun.store.content)

        def ring(_: float) -> None:
            begun.alarms.states[ALARM.format("staging")] = "ALARM"
            store.down = True

        begun.terraform.on_pause = ring
        error = failing(begun, "E336")
        assert "went back to blue, but this is not recorded" in error.problems[0].message
        assert begun.list_sent_traffic("staging")[-1] == AT_REST
        store.down, begun.terraform.on_pause = False, lambda _: None
        recover(begun.ports, "staging")
        assert begun.load_traffic("staging") == BLUE

    def test_rollback_of_stuck_rollout_needs_no_recover(self, begun: RolloutWorld) -> None:
        stuck(begun)
        rollback(begun.ports, "staging")
        assert (begun.list_sent_traffic("staging")[-1], begun.load_traffic("staging")) == (AT_REST, BLUE)

    def test_failed_traffic_restore_does_not_block_the_environment(self, begun: RolloutWorld) -> None:
        with killed_at(begun, "staging", "web"):
            promote(begun.ports, "dev", "staging")
        begun.workspace.held.clear()
        begun.terraform.unplannable.add(("staging", "web"))
        failed = catch(OperationFailedError, recover, begun.ports, "staging")
        assert [problem.code for problem in failed.problems][:1] == ["E336"]
        assert load_status(begun.ports).environments[1].present.unfinished_deployment is None
