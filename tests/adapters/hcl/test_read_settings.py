from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envctl.adapters.hcl.source import read_settings
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.literals import format_literal
from tests.unit.terraform.type_strategies import literals, names

FILE = "environments/dev/terraform.tfvars"


def values_of(text: str) -> dict[str, object]:
    return {each.name: each.value for each in read_settings(text.encode(), FILE).assignments}


def problems_of(text: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(text.encode(), FILE)
    return list(caught.value.problems)


@given(st.dictionaries(names, literals, max_size=4))
@example({"a": '$${x} $$$${ %%%{ \\ " \u0001 \x7f', "b": {"$${": 1, "\\b": "\b\f", "a.b": [None]}, "c": -0.1})
def test_formatted_values_are_read_unchanged(values: dict[str, object]) -> None:
    text = "".join(f"{name} = {format_literal(value)}\n" for name, value in values.items())
    found = values_of(text)
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('"1 + 2"', "1 + 2", id="a string that looks like an operation stays a string"),
        pytest.param("-1", -1, id="a minus makes a negative number"),
        pytest.param("- 1.5", -1.5, id="a minus may stand apart"),
        pytest.param("1e3", 1000, id="an exponent without a fraction"),
        pytest.param("1.50", 1.5, id="zeros at the end mean nothing"),
        pytest.param("123456789012345678901234567890", 123456789012345678901234567890, id="a big integer is exact"),
        pytest.param("0.12345678901234567890", Decimal("0.12345678901234567890"), id="a long decimal is exact"),
        pytest.param('"$${x} %%{y} $ $$ %"', "${x} %{y} $ $$ %", id="escaped templates are text"),
        pytest.param('"$$${x}"', "$${x}", id="dollars before an escaped template are text"),
        pytest.param('"\\u00e9\\n\\t\\""', 'é\n\t"', id="escapes are what they stand for"),
        pytest.param('"caf\\u0065\\u0301"', "café", id="text is normalised as Terraform does it"),
        pytest.param('<<E\n  a "b" \\n\nE', '  a "b" \\n\n', id="a heredoc is taken as it is"),
        pytest.param("<<-E\n    a\n      $${b}\n  E", "a\n  ${b}\n", id="an indented heredoc loses its indentation"),
        pytest.param("[1, # one\n /* two */ 2,\n]", [1, 2], id="comments between the parts"),
        pytest.param(
            '{a = 1.5, "b c" : [true], 1 = null}', {"1": None, "a": 1.5, "b c": [True]}, id="all kinds of keys"
        ),
        pytest.param("{a = 1, a = 2}", {"a": 2}, id="the last of two equal keys wins, as in Terraform"),
        pytest.param("null", None, id="null"),
    ],
)
def test_literal_values_are_exact(text: str, value: object) -> None:
    found = values_of(f"x = {text}\n")["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("1 + 2", "an operation", id="an operation"),
        pytest.param("!true", "an operation", id="a negation"),
        pytest.param("--1", "an operation", id="two minus signs"),
        pytest.param("-(1)", "an operation", id="a minus before parentheses"),
        pytest.param("(1)", "an expression", id="parentheses"),
        pytest.param('upper("hush")', "the function upper()", id="a function call"),
        pytest.param("[1, {a = max(1)}]", "the function max()", id="a function call deep inside"),
        pytest.param("var.hush", "a reference", id="a variable"),
        pytest.param('"hush-${var.x}"', "a template", id="a template"),
        pytest.param('"${"x"}"', "a template", id="a template of a literal"),
        pytest.param("<<E\n${x}\nE", "a template", id="a template in a heredoc"),
        pytest.param('"%{if true}x%{endif}"', "a template", id="a template directive"),
        pytest.param("true ? 1 : 2", "a condition", id="a condition"),
        pytest.param("[for x in [1] : x]", "a for expression", id="a for expression"),
        pytest.param("[1][0]", "an expression", id="an index"),
        pytest.param("{(a) = 1}", "an expression", id="a computed key"),
    ],
)
def test_non_literal_value_is_refused_and_redacted(text: str, what: str) -> None:
    (problem,) = problems_of(f"ok = 1\nx = {text}\n")
    assert problem.code == "E202"
    assert what in problem.message
    assert problem.message.startswith("x holds")
    assert "hush" not in problem.message + problem.hint
    assert str(problem.location).startswith(f"{FILE}:")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("a = 1\nb = \n", 2, "Invalid expression", id="a value that is missing"),
        pytest.param("a = [\n1\n2]\n", 3, "Missing item separator", id="a comma that is missing"),
        pytest.param("a = 'x'\n", 1, "Invalid character", id="single quotes"),
        pytest.param("a = 1\n\na = 2\n", 3, "Attribute redefined", id="a name that is set twice"),
        pytest.param("a = 1 b = 2\n", 1, "Missing newline", id="two settings on a line"),
        pytest.param("a = \0\n", 1, "not UTF-8 text", id="a byte that is no text"),
    ],
)
def test_syntax_error_is_reported_with_its_line(text: str, line: int, message: str) -> None:
    problem = problems_of(text)[0]
    assert (problem.code, str(problem.location)) == ("E201", f"{FILE}:{line}")
    assert message in problem.message
    assert problem.hint
    assert "tmp.hcl" not in problem.message + problem.hint


WORDS = {
    "a word": ("per_az", "text without quotes", 'did you mean "per_az"?'),
    "a word with dots": ("db.t4g.micro", "text without quotes", 'did you mean "db.t4g.micro"?'),
    "a word with dashes": ("eu-west-1", "text without quotes", 'did you mean "eu-west-1"?'),
    "a word in a list": ('["a", b]', "text without quotes", 'did you mean "b"?'),
    "a keyword in capitals": ("True", "text without quotes", "did you mean true?"),
    "a reference": ("local.nat", "a reference", "write the value itself; compute values in the module"),
}


@pytest.mark.parametrize(("text", "what", "hint"), WORDS.values(), ids=WORDS.keys())
def test_text_without_quotes_is_named_with_its_fix(text: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(f"a = 1\nnat = {text}\n".encode(), FILE, frozenset({"nat"}))
    (problem,) = caught.value.problems
    assert problem.message == f"nat holds {what}; a settings file may contain only literal values"
    assert (problem.hint, problem.location) == (hint, Location(FILE, 2))


def test_text_without_quotes_is_not_shown_if_sensitive() -> None:
    (problem,) = problems_of("password = hunter2\n")
    assert problem.hint == "put the text in quotes"


@pytest.mark.parametrize("text", ["10.0.0.0/16", "per az", "'single'", "3x"])
def test_syntax_error_at_value_without_quotes_names_quotes(text: str) -> None:
    problem = problems_of(f"nat = {text}\n")[0]
    assert problem.hint.endswith('Text stands in double quotes: nat = "…"')


def test_missing_first_quote_is_named() -> None:
    (problem,) = problems_of('a = 1\nnat = single"\nb = "x"\n')
    assert (problem.message, problem.location) == ("a quote is not closed", Location(FILE, 2))
    assert problem.hint == 'the quote at its beginning is missing: nat = "…"'


def test_all_non_literal_values_are_reported_at_once() -> None:
    found = problems_of("a = f()\nb = 1\nc = var.x\nd {}\n")
    assert [(each.code, each.location.line) for each in found if each.location] == [
        ("E202", 1),
        ("E202", 3),
        ("E202", 4),
    ]


def test_every_setting_knows_its_line() -> None:
    text = "\ufeff# first\na = 1\r\nb = [\n  2,\n]\nc = <<E\nx\nE\nd = 3"
    found = read_settings(text.encode(), FILE).assignments
    assert [(each.name, str(each.location)) for each in found] == [
        ("a", f"{FILE}:2"), ("b", f"{FILE}:3"), ("c", f"{FILE}:6"), ("d", f"{FILE}:9")
    ]  # fmt: skip


def test_values_stay_out_of_the_representation() -> None:
    assert "hush" not in repr(read_settings(b'password = "hush"', FILE))


def test_deeply_nested_value_is_refused() -> None:
    (problem,) = problems_of("x = " + "[" * 5_000 + "]" * 5_000)
    assert (problem.code, problem.message) == ("E201", "a value is nested too deeply")


@pytest.mark.parametrize("text", ['a = "x\nb = "y"\n', 'a = "x\n', 'a = ["x, "y"]\nb = 1\n'])
def test_open_quote_is_one_error_at_its_line(text: str) -> None:
    (problem,) = problems_of(f"ok = 1\n{text}")
    assert (problem.message, problem.location) == ("a quote is not closed", Location(FILE, 2))


def test_error_before_an_open_quote_is_told_too() -> None:
    found = [(each.message, each.location and each.location.line) for each in problems_of('a = = 1\nb = "x\n')]
    assert found[-1] == ("a quote is not closed", 2)


def test_broken_value_is_one_error() -> None:
    found = problems_of("a = 1\nimage = 1111.ecr.aws/shop@sha256:4f8b\nb = 2\n")
    assert [problem.location for problem in found] == [Location(FILE, 2)]
    assert 'image = "' in found[0].hint
