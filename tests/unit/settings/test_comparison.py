"""Settings side by side: what is equal, what is not, where it comes from, and that no secret gets out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import Location, Problem
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.comparison import Comparison, Pair, Relation, compare_settings
from envctl.domain.settings.settings import EnvironmentSettings, Origin, Setting

STAGING = Location("environments/staging/terraform.tfvars", 3)
PROD = Location("environments/prod/terraform.tfvars", 7)
MODULE = Location("modules/web/variables.tf", 12)
SECRET = "hunter2-correct-horse"


def setting(value: object, place: Location | None, origin: Origin = "file", **more: object) -> Setting:
    fields = {"sensitive": False, "stacks": ("web",), **more}
    return Setting("size", value, place, origin, **fields)  # type: ignore[arg-type]


def of(environment: str, *settings: Setting) -> EnvironmentSettings:
    return EnvironmentSettings(environment, settings, {})


def compared(first: Setting | None, second: Setting | None) -> Comparison:
    return compare_settings(
        *(of(name, *[each] if each else []) for name, each in (("staging", first), ("prod", second)))
    )


RELATIONS: dict[str, tuple[Setting | None, Setting | None, list[Relation]]] = {
    "the same value from different files is equal": (setting(1, STAGING), setting(1, PROD), ["equal"]),
    "the default of the module is equal to it": (setting(1, STAGING), setting(1, MODULE, "default"), ["equal"]),
    "objects in another order": (setting({"a": 1, "b": [2]}, STAGING), setting({"b": [2], "a": 1}, PROD), ["equal"]),
    "lists are not": (setting([1, 2], STAGING), setting([2, 1], PROD), ["differs"]),
    "a number is no text": (setting(1, STAGING), setting("1", PROD), ["differs"]),
    "a number is no truth": (setting(1, STAGING), setting(True, PROD), ["differs"]),
    "another value differs": (setting(1, STAGING), setting(2, PROD), ["differs"]),
    "what the other side does not have": (setting(1, STAGING), None, ["only in first"]),
    "what this side does not have": (None, setting(1, PROD), ["only in second"]),
    "null is as good as nothing": (setting(None, STAGING), None, ["equal"]),
    "null is no value": (setting(None, STAGING), setting(1, PROD), ["differs"]),
    "what envctl fills is left out": (setting("staging", None, "envctl"), setting("prod", None, "envctl"), []),
    "artifacts are left out": (setting("one", STAGING, "artifact"), setting("two", None, "artifact"), []),
    "what one environment decides itself counts": (setting("a", None, "envctl"), setting("b", PROD), ["differs"]),
}


@pytest.mark.parametrize(("first", "second", "relations"), RELATIONS.values(), ids=RELATIONS.keys())
def test_settings_are_related(first: Setting | None, second: Setting | None, relations: list[Relation]) -> None:
    assert [pair.relation for pair in compared(first, second).pairs] == relations


def test_setting_is_compared_per_stack_where_defaults_differ() -> None:
    staging = (setting(1, STAGING, stacks=("api", "jobs", "web")),)
    prod = (setting(1, PROD, stacks=("api", "web")), setting(2, MODULE, "default", stacks=("jobs",)))
    pairs = compare_settings(of("staging", *staging), of("prod", *prod)).pairs
    assert [(pair.stacks, pair.relation) for pair in pairs] == [(("api", "web"), "equal"), (("jobs",), "differs")]
    assert [pair.second and pair.second.location for pair in pairs] == [PROD, MODULE]


@pytest.mark.parametrize("where", [(True, False), (False, True), (True, True)], ids=["first", "second", "both"])
@pytest.mark.parametrize(("other", "relation"), [(SECRET, "equal"), ("another " + SECRET, "differs")])
def test_value_sensitive_on_one_side_is_never_shown(where: tuple[bool, bool], other: str, relation: Relation) -> None:
    found = compared(setting(SECRET, STAGING, sensitive=where[0]), setting(other, PROD, sensitive=where[1]))
    (pair,) = found.pairs
    assert pair.relation == relation
    assert [each and each.value for each in (pair.first, pair.second)] == [Marker.SENSITIVE, Marker.SENSITIVE]
    assert SECRET not in f"{found} {found.list_differences()}"


DIFFERENT = (of("staging", setting(1, STAGING)), of("prod", setting(2, PROD)))


@pytest.mark.parametrize(
    ("may_differ", "refused", "parity"),
    [
        pytest.param((), frozenset(), "", id="nobody compares these two"),
        pytest.param(("size",), frozenset(), "allowed", id="it may differ"),
        pytest.param((), frozenset({"size"}), "refused", id="parity refuses it"),
        pytest.param(("web.size",), frozenset({"size"}), "allowed", id="it may differ in its stack"),
        pytest.param(("other.size",), frozenset({"size"}), "refused", id="it may differ in another stack"),
        pytest.param((), frozenset({"zone"}), "", id="parity refuses another one"),
    ],
)
def test_difference_is_judged_by_parity(may_differ: tuple[str, ...], refused: frozenset[str], parity: str) -> None:
    (pair,) = compare_settings(*DIFFERENT, may_differ=may_differ, refused=refused).pairs
    assert pair.parity == parity


def test_equal_setting_has_no_parity_remark() -> None:
    (pair,) = compare_settings(DIFFERENT[0], replace(DIFFERENT[0], environment="prod"), may_differ=("size",)).pairs
    assert pair.parity == ""


OTHERWISE = "size is different in staging: it comes from"
LINES: dict[str, tuple[Setting | None, Setting | None, str, Location]] = {
    "both set it": (setting(1, STAGING), setting(2, PROD), f"{OTHERWISE} {STAGING}", PROD),
    "the target has the default": (
        setting(1, STAGING),
        setting(2, MODULE, "default"),
        f"{OTHERWISE} {STAGING}",
        MODULE,
    ),
    "envctl fills it in one": (setting("a", None, "envctl"), setting("b", PROD), f"{OTHERWISE} envctl", PROD),
    "only the source has it": (setting(1, STAGING), None, "size is missing in prod", STAGING),
    "only the target has it": (None, setting(1, PROD), "size is missing in staging", PROD),
}


@pytest.mark.parametrize(("first", "second", "message", "place"), LINES.values(), ids=LINES.keys())
def test_difference_names_lines(first: Setting | None, second: Setting | None, message: str, place: Location) -> None:
    assert compared(first, second).list_differences() == {"size": (Problem("G205", message, "", place),)}


NAMES = ("a", "b", "c")
STACKS = ("api", "web")
VALUES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["x", SECRET]) | st.lists(st.integers(0, 1))


@st.composite
def environments(draw: st.DrawFn, name: str) -> EnvironmentSettings:
    settings = []
    for each in NAMES:
        for stack in draw(st.sets(st.sampled_from(STACKS))):
            origin: Origin = draw(st.sampled_from(["file", "default", "envctl", "artifact"]))
            place = draw(st.sampled_from([STAGING, PROD, MODULE, None]))
            settings.append(Setting(each, draw(VALUES), place, origin, draw(st.booleans()), (stack,)))
    return EnvironmentSettings(name, tuple(settings), {})


BOTH = st.tuples(environments("staging"), environments("prod"))
MIRROR: dict[Relation, Relation] = {"equal": "equal", "differs": "differs"}
MIRROR |= {"only in first": "only in second", "only in second": "only in first"}


def mirrored(pair: Pair) -> Pair:
    return replace(pair, first=pair.second, second=pair.first, relation=MIRROR[pair.relation])


@given(BOTH)
def test_swapped_comparison_is_the_mirror_image(both: tuple[EnvironmentSettings, EnvironmentSettings]) -> None:
    there, back = compare_settings(*both, may_differ=("a",)), compare_settings(*both[::-1], may_differ=("a",))
    assert tuple(map(mirrored, there.pairs)) == back.pairs
    assert there.list_differences().keys() == back.list_differences().keys()


@given(BOTH)
def test_parity_differences_equal_shown_differences(both: tuple[EnvironmentSettings, EnvironmentSettings]) -> None:
    found = compare_settings(*both)
    assert set(found.list_differences()) == {pair.name for pair in found.pairs if pair.relation != "equal"}
    assert list(found.list_differences()) == sorted(found.list_differences())


@given(environments("staging"))
def test_settings_equal_themselves(settings: EnvironmentSettings) -> None:
    assert not compare_settings(settings, replace(settings, environment="prod")).unequal_pairs


@given(BOTH)
def test_each_setting_of_each_stack_is_listed_once(both: tuple[EnvironmentSettings, EnvironmentSettings]) -> None:
    told = [(pair.name, stack) for pair in compare_settings(*both).pairs for stack in pair.stacks]
    assert len(told) == len(set(told))
    decided = {
        (each.name, stack)
        for side in both
        for each in side.settings
        if each.origin in {"file", "default"}
        for stack in each.stacks
    }
    assert set(told) == decided


@given(BOTH)
def test_sensitive_value_is_never_shown(both: tuple[EnvironmentSettings, EnvironmentSettings]) -> None:
    hidden = {(each.name, stack) for side in both for each in side.settings if each.sensitive for stack in each.stacks}
    for pair in compare_settings(*both).pairs:
        if any((pair.name, stack) in hidden for stack in pair.stacks):
            assert {each.value for each in (pair.first, pair.second) if each} == {Marker.SENSITIVE}
