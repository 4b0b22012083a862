"""Outputs by name, and what a script or a variable gets of them."""

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.terraform.outputs import Output, drop_sensitive, find_output, format_raw_output, format_variable_name
from tests.catching import catch

KNOWN = {"network": {"vpc_id", "cidr"}, "web-app": {"url", "cidr"}}
FOUND = {
    "a name that only one stack has": ("vpc_id", ("network", "vpc_id")),
    "a stack and a name": ("web-app.cidr", ("web-app", "cidr")),
}
MISSED = {
    "a name that several stacks have": ("cidr", "network, web-app", "envctl output dev network.cidr"),
    "a name with a slip": ("vpcid", "no output 'vpcid'", "did you mean vpc_id?"),
    "a stack with a slip": ("web_app.url", "no output", "did you mean web-app.url?"),
    "a name that is like no other": ("x", "no output", "envctl output dev"),
    "nothing but a point": (".", "no output", "envctl output dev"),
}
BARE = {
    "text as it is": ('a "b"\n', 'a "b"\n'),
    "a whole number": (3, "3"),
    "a number": (2.5, "2.5"),
    "true": (True, "true"),
    "a list": (["a", 1], '["a", 1]'),
    "a map": ({"ü": None}, '{"ü": null}'),
}
VARIABLES = {
    "in capitals": (("network", "vpc_id"), "ENVCTL_OUTPUT_NETWORK_VPC_ID"),
    "with nothing that a shell can't name": (("web-app", "URL-2"), "ENVCTL_OUTPUT_WEB_APP_URL_2"),
}


@pytest.mark.parametrize(("name", "meant"), FOUND.values(), ids=FOUND)
def test_output_is_found_by_name(name: str, meant: tuple[str, str]) -> None:
    assert find_output(name, KNOWN, "dev") == meant


@pytest.mark.parametrize(("name", "message", "hint"), MISSED.values(), ids=MISSED)
def test_unknown_output_is_reported(name: str, message: str, hint: str) -> None:
    (problem,) = catch(UsageError, find_output, name, KNOWN, "dev").problems
    assert problem.code == "E013"
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(("value", "text"), BARE.values(), ids=BARE)
def test_script_gets_output_as_text(value: object, text: str) -> None:
    assert format_raw_output(value) == text


@pytest.mark.parametrize(("name", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_variable_is_named_after_output(name: tuple[str, str], expected: str) -> None:
    assert format_variable_name(*name) == expected


def test_sensitive_output_is_not_public() -> None:
    assert drop_sensitive({"web": {"url": Output("u"), "key": Output("planted", sensitive=True)}}) == {
        "web": {"url": "u"}
    }
