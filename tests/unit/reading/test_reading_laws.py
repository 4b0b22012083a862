"""Nothing is bound that is not on the page: laws over random plans, with and without folds."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.words.reading import list_lines
from envctl.domain.plan.changes import NO_CHANGEOVER, EnvironmentPlan
from envctl.domain.reading.bound_values import list_stacks
from envctl.domain.reading.coverage import list_unshown
from envctl.domain.reading.reading import Reading
from tests.unit.plan.fingerprint.documents import Json, created, full, meant, updated
from tests.unit.plan.fingerprint.documents import read as read_plan

# Without what pages escape: a backslash before a letter looks like an escaped one.
TEXTS = st.text('ab{}[]".,= \u00e9', max_size=5) | st.sampled_from(
    ["0.0.0.0/0", "a\nb", "a\nb\n", "*", '{"a": 1}', "null", "1"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)
FOLDS = st.booleans()


def read(document: Json) -> Reading:
    plan = EnvironmentPlan(environment="prod", release="r", stacks=(read_plan(document),))
    return Reading(environment="prod", release="r", stacks=tuple(list_stacks(plan, NO_CHANGEOVER)))


def show(document: Json, *, folds: bool) -> str:
    return "\n".join(f"{' ' * line.indent}{line.text}" for line in list_lines(read(document), folds=folds))


def test_reading_has_each_path_of_the_fingerprint() -> None:
    bound = {(change.stack, change.address, path) for change in meant(full()).changes for path in change.values}
    shown = {
        (stack.stack, change.address, value.path)
        for stack in read(full()).stacks
        for change in stack.changes
        for value in change.values
    }
    assert bound <= shown


@given(OBJECTS, OBJECTS)
def test_reading_shows_what_its_fingerprint_binds(before: Json, after: Json) -> None:
    for document in (created(after), updated(before, after)):
        assert not list(list_unshown(read(document), meant(document)))


@given(OBJECTS, OBJECTS)
def test_reading_of_another_plan_is_noticed(one: Json, other: Json) -> None:
    assume(meant(created(one)).digest != meant(created(other)).digest)
    unshown = [*list_unshown(read(created(one)), meant(created(other)))]
    assert unshown or set(meant(created(other)).changes[0].values) < set(meant(created(one)).changes[0].values)


def test_reading_of_a_full_plan_shows_all() -> None:
    assert not list(list_unshown(read(full()), meant(full())))


@given(OBJECTS, OBJECTS, FOLDS)
def test_plans_that_differ_look_different(one: Json, other: Json, folds: bool) -> None:
    prints = [meant(created(each)).digest for each in (one, other)]
    assume(prints[0] != prints[1])
    assert show(created(one), folds=folds) != show(created(other), folds=folds)


@given(OBJECTS, OBJECTS, OBJECTS, FOLDS)
def test_updates_that_differ_look_different(before: Json, one: Json, other: Json, folds: bool) -> None:
    prints = [meant(updated(before, each)).digest for each in (one, other)]
    assume(prints[0] != prints[1])
    assert show(updated(before, one), folds=folds) != show(updated(before, other), folds=folds)


@given(OBJECTS, SCALARS, st.lists(st.sampled_from(["a", "b", 0]), min_size=1, max_size=3), FOLDS)
def test_each_planned_value_is_on_the_page(around: Json, value: Any, steps: list[Any], folds: bool) -> None:
    assume(value is not None and "\n" not in str(value) and not str(value).startswith(("{", "[")))
    inner = value
    for step in reversed(steps):
        inner = [inner] if step == 0 else {step: inner}
    page = show(created({**around, "here": inner}), folds=folds)
    path = "".join(f"[{step}]" if step == 0 else f".{step}" for step in steps)
    assert f"here{path} = {format_hcl(value)}" in page


def test_dangerous_value_among_many_is_on_the_page() -> None:
    document = full()
    change = document["resource_changes"][0]["change"]
    change["after"] |= {f"a{number:03}": number for number in range(400)} | {"z": {"deep": ["10.0.0.0/8", "0.0.0.0/0"]}}
    page = show(document, folds=True)
    assert 'z.deep[1] = "0.0.0.0/0"' in page
    assert page.index("! open to everybody") < page.index("a000")
    assert all(f"a{number:03} = {number}" in page for number in range(400))


def test_equal_changes_are_folded_with_all_addresses() -> None:
    document = full()
    (one,) = document["resource_changes"]
    document["resource_changes"] = [{**one, "address": f"aws_x.y[{number}]", "deposed": ""} for number in range(20)]
    folded, whole = show(document, folds=True), show(document, folds=False)
    assert all(f"aws_x.y[{number}]" in folded for number in range(20))
    assert len(folded.splitlines()) < len(whole.splitlines()) / 3


def test_changes_that_differ_in_one_value_are_not_folded() -> None:
    document = full()
    (one,) = document["resource_changes"]
    other = json.loads(json.dumps({**one, "address": "aws_x.z"}))
    other["change"]["after"]["size"] = 3
    document["resource_changes"] = [one, other]
    page = show(document, folds=True)
    assert "size = 1 → 2" in page and "size = 1 → 3" in page
