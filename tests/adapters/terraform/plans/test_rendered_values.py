"""Any settings value survives value → render → Terraform, plain in the root module and sensitive in the environment."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envctl.domain.errors import Location
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.variables import AnyType, TypeExpression, Variable, format_type, parse_type
from tests.adapters.terraform.conftest import Bench
from tests.by_day import keep_by_day
from tests.unit.settings.test_settings_terraform import comparable
from tests.unit.terraform.type_strategies import concrete_types, fits, fitting, literals

pytestmark = pytest.mark.terraform
Pair = tuple[TypeExpression, object]

NASTY: list[tuple[str, object]] = [
    ("string", None),
    ("string", ""),
    ("string", "null"),
    ("string", "yes"),
    ("string", 'say "hi" \\ ${var.x} %{ if true } $${a} %%{b} $$${c} $$$$ %%%{'),
    ("string", "日本 é 🎉 line\nnext\r\n\ttab"),
    ("string", "\x01\x1b\x7f\b\f\u2028\ufeff"),
    ("list(string)", ["\x01\x1b\x7f\b\f\u2028\ufeff", "\\b \\\\f", "${x}", "%%{y}", "<<EOF"]),
    ("map(string)", {"${k}": "${v}", "%{k}": "%{v}", 'a"b\\': "c", "a.b": "d", "": "e", "for": "f", "\n\f": "g"}),
    ("any", {"${k}": ["%{v}", {"\b": None}], "n": 1.5}),
    ("any", "no"),
    ("any", "$${a} ${b} %{c} \b"),
    ("any", None),
    ("number", 12345678901234567890123456789),
    ("number", "0.1234567890123456789012345"),
    ("number", -1.5e-7),
    ("bool", False),
    ("set(string)", ["b", "a", "${c}"]),
    ("object({a = optional(string, \"$${x}\"), b = tuple([number, bool])})", {"b": [1, True]}),
]  # fmt: skip


@st.composite
def pairs_that_fit(draw: st.DrawFn) -> Pair:
    type_ = draw(st.one_of(concrete_types, st.just(AnyType())))
    return type_, draw(literals.filter(lambda value: fits(value, type_)) if type_ == AnyType() else fitting(type_))


@pytest.mark.parametrize("as_root", keep_by_day([False, True], False))
@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(drawn=st.lists(pairs_that_fit(), min_size=50, max_size=70))
def test_random_values_survive(bench: Bench, drawn: list[Pair], *, as_root: bool) -> None:
    survive(bench, drawn, as_root=as_root)


@pytest.mark.parametrize("as_root", keep_by_day([False, True], False))
def test_nasty_values_survive(bench: Bench, *, as_root: bool) -> None:
    survive(bench, [(parse_type(text), value) for text, value in NASTY], as_root=as_root)


def survive(bench: Bench, pairs: list[Pair], *, as_root: bool) -> None:
    """Each value goes both ways: as an argument of the module or in the settings file of the root, and as a secret."""
    values = {
        f"{way}{number}": (type_, convert_value(value, type_)[0])
        for number, (type_, value) in enumerate(pairs)
        for way in ("plain", "secret")
    }
    variables = tuple(_variable(name, format_type(type_)) for name, (type_, _) in values.items())
    stack = bench.lay(
        "".join(_code(variable) for variable in variables),
        variables=variables,
        arguments={name: value for name, (_, value) in values.items()},
        outputs={variable.name: variable.sensitive for variable in variables},
        as_root=as_root,
    )
    assert all(name.startswith("secret") for name in stack.secrets)
    if bench.plan(stack).changes:
        bench.driver.apply("dev", stack)

    outputs = json.loads(bench.state.read_text())["outputs"]
    for name, (type_, value) in values.items():
        received = json.loads(outputs[name]["value"])
        assert comparable(received, type_) == comparable(value, type_), (name, format_type(type_), value)


def _variable(name: str, type_text: str) -> Variable:
    return Variable(
        name=name,
        type_text=type_text,
        has_default=False,
        default=None,
        nullable=True,
        sensitive=name.startswith("secret"),
        description="",
        location=Location("modules/web/main.tf", 1),
    )


def _code(variable: Variable) -> str:
    sensitive = "true" if variable.sensitive else "false"
    return (
        f'variable "{variable.name}" {{\n  type      = {variable.type_text}\n  sensitive = {sensitive}\n}}\n'
        f'output "{variable.name}" {{\n  value     = jsonencode(var.{variable.name})\n  sensitive = {sensitive}\n}}\n'
    )
