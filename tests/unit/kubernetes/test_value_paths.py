"""Paths in the values of a chart, and texts of variables."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.manifests.value_paths import (
    ANY,
    STRING,
    find_path_conflict,
    format_value,
    nest_values,
    split_path,
)
from envctl.domain.text.identifiers import VALUE_PATH_PATTERN

keys = st.one_of(
    st.from_regex(r"[A-Za-z_][\w-]{0,8}", fullmatch=True).filter(str.isascii),
    st.sampled_from(["kubernetes.io/os", "a b", "a/b"]),
)


def write(path: list[str]) -> str:
    first, *others = path
    return first + "".join(f'["{each}"]' if re.search(r"[^\w-]", each) else f".{each}" for each in others)


@given(st.lists(keys, min_size=1, max_size=4).filter(lambda path: not re.search(r"[^\w-]", path[0])))
def test_path_survives_splitting(path: list[str]) -> None:
    assert re.fullmatch(VALUE_PATH_PATTERN, write(path), re.ASCII)
    assert list(split_path(write(path))) == path


@given(
    st.dictionaries(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join), st.integers(), max_size=5)
)
def test_values_nest_unless_two_meet(values: dict[str, int]) -> None:
    if find_path_conflict(values) is not None:
        return
    nested = nest_values(values)
    for path, value in values.items():
        found: Any = nested
        for key in path.split("."):
            found = found[key]
        assert found == value


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [("a.b", "a", True), ("a.b", 'a["b"]', True), ("a.b", "a.c", False), ("a.bc", "a.b", False), ("a", "ab", False)],
    ids=["a part", "two spellings", "neighbours", "a longer key", "a longer first key"],
)
def test_two_values_of_one_place_meet(one: str, other: str, meet: bool) -> None:
    assert (find_path_conflict({one: 1, other: 2}) is not None) == meet


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (3, "3"), (Decimal("1.50"), "1.5"), (0.5, "0.5"), (Decimal("1E+2"), "100")],
    ids=["text", "a flag", "a number", "a decimal", "a float", "an exponent"],
)
def test_text_is_as_terraform_writes_it(value: object, text: str) -> None:
    assert format_value(value, STRING) == text


@pytest.mark.parametrize("value", [None, [1], {"a": 1}], ids=["null", "a list", "a map"])
def test_value_without_a_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="text is needed"):
        format_value(value, STRING)


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text()), st.lists, max_leaves=5))
def test_any_value_is_json(value: object) -> None:
    assert json.loads(format_value(value, ANY)) == value
