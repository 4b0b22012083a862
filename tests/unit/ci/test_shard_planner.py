"""Jobs get their work evenly, and every unit gets a job."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci.shard_planner import DurationEstimates, Shard, Unit, group_by_environment, plan_shards

NAMES = st.text("abc", min_size=1, max_size=2)
UNITS = st.lists(st.builds(Unit, NAMES, st.sampled_from(["", "db", "dns", "mail", "network", "web"])), unique=True)
SECONDS = st.floats(0, 500)
COSTS = st.builds(DurationEstimates, st.floats(0, 60), st.floats(0, 20), st.floats(0.1, 30))
FREE = DurationEstimates(job=1, environment=0)


def as_units(shards: tuple[Shard, ...]) -> list[Unit]:
    return sorted(
        Unit(name, stack) for shard in shards for name, stacks in shard.units.items() for stack in (stacks or ("",))
    )


def whole_or_parts(units: list[Unit]) -> list[Unit]:
    """Without the parts of what is looked at as a whole: they are never asked for together."""
    whole = {unit.environment for unit in units if not unit.stack}
    return [unit for unit in units if not unit.stack or unit.environment not in whole]


@st.composite
def work(draw: st.DrawFn) -> tuple[list[Unit], Mapping[Unit, float], int, DurationEstimates]:
    units = whole_or_parts(draw(UNITS))
    measured = {unit: draw(SECONDS) for unit in units if draw(st.booleans())}
    return units, measured, draw(st.integers(1, 12)), draw(COSTS)


@given(work())
def test_every_unit_is_in_exactly_one_nonempty_shard(
    given: tuple[list[Unit], Mapping[Unit, float], int, DurationEstimates],
) -> None:
    units, measured, at_most, costs = given
    shards = plan_shards(units, measured, at_most, costs)
    assert as_units(shards) == sorted(units)
    assert len(shards) <= at_most
    assert all(shard.units and shard.unit_count for shard in shards)


@given(work())
def test_longest_shard_is_near_the_mean(given: tuple[list[Unit], Mapping[Unit, float], int, DurationEstimates]) -> None:
    units, measured, at_most, costs = given
    shards = plan_shards(units, measured, at_most, costs)
    if not shards:
        return
    loads = [shard.seconds for shard in shards]
    mean, longest = sum(loads) / len(loads), max([*measured.values(), costs.unmeasured]) + costs.environment
    # Loads are told to a tenth of a second.
    assert max(loads) <= max(mean * 4 / 3, mean + longest) + 0.2


@given(work(), st.randoms())
def test_shards_are_independent_of_input_order(
    given: tuple[list[Unit], Mapping[Unit, float], int, DurationEstimates], random: "st.DataObject"
) -> None:
    units, measured, at_most, costs = given
    shuffled = list(units)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def sets(shards: tuple[Shard, ...]) -> list[list[Unit]]:
        return [as_units((shard,)) for shard in shards]

    assert sets(plan_shards(units, measured, at_most, costs)) == sets(plan_shards(shuffled, measured, at_most, costs))


def shards_of(
    measured: Mapping[str, float], at_most: int, costs: DurationEstimates = FREE, more: tuple[str, ...] = ()
) -> list[list[str]]:
    durations = {Unit(*name.split("/")): took for name, took in measured.items()}
    units = [*durations, *(Unit(*name.split("/")) for name in more)]
    return [[str(unit) for unit in as_units((shard,))] for shard in plan_shards(units, durations, at_most, costs)]


CASES: dict[str, tuple[list[list[str]], list[list[str]]]] = {
    "nothing to look at": (shards_of({}, 4), []),
    "one job has it all where no more are allowed": (shards_of({"a/x": 50, "b/x": 50}, 1), [["a/x", "b/x"]]),
    "what takes longest has a job of its own": (
        shards_of({"a/x": 90, "b/x": 30, "c/x": 30, "d/x": 30}, 2),
        [["a/x"], ["b/x", "c/x", "d/x"]],
    ),
    "no job is begun for less than its own beginning": (
        shards_of({"a/x": 10, "b/x": 10, "c/x": 10}, 3, DurationEstimates(job=40, environment=0)),
        [["a/x", "b/x", "c/x"]],
    ),
    "an environment stays together where that hurts nobody": (
        shards_of(
            {f"{name}/{stack}": 10 for name in "abcdef" for stack in "xy"}, 2, DurationEstimates(job=1, environment=5)
        ),
        [["a/x", "a/y", "c/x", "c/y", "e/x", "e/y"], ["b/x", "b/y", "d/x", "d/y", "f/x", "f/y"]],
    ),
    "a large one is split, and the parts that come to one job share what it prepares": (
        shards_of({f"a/{stack}": 10 for stack in "uvwxyz"}, 2, DurationEstimates(job=1, environment=5)),
        [["a/u", "a/w", "a/y"], ["a/v", "a/x", "a/z"]],
    ),
    "what was never measured takes as long as most": (
        shards_of({"a/x": 10, "b/x": 10, "c/x": 100}, 2, more=("d/x",)),
        [["c/x"], ["a/x", "b/x", "d/x"]],
    ),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES)
def test_units_are_distributed_as_expected(found: list[list[str]], expected: list[list[str]]) -> None:
    assert found == expected


def test_unmeasured_units_take_mean_duration_of_others() -> None:
    (shard,) = plan_shards([Unit("new", "x")], {Unit("old", "x"): 7.0, Unit("old", "y"): 9.0}, 5, FREE)
    assert shard.seconds == 8.0
    (shard,) = plan_shards([Unit("new", "x")], {}, 5, DurationEstimates(environment=2, unmeasured=10))
    assert shard.seconds == 12.0


def test_grouping_keeps_the_order_of_stacks() -> None:
    units = [Unit("b", "web"), Unit("a", "web"), Unit("a", "db"), Unit("c"), Unit("c", "web")]
    assert group_by_environment(units) == {"b": ("web",), "a": ("web", "db"), "c": ()}
    (shard,) = plan_shards(units[:4], {}, 1, FREE)
    assert list(shard.units.items()) == [("b", ("web",)), ("a", ("web", "db")), ("c", ())]
    assert shard.unit_count == 4
