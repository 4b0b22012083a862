import pytest
from hypothesis import given

from envctl.domain.terraform.variables import AnyType, Collection, Primitive, TypeExpression, format_type, parse_type
from tests.unit.terraform.type_strategies import types


@given(types)
def test_type_survives_formatting(type_: TypeExpression) -> None:
    assert parse_type(format_type(type_)) == type_


def test_comments_newlines_and_spelling_are_normalized() -> None:
    text = """object({
      # who { may } enter
      name : string // plain
      ports = optional(list(number), [80, -1.5e3,]) /* and
      more */
      tags  = optional(map(string), { "a b" = "$${x}", c : null })
    })"""
    wanted = (
        "object({name = string, ports = optional(list(number), [80, -1500]), "
        'tags = optional(map(string), {"a b" = "$${x}", c = null})})'
    )
    assert format_type(parse_type(text)) == wanted


@pytest.mark.parametrize("kind", ["list", "map"])
def test_bare_collection_types_accept_any_element(kind: str) -> None:
    assert parse_type(kind) == Collection(kind, AnyType())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("strin", "'strin' is not a type", id="a name that is not a type"),
        pytest.param('"string"', "without quotes: string", id="the quoted spelling of Terraform 0.11"),
        pytest.param("list(string", "expected ')'", id="a bracket that is not closed"),
        pytest.param("list(string) x", "found 'x'", id="something behind the type"),
        pytest.param("optional(string)", "for attributes of an object only", id="optional outside of an object"),
        pytest.param("object({a = optional(string, f())})", "literal value, not 'f'", id="a computed default"),
        pytest.param('object({a = optional(string, "${x}")})', "template", id="a template as a default"),
        pytest.param('object({"a" = string})', "plain name", id="a quoted attribute"),
        pytest.param("object({a = string, a = number})", "twice", id="an attribute that is named twice"),
        pytest.param("a ; b", "can't hold|not a type", id="a character that no type holds"),
        pytest.param("", "not a type", id="nothing"),
    ],
)
def test_malformed_type_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        parse_type(text)


def test_primitive_type_is_parsed() -> None:
    assert parse_type(" string ") == Primitive("string")
