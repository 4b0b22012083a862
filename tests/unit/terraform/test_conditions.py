"""Conditions of `validation` blocks: what is certain, and what is left to Terraform."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.terraform.conditions.evaluation import evaluate_condition, find_variables
from envctl.domain.terraform.conditions.patterns import is_match
from envctl.domain.terraform.conditions.syntax import parse_expression
from envctl.domain.terraform.conditions.values import UncertainError, to_value
from envctl.domain.terraform.variables import parse_type

NAT = 'contains(["none", "single", "per_az"], var.x)'
RANGE = 'can(regex("^[0-9.]+/(1[6-9]|20)$", var.x)) && try(cidrsubnet(var.x, 0, 0) == var.x, false)'
CASES: dict[str, tuple[str, str, object, bool | None]] = {
    "a value of a closed set": (NAT, "string", "single", True),
    "a value outside of a closed set": (NAT, "string", "lots", False),
    "a number within its limits": ("var.x >= 1 && var.x <= 5", "number", 5, True),
    "a number beyond its limits": ("var.x >= 1 && var.x <= 5", "number", 6, False),
    "a number that no float holds": ("var.x <= 0.1", "number", "0.10000000000000000000000001", False),
    "a number that is not whole": ("floor(var.x) == var.x", "number", 1.5, False),
    "null where that is allowed": ('var.x == null ? true : can(regex("^a", var.x))', "string", None, True),
    "null, which stops newer versions before an error": ("var.x == null || var.x > 1", "number", None, None),
    "a text that does not match": ('can(regex("^[a-z]+$", var.x))', "string", "a1", False),
    "a line end behind a text that matches": ('can(regex("^[a-z]+$", var.x))', "string", "ab\n", False),
    "an address range": (RANGE, "string", "10.10.0.0/16", True),
    "an address range with a part too large": (RANGE, "string", "10.300.0.0/16", False),
    "an address range that does not begin at its network": (RANGE, "string", "10.10.0.1/16", False),
    "an address range with leading zeros": ("can(cidrhost(var.x, 0))", "string", "010.0.0.0/8", None),
    "an address range of version 6 without a mask": ("can(cidrnetmask(var.x))", "string", "2001:db8::/32", False),
    "every element": ('alltrue([for v in var.x : startswith(v, "/")])', "list(string)", ["/a", "/b"], True),
    "an element that does not fit": (
        'alltrue([for v in var.x : startswith(v, "/")])', "list(string)", ["/a", "b"], False,
    ),
    "the keys of a map": ('alltrue([for k, v in var.x : k != "a"])', "map(string)", {"a": "1"}, False),
    "an attribute of every element": (
        'length(distinct(var.x[*].name)) == length(var.x)', "list(object({name = string}))",
        [{"name": "a"}, {"name": "a"}], False,
    ),
    "another spelling of one letter": ('var.x == "\\u00e9"', "string", "e\u0301", True),
    "the length of a text with wide letters": ("length(var.x) < 3", "string", "日本", None),
    "a number compared with its text": ('var.x == "1"', "number", 1, False),
    "a function that is not known": ("provider::x::f(var.x)", "string", "a", None),
    "another variable with an unknown value": ("var.x <= var.other", "number", 1, None),
    "a value beside an unknown one that does not matter": ("var.x > 1 && var.x <= var.other", "number", 1, False),
    "a local value": ("var.x == local.y", "string", "a", None),
    "a template": ('var.x == "${var.x}"', "string", "a", None),
    "a choice between numbers": ("var.x >= (var.x == 1 ? 2 : 3 * var.x)", "number", 1, False),
    "a choice between types": ('(var.x == 1 ? 1 : "a") == 1', "number", 1, None),
    "a structure of any type": ("length(var.x) > 0", "any", [], None),
    "no condition at all": ("", "string", "a", None),
    "parentheses without an end": ("(" * 5000 + "var.x", "string", "a", None),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "type_", "value", "verdict"), CASES.values(), ids=CASES.keys())
def test_condition_is_met_refused_or_uncertain(condition: str, type_: str, value: object, verdict: bool | None) -> None:
    try:
        variables = {"x": to_value(value, parse_type(type_))}
    except UncertainError:
        variables = {}
    assert evaluate_condition(condition, variables) is verdict


def test_variables_of_condition_are_found() -> None:
    condition = 'alltrue([for v in var.a : v > var.b]) ? !var.c : can(var.d["x"].e) && length(concat([var.f], [])) > 0'
    assert find_variables(parse_expression(condition)) == set("abcdf")


# As people check names, domains, addresses, versions and ARNs.
CLEAR = {
    "^[a-z0-9]+([._-][a-z0-9]+)*$": "a-" * 400 + "!",
    r"^([a-z0-9-]+\.)+[a-z]{2,}$": "a." * 400 + "!",
    r"^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}[0-9]{1,3}$": "255.255.255.!",
    r"^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$": "v1.2.3-" + "a." * 400 + "!",
    r"^arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:\d{12}:(server-)?certificate/.+$": "arn:aws:acm:" + "a" * 800,
    r"^[^@\s]+@[^@\s]+\.[a-z]+$": "a" * 100 + "@" + "b" * 100,
}


@pytest.mark.parametrize(("pattern", "text"), CLEAR.items(), ids=CLEAR)
def test_usual_pattern_is_decided_for_long_texts(pattern: str, text: str) -> None:
    assert not is_match(pattern, text)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*b$", "^(a|ab)*$", "^(\u0430+)+$", "(a{30}){40}", "(a?b?){300}c", ".*.*.*.*x"]
)
def test_pattern_with_many_ways_is_uncertain(pattern: str) -> None:
    with pytest.raises(UncertainError):
        is_match(pattern, "ab" * 1000)


LETTERS = st.sampled_from(["a", "b", "-", "1", ".", " ", "_", "\n", "Z", "é"])
ATOMS = st.sampled_from([
    "a", "b", "-", r"\.", ".", "[ab]", "[^a]", "[a-z0-9-]", r"\d", r"\w", r"[\s_]", "^", r"[^\n]", "é", "[]a]", "(?:b)",
])  # fmt: skip
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.lists(LETTERS, max_size=12).map("".join), st.booleans())
def test_pattern_matches_what_pythons_engine_matches(pattern: str, text: str, at_end: bool) -> None:
    expected = re.search(pattern + (r"\Z" if at_end else ""), text, re.ASCII) is not None
    try:
        found = is_match(pattern + ("$" if at_end else ""), text)
    except UncertainError:
        return
    assert found is expected


@given(st.text(max_size=30))
def test_any_text_is_a_condition_or_uncertain(text: str) -> None:
    assert evaluate_condition(text, {"x": Fraction(1)}) in (True, False, None)


@given(st.text(alphabet="ab()[]{}|*+?^$\\.-:,1290", max_size=20))
def test_any_text_is_a_pattern_or_uncertain(pattern: str) -> None:
    try:
        assert is_match(pattern, "ab") in (True, False)
    except UncertainError:
        return
