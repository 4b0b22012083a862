"""A step of a rollout is recorded before it changes the traffic, so the status knows the share between two steps."""

import pytest

from envctl.cli.render.words.attention import list_attention_items
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.traffic_events import TrafficShifted, TrafficShiftStarted
from envctl.domain.rollout.traffic import Shift, Step
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.rollout_world import NEW_IMAGE, OLD_IMAGE, RolloutWorld
from tests.fakes.store import MemoryStore
from tests.fakes.terraform import Killed
from tests.fakes.world import list_entries, make_once

AT_REST = ("blue", 100, OLD_IMAGE, "")
AT_TEN = ("green", 10, NEW_IMAGE, OLD_IMAGE)


@pytest.fixture
@make_once
def world() -> RolloutWorld:
    """Staging runs the old image, and dev the new one."""
    found = RolloutWorld()
    found.deploy_image(OLD_IMAGE)
    promote(found.ports, "dev", "staging")
    found.deploy_image(NEW_IMAGE)
    return found


def load_shift(world: RolloutWorld) -> Shift:
    return load_status(world.ports).environments[1].present.open_shifts["web"]


def list_sentences(world: RolloutWorld) -> list[str]:
    status = load_status(world.ports)
    return [each.sentence for each in list_attention_items(status) if "% of the requests" in each.sentence]


def kill_in_second_step(world: RolloutWorld) -> None:
    world.colours.dies_at = {50}
    with pytest.raises(Killed):
        promote(world.ports, "dev", "staging")
    world.colours.dies_at = set()
    world.workspace.held.clear()


def test_each_step_is_recorded_before_and_after_it(world: RolloutWorld) -> None:
    promote(world.ports, "dev", "staging")
    events = [entry.event for entry in list_entries(world)]
    steps = [each for each in events if isinstance(each, TrafficShiftStarted) and each.environment == "staging"]
    assert [(each.stack, each.percent, each.step, each.steps) for each in steps] == [
        ("web", 10, 1, 3),
        ("web", 50, 2, 3),
        ("web", 100, 3, 3),
    ]
    for step in steps:
        after = events[events.index(step) + 1]
        assert isinstance(after, TrafficShifted) and after.percent == step.percent


def test_killed_step_leaves_a_share_between_two(world: RolloutWorld) -> None:
    kill_in_second_step(world)
    shift = load_shift(world)
    assert (shift.percent, shift.highest_percent) == (10, 50)
    assert shift.running_step == Step(2, 3, list_entries(world)[-1].at, 50)
    (sentence,) = list_sentences(world)
    assert sentence == (
        "between 10 % and 50 % of the requests of web go to green, the rest to blue"
        " (step 2 of 3 started just now; fewer if they are going back)"
    )


def test_killed_step_is_restored_by_recover(world: RolloutWorld) -> None:
    kill_in_second_step(world)
    assert [each.stack for each in recover(world.ports, "staging").back] == ["web"]
    assert world.list_sent_traffic("staging")[-1] == AT_REST
    assert list_sentences(world) == []


def test_watched_step_has_its_own_share(world: RolloutWorld) -> None:
    seen: list[str] = []

    def look(_: float) -> None:
        if not seen:
            seen.extend(list_sentences(world))

    world.terraform.on_pause = look
    promote(world.ports, "dev", "staging")
    (sentence,) = seen
    assert sentence.startswith("10 % of the requests of web go to green, the rest to blue (step 1 of 3 was done ")


def test_failed_way_back_names_the_highest_share(world: RolloutWorld) -> None:
    world.colours.fails_at, world.colours.fails_on_rest = {50}, True
    failed = catch(OperationFailedError, promote, world.ports, "dev", "staging")
    assert "up to 50 % of them may still go to green" in failed.problems[0].message
    assert list_sentences(world) == ["up to 50 % of the requests of web may go to green, the rest to blue"]
    unrestored = catch(OperationFailedError, recover, world.ports, "staging")
    assert "up to 50 % may go to green" in unrestored.problems[0].message


def test_unrecorded_step_start_changes_no_traffic(world: RolloutWorld) -> None:
    class Down(MemoryStore):
        down = False

        def create(self, key: str, data: bytes) -> None:
            if self.down and b"traffic shift started" in data:
                raise OperationFailedError(Problem("E404", "the store can't be written"))
            super().create(key, data)

    world.store = store = Down(world.store.content)

    def break_store(_: float) -> None:
        store.down = True

    world.terraform.on_pause = break_store
    failed = catch(OperationFailedError, promote, world.ports, "dev", "staging")
    assert failed.problems[0].code == "E404"
    assert world.list_sent_traffic("staging") == [AT_REST, AT_TEN, AT_REST]


def test_deployment_closed_by_recover_begins_no_step(world: RolloutWorld) -> None:
    def close(_: float) -> None:
        world.terraform.on_pause = lambda _: None
        world.workspace.held.clear()
        recover(world.ports, "staging")
        world.workspace.held.add("staging")

    world.terraform.on_pause = close
    failed = catch(OperationFailedError, promote, world.ports, "dev", "staging")
    assert failed.problems[0].code == "E408"
    assert world.list_sent_traffic("staging") == [AT_REST, AT_TEN, AT_REST]
