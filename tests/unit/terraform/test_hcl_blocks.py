"""Blocks in HCL mean what the JSON syntax says, and are formatted as Terraform formats them."""

from functools import partial
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.hcl.source import read_settings
from envctl.domain.terraform.expressions import escape_templates
from envctl.domain.terraform.hcl_blocks import Expression, format_block

# Terraform composes the characters of every text, in both syntaxes.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(partial(normalize, "NFC"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(bool), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"source": "../x", "a": 1}, ['  source = "../x"', "  a      = 1"]),
        ({"id": "${data.x.y[0]}"}, ["  id = data.x.y[0]"]),
        ({"type": Expression("map(string)")}, ["  type = map(string)"]),
        ({"m": {"odd key": "$${x}"}}, ['  m = { "odd key" = "$${x}" }']),
        ({"for": [None, True, 1.5]}, ["  for = [null, true, 1.5]"]),
        ({"m": {"for": 1, "b": "x"}}, ['  m = { "for" = 1, b = "x" }']),
        ({"m": {Expression("aws.east"): Expression("aws.east")}}, ["  m = { aws.east = aws.east }"]),
        ({"m": {}, "l": []}, ["  m = {}", "  l = []"]),
        (
            {"first": 1, "long": {"a": "x" * 60, "bc": "y" * 60}, "last": 2},
            ["  first = 1", "  long = {", f'    a  = "{"x" * 60}"', f'    bc = "{"y" * 60}"', "  }", "  last = 2"],
        ),
        ({"long": ["x" * 60, "y" * 60]}, ["  long = [", f'    "{"x" * 60}",', f'    "{"y" * 60}",', "  ]"]),
    ],
)
def test_block_is_written_as_people_write_it(arguments: dict[str, object], lines: list[str]) -> None:
    assert format_block("module", ("web",), arguments) == "\n".join(['module "web" {', *lines, "}", ""])


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_hcl_has_the_values_of_the_json_syntax(values: dict[str, object]) -> None:
    escaped = {name: escape_templates(value) for name, value in values.items()}
    text = format_block("x", (), escaped)
    body = "".join(line.removeprefix("  ") for line in text.splitlines(keepends=True)[1:-1])
    read = read_settings(body.encode(), "x.tfvars", frozenset(values))
    assert {each.name: each.value for each in read.assignments} == values
