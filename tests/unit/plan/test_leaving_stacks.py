"""Which stacks leave, come, and are renamed; and a state that becomes that of another stack."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.plan.changes import Changeover, plan_changeover
from envctl.domain.terraform.moved_state import (
    StateConflictError,
    build_moved_state,
    clear_state,
    has_resources,
    has_same_content,
)

WEB = {"base": "", "web": ""}
FRONT = {"base": "", "front": "web"}
CASES = {
    "nothing changes": ({"base", "web"}, WEB, {}, Changeover()),
    "nothing is there yet": (set(), WEB, {}, Changeover(new_stacks=("base", "web"))),
    "one leaves": ({"base", "web", "cache"}, WEB, {}, Changeover(leaving={"cache": ""})),
    "one is renamed": ({"base", "web"}, FRONT, {}, Changeover(moves={"front": "web"}, former_names={"front": "web"})),
    "it was renamed before": ({"base", "front"}, FRONT, FRONT, Changeover()),
    "both are there already": ({"base", "web", "front"}, FRONT, {}, Changeover(leaving={"web": ""})),
    "the old one never was": ({"base"}, FRONT, {}, Changeover(new_stacks=("front",))),
    "back over one": ({"base", "front"}, WEB, FRONT, Changeover(moves={"web": "front"}, former_names={"web": "front"})),
    "renamed, unsaid": (
        {"base", "web"},
        {"base": "", "front": ""},
        WEB,
        Changeover(leaving={"web": ""}, new_stacks=("front",)),
    ),
}


@pytest.mark.parametrize(("held", "renamed", "before", "expected"), CASES.values(), ids=CASES.keys())
def test_changeover_is_planned_as_expected(
    held: set[str], renamed: dict[str, str], before: dict[str, str], expected: Changeover
) -> None:
    assert plan_changeover(held, renamed, before, {}, {}) == expected


def test_fate_is_read_from_the_project() -> None:
    found = plan_changeover({"base", "web", "cache", "edge"}, WEB, {}, {"cache": "forget", "base": "destroy"}, {})
    assert found.leaving == {"cache": "forget", "edge": ""}
    assert [name for name, fate in found.leaving.items() if not fate] == ["edge"]


def test_former_name_is_known_until_it_was_applied() -> None:
    assert plan_changeover({"base", "web"}, WEB, {}, {}, {"web": "front"}).former_names == {"web": "front"}


names = st.sampled_from("abcde")
stacks = st.dictionaries(names, st.one_of(st.just(""), names), max_size=5)


@given(st.sets(names), stacks, stacks)
def test_deployed_stack_stays_moves_or_leaves(held: set[str], renamed: dict[str, str], before: dict[str, str]) -> None:
    found = plan_changeover(held, renamed, before, {}, {})
    stays = held & renamed.keys()
    assert stays | found.leaving.keys() | set(found.moves.values()) == held
    assert not stays & found.leaving.keys()
    assert not found.leaving.keys() & set(found.moves.values())
    assert not held & set(found.moves)
    assert not held & set(found.new_stacks)


def state(*resources: str, lineage: str = "one", serial: int = 3) -> bytes:
    document = {"version": 4, "lineage": lineage, "serial": serial, "resources": list(resources), "outputs": {}}
    return json.dumps(document).encode()


def test_state_is_moved_unchanged_where_no_state_exists() -> None:
    assert build_moved_state(state("a"), b"") == state("a")


def test_equal_content_is_not_written_again() -> None:
    assert build_moved_state(state("a"), state("a", lineage="other")) == b""
    assert build_moved_state(b"", state("a")) == b""


def test_emptied_state_keeps_its_lineage_when_replaced() -> None:
    taken = json.loads(build_moved_state(state("a"), state(lineage="other", serial=9)))
    assert (taken["lineage"], taken["serial"], taken["resources"]) == ("other", 10, ["a"])


def test_earlier_copy_of_state_is_updated() -> None:
    taken = json.loads(build_moved_state(state("a", "b", serial=5), state("a", serial=4)))
    assert (taken["serial"], taken["resources"]) == (6, ["a", "b"])


@pytest.mark.parametrize("there", [state("x", lineage="other"), state("x", serial=4)], ids=["other", "newer"])
def test_foreign_or_newer_state_is_never_overwritten(there: bytes) -> None:
    with pytest.raises(StateConflictError, match="1 resource exists there"):
        build_moved_state(state("a"), there)


def test_emptied_state_has_higher_serial() -> None:
    emptied = clear_state(state("a"))
    assert has_resources(state("a"))
    assert not has_resources(emptied)
    assert json.loads(emptied)["serial"] == 4
    assert not has_same_content(state("a"), emptied)
