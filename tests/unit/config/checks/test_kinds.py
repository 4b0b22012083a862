"""Checks as a project writes them, and what each becomes once the outputs of the stacks are known."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ValidationError

from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.command import CommandCheck, CommandProbe
from envctl.domain.config.checks.http import HttpCheck, HttpProbe
from envctl.domain.config.checks.kinds import KINDS, is_check_applicable, resolve_check
from envctl.domain.config.checks.output import OutputCheck
from envctl.domain.config.checks.output_values import is_same_value
from envctl.domain.config.checks.table import Check, add_kind, list_known_keys
from envctl.domain.config.checks.tcp import TcpProbe
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import Output
from envctl.domain.text.excerpt import excerpt
from tests.catching import catch


def _with_kinds(checks: Mapping[str, Any]) -> object:
    return {name: add_kind(name, table) if isinstance(table, Mapping) else table for name, table in checks.items()}


class File(BaseModel):
    """A project file of which only the checks matter."""

    checks: Annotated[Mapping[str, Check], BeforeValidator(_with_kinds)]


def read(name: str = "http", /, **table: object) -> Check:
    return File.model_validate({"checks": {name: table}}).checks[name]


def faults(checks: object) -> dict[str, str]:
    """What is wrong, by the key that it is about."""
    found = catch(ValidationError, File.model_validate, {"checks": checks}).errors(include_url=False)
    return {
        ".".join(str(part) for part in error["loc"][1:]): str(error.get("ctx", {}).get("error") or error["type"])
        for error in found
    }


URL: dict[str, object] = {"url": "https://shop.example.com"}
COMMAND: dict[str, object] = {"kind": "command", "command": ["true"]}
SIZE: dict[str, object] = {"kind": "output", "output": "web.size"}
TCP: dict[str, object] = {"host": "db.example.com", "port": 5432}


def test_check_named_like_its_kind_needs_no_kind() -> None:
    assert read(**URL) == HttpCheck(url="https://shop.example.com")
    assert read("command", command=["true"]) == CommandCheck(command=("true",))
    assert read("output", output="web.size", equals=2) == OutputCheck(output="web.size", equals=2)


def test_explicit_kind_overrides_check_name() -> None:
    assert read("command", kind="http", **URL) == read(**URL)


def test_unset_fields_of_a_check_take_defaults() -> None:
    http, command = read(**URL), read("command", command=["true"])
    assert isinstance(http, HttpCheck)
    assert isinstance(command, CommandCheck)
    assert (http.path, http.expect_status, http.contains, http.timeout) == ("", 200, None, timedelta(seconds=60))
    assert command.timeout == timedelta(minutes=5)


def test_check_may_set_every_field() -> None:
    said: dict[str, object] = {
        "kind": "http",
        "url": "output:web.urls[0]",
        "path": "/healthz?deep=1",
        "expect_status": 204,
        "contains": "ok",
        "timeout": "1m30s",
        "environments": ["staging", "prod"],
        "sandbox": True,
    }
    taken = {**said, "timeout": timedelta(seconds=90), "environments": ("staging", "prod")}
    assert read("front", **said).model_dump() == taken


FAULTS: dict[str, tuple[Mapping[str, object], str, str]] = {
    "a name that is no kind, and no kind": ({"size": URL}, "size", "must have a kind, one of"),
    "a kind that there is not": ({"size": {"kind": "htpp"}}, "size.kind", 'one of "http", "tcp", "command", "output"'),
    "a kind that is no text": ({"size": {"kind": ["http"]}}, "size.kind", "must be one of"),
    "a check that is no table": ({"http": "https://x"}, "http", "must be a table"),
    "a key that no kind has": ({"http": {**URL, "ulr": 1}}, "http.ulr", "extra_forbidden"),
    "a key of another kind": ({"http": {**URL, "command": ["true"]}}, "http.command", "extra_forbidden"),
    "no URL": ({"http": {}}, "http.url", "missing"),
    "a URL that is no text": ({"http": {"url": 1}}, "http.url", "string_type"),
    "a URL without a scheme": ({"http": {"url": "shop.example.com"}}, "http.url", "must be a URL with http or https"),
    "a URL of another scheme": ({"http": {"url": "ftp://x"}}, "http.url", "must be a URL with http or https"),
    "a URL without a host": ({"http": {"url": "http:///x"}}, "http.url", "must be a URL with http or https"),
    "a URL with an impossible port": ({"http": {"url": "http://x:99999"}}, "http.url", "must be a URL with http"),
    "a URL with half of brackets": ({"http": {"url": "http://[::1"}}, "http.url", "must be a URL with http"),
    "a URL with a backslash in its host": ({"http": {"url": "http://a\\b"}}, "http.url", "must be a URL with http"),
    "a URL with a space": ({"http": {"url": "http://x/a b"}}, "http.url", "without spaces"),
    "a URL with a new line": ({"http": {"url": "http://x/a\nHost: y"}}, "http.url", "without spaces"),
    "a URL with a password": ({"http": {"url": "http://u:p@x"}}, "http.url", "without a user name or a password"),
    "an output that is no reference": ({"http": {"url": "output:web"}}, "http.url", "not of the form stack.output"),
    "a path that begins in the middle": ({"http": {**URL, "path": "healthz"}}, "http.path", "must be the path"),
    "a path with a space": ({"http": {**URL, "path": "/a b"}}, "http.path", "must be the path"),
    "a path with a fragment": ({"http": {**URL, "path": "/a#b"}}, "http.path", "must be the path"),
    "a path with a new line": ({"http": {**URL, "path": "/a\nb"}}, "http.path", "must be the path"),
    "a status that no answer ends with": ({"http": {**URL, "expect_status": 199}}, "http.expect_status", "200 to 599"),
    "a status above all": ({"http": {**URL, "expect_status": 600}}, "http.expect_status", "200 to 599"),
    "a status that is no number": ({"http": {**URL, "expect_status": True}}, "http.expect_status", "int_type"),
    "nothing to look for": ({"http": {**URL, "contains": ""}}, "http.contains", "must not be empty"),
    "a malformed duration": ({"http": {**URL, "timeout": "1 minute"}}, "http.timeout", "must be a duration"),
    "no time at all": ({"http": {**URL, "timeout": "0s"}}, "http.timeout", "longer than zero"),
    "a duration without quotes": ({"http": {**URL, "timeout": 60}}, "http.timeout", "in quotes"),
    "no environment": ({"http": {**URL, "environments": []}}, "http.environments", "too_short"),
    "environments that are no list": ({"http": {**URL, "environments": "dev"}}, "http.environments", "tuple_type"),
    "a sandbox that is neither": ({"http": {**URL, "sandbox": "yes"}}, "http.sandbox", "bool_type"),
    "no port": ({"tcp": {"host": "db.example.com"}}, "tcp.port", "missing"),
    "a port that is none": ({"tcp": {**TCP, "port": 0}}, "tcp.port", "must be a port from 1 to 65535"),
    "a port above all": ({"tcp": {**TCP, "port": 65536}}, "tcp.port", "must be a port from 1 to 65535"),
    "a port that is true": ({"tcp": {**TCP, "port": True}}, "tcp.port", "must be a port from 1 to 65535"),
    "a port in quotes": ({"tcp": {**TCP, "port": "5432"}}, "tcp.port", "or the output of a stack"),
    "a port that is no reference": ({"tcp": {**TCP, "port": "output:web"}}, "tcp.port", "not of the form stack.output"),
    "a host with a port": ({"tcp": {**TCP, "host": "db:5432"}}, "tcp.host", "must be a host name or address"),
    "a URL for a host": ({"tcp": {**TCP, "host": "tcp://db"}}, "tcp.host", "or the output of a stack"),
    "an empty host": ({"tcp": {**TCP, "host": ""}}, "tcp.host", "must be a host name or address"),
    "a host with a space": ({"tcp": {**TCP, "host": "a b"}}, "tcp.host", "must be a host name or address"),
    "a host that is too long": ({"tcp": {**TCP, "host": "a." * 127}}, "tcp.host", "must be a host name or address"),
    "a host that is a number": ({"tcp": {**TCP, "host": 1}}, "tcp.host", "must be a host name or address"),
    "a command for a shell": ({"command": {"command": "pytest -q"}}, "command.command", "no shell is used"),
    "a command of numbers": ({"command": {"command": ["sleep", 1]}}, "command.command", "a list of strings"),
    "a command without a program": ({"command": {"command": []}}, "command.command", "must name a program"),
    "a program without a name": ({"command": {"command": [" "]}}, "command.command", "must name a program"),
    "a command with a zero in it": ({"command": {"command": ["a", "\0"]}}, "command.command", "null character"),
    "an output without a stack": ({"output": {"output": "size", "equals": 1}}, "output.output", "stack.output"),
    "an output that nothing is said of": ({"size": SIZE}, "size", "exactly one of equals, matches, at_least, at_most"),
    "an output of which two things are said": (
        {"size": {**SIZE, "equals": 1, "at_least": 1}},
        "size",
        "exactly one of equals, matches, at_least, at_most",
    ),
    "a pattern that is none": ({"size": {**SIZE, "matches": "["}}, "size.matches", "must be a regular expression"),
    "a pattern beyond all bounds": ({"size": {**SIZE, "matches": "a{9999999999}"}}, "size.matches", "regular expr"),
    "a bound that is text": ({"size": {**SIZE, "at_least": "1"}}, "size.at_least", "must be a number"),
    "a bound that is true": ({"size": {**SIZE, "at_most": True}}, "size.at_most", "must be a number"),
    "a bound that nothing reaches": ({"size": {**SIZE, "at_least": float("inf")}}, "size.at_least", "must be a number"),
    "a number that is none": ({"size": {**SIZE, "equals": float("nan")}}, "size.equals", "must not contain nan or inf"),
    "inf in a map": ({"size": {**SIZE, "equals": {"a": [1, float("inf")]}}}, "size.equals", "must not contain nan"),
    "a date": ({"size": {**SIZE, "equals": date(2026, 1, 1)}}, "size.equals", "must not contain a date"),
    "a date deep inside": (
        {"size": {**SIZE, "equals": [{"a": date(2026, 1, 1)}]}},
        "size.equals",
        "must not contain a date",
    ),
}


@pytest.mark.parametrize(("checks", "key", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_is_reported_at_its_own_key(checks: Mapping[str, object], key: str, sentence: str) -> None:
    found = faults(checks)
    assert list(found) == [key]
    assert sentence in found[key]


def test_all_faults_are_reported_at_once() -> None:
    checks = {"http": {"url": "x", "timeout": 1}, "size": SIZE, "other": {}, "command": {}}
    assert list(faults(checks)) == ["http.url", "http.timeout", "size", "other", "command.command"]


def test_password_in_url_is_redacted() -> None:
    assert "hunter2" not in str(faults({"http": {"url": "https://ann:hunter2@x"}}))


@pytest.mark.parametrize(
    ("name", "table", "keys"),
    [
        pytest.param("http", {}, "url", id="the name is the kind"),
        pytest.param("smoke", {"kind": "command"}, "command", id="the kind is said"),
        pytest.param("http", {"kind": "output"}, "at_least", id="the kind is another than the name"),
    ],
)
def test_known_keys_are_those_of_the_kind(name: str, table: Mapping[str, object], keys: str) -> None:
    assert {keys, "kind", "environments", "sandbox"} <= set(list_known_keys(name, table))
    assert not {"url", "command", "at_least"} - {keys} & set(list_known_keys(name, table))


@pytest.mark.parametrize("kind", ["htpp", ["http"], None])
def test_unknown_kind_has_no_known_keys(kind: object) -> None:
    assert list_known_keys("smoke", {"kind": kind}) == []


@pytest.mark.parametrize(
    ("table", "environment", "sandbox", "runs"),
    [
        pytest.param(COMMAND, "dev", False, True, id="everywhere, where no environment is named"),
        pytest.param({**COMMAND, "environments": ["prod"]}, "prod", False, True, id="in the environment that is named"),
        pytest.param({**COMMAND, "environments": ["prod"]}, "dev", False, False, id="not in another one"),
        pytest.param({**COMMAND, "environments": ["prod"]}, "dev", True, False, id="nor in its sandbox"),
        pytest.param(COMMAND, "dev", True, True, id="a command runs in the sandbox"),
        pytest.param({**SIZE, "equals": 1}, "dev", True, True, id="so does an assertion"),
        pytest.param({"kind": "http", **URL}, "dev", True, False, id="a URL is not asked in the sandbox"),
        pytest.param({"kind": "http", **URL, "sandbox": True}, "dev", True, True, id="unless the project says so"),
        pytest.param({**COMMAND, "sandbox": False}, "dev", True, False, id="a command that can't run in the sandbox"),
    ],
)
def test_check_runs_where_it_applies(table: dict[str, object], environment: str, sandbox: bool, runs: bool) -> None:
    assert is_check_applicable(read("x", **table), environment, sandbox=sandbox) is runs


OUTPUTS = {
    "web": {
        "url": Output("https://shop.example.com/base/"),
        "query": Output("https://shop.example.com/?a=1#top"),
        "host": Output("shop.example.com"),
        "login": Output("https://ann:hunter2@shop.example.com"),
        "password": Output("hunter2", sensitive=True),
        "size": Output(2),
        "nothing": Output(None),
        "on": Output(True),
        "name": Output("shop-7"),
        "tenth": Output(Decimal("0.1")),
        "map": Output({"a": {"b": [1, None]}, "c-d": 2}),
        "urls": Output(["http://a.example.com", "http://b.example.com"]),
        "long": Output("x" * 10_000),
        "port": Output("6379"),
        "colours": Output("\x1b[31mred\x1b[0m\x07"),
    },
    "empty": {},
}


def test_required_output_is_the_referenced_output() -> None:
    assert read(url="output:web.urls[0]").list_references() == (OutputReference("web", "urls", "[0]"),)
    assert read("x", **SIZE, equals=1).list_references() == (OutputReference("web", "size"),)
    assert read(**URL).list_references() == ()
    assert read("x", **COMMAND).list_references() == ()
    tcp = read("tcp", host="output:web.name", port="output:net.port")
    assert tcp.list_references() == (OutputReference("web", "name"), OutputReference("net", "port"))
    assert read("tcp", **TCP).list_references() == ()


@pytest.mark.parametrize(
    ("table", "url"),
    [
        pytest.param({"url": "http://a/b"}, "http://a/b", id="a URL as it is written"),
        pytest.param({"url": "http://a", "path": "/x"}, "http://a/x", id="a path behind a host"),
        pytest.param({"url": "http://a/", "path": "/x"}, "http://a/x", id="no slash twice"),
        pytest.param({"url": "output:web.url"}, "https://shop.example.com/base/", id="an output as it is"),
        pytest.param({"url": "output:web.url", "path": "/x"}, "https://shop.example.com/base/x", id="behind an output"),
        pytest.param({"url": "output:web.urls[1]"}, "http://b.example.com", id="a part of an output"),
        pytest.param({"url": "output:web.query", "path": "/x"}, "https://shop.example.com/x?a=1", id="a query stays"),
        pytest.param(
            {"url": "output:web.query", "path": "/?b=2"}, "https://shop.example.com/?b=2", id="but for another"
        ),
        pytest.param({"url": "http://a", "path": "//b"}, "http://a//b", id="a path is never taken for a host"),
    ],
)
def test_url_of_http_probe_is_resolved(table: dict[str, object], url: str) -> None:
    assert resolve_check(read(**table), "http", OUTPUTS) == HttpProbe("http", 60.0, url, 200, None)


def test_probe_has_the_fields_of_its_check() -> None:
    check = read(url="http://a", expect_status=301, contains="ok", timeout="1m")
    assert resolve_check(check, "front", {}) == HttpProbe("front", 60.0, "http://a", 301, "ok")
    assert resolve_check(read("x", **COMMAND, timeout="2m"), "x", {}) == CommandProbe("x", 120.0, ("true",))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        pytest.param("db.example.com", 5432, ("db.example.com", 5432), id="a name"),
        pytest.param("127.0.0.1", 65535, ("127.0.0.1", 65535), id="an address"),
        pytest.param("::1", 1, ("::1", 1), id="an address of IPv6"),
        pytest.param("output:web.name", "output:web.size", ("shop-7", 2), id="outputs"),
        pytest.param("localhost", "output:web.port", ("localhost", 6379), id="a port that is text"),
    ],
)
def test_host_and_port_of_tcp_probe_resolve(host: str, port: object, expected: tuple[str, int]) -> None:
    check = read("cache", kind="tcp", host=host, port=port, timeout="5s")
    assert resolve_check(check, "cache", OUTPUTS) == TcpProbe("cache", 5.0, *expected)
    assert (check.sandbox, check.needs_all_outputs) == (False, False)


def tcp(**said: object) -> dict[str, object]:
    return {"kind": "tcp", **TCP, **said}


def url(output: str) -> dict[str, object]:
    return {"kind": "http", "url": f"output:{output}"}


def says(output: str, **assertion: object) -> dict[str, object]:
    return {"kind": "output", "output": output, **assertion}


VERDICTS: dict[str, tuple[dict[str, object], str]] = {
    "an equal number": (says("web.size", equals=2), ""),
    "an equal number of another type": (says("web.size", equals=2.0), ""),
    "a tenth that was read in another way": (says("web.tenth", equals=0.1), ""),
    "an equal text": (says("web.name", equals="shop-7"), ""),
    "equal deep inside": (says("web.map.a", equals={"b": [1.0]}), "web.map.a is {b = [1, null]}, expected {b = [1]}"),
    "an element": (says("web.urls[0]", equals="http://a.example.com"), ""),
    "an attribute of an element": (says("web.map.a.b[0]", equals=1), ""),
    "a key in quotes": (says('web.map["c-d"]', equals=2), ""),
    "another number": (says("web.size", equals=3), "web.size is 2, expected 3"),
    "true is not 1": (says("web.on", equals=1), "web.on is true, expected 1"),
    "true is true": (says("web.on", equals=True), ""),
    "a number is not its text": (says("web.size", equals="2"), 'web.size is 2, expected "2"'),
    "a pattern that fits": (says("web.name", matches=r"shop-\d"), ""),
    "a pattern that fits a number": (says("web.size", matches="[0-9]+"), ""),
    "a pattern that fits true": (says("web.on", matches="true|yes"), ""),
    "a pattern for the beginning": (
        says("web.name", matches="shop"),
        'web.name is "shop-7"; it does not match shop',
    ),
    "a pattern for a list": (says("web.urls", matches=".*"), "web.urls is a list; only text, numbers"),
    "a pattern for a map": (says("web.map", matches=".*"), "web.map is a map; only text, numbers"),
    "at least as much": (says("web.size", at_least=2), ""),
    "at least zero": (says("web.size", at_least=0), ""),
    "less than that": (says("web.size", at_least=2.5), "web.size is 2, expected at least 2.5"),
    "at most as much": (says("web.size", at_most=2), ""),
    "more than that": (says("web.size", at_most=0), "web.size is 2, expected at most 0"),
    "a bound for a text": (says("web.name", at_least=1), 'web.name is "shop-7", text; it must be a number'),
    "a bound for true": (says("web.on", at_most=1), "web.on is true, true or false; it must be a number"),
    "a stack that is not there": (says("network.id", equals=1), "the outputs of the stack network are unknown"),
    "an output that is not there": (says("web.sice", equals=1), "the stack web has no output sice; did you mean size?"),
    "a stack without outputs": (says("empty.size", equals=1), "the stack empty has no output size; it has no outputs"),
    "a sensitive output": (says("web.password", matches=".*"), "web.password is sensitive"),
    "a sensitive URL": (url("web.password"), "web.password is sensitive"),
    "a sensitive host": (tcp(host="output:web.password"), "web.password is sensitive"),
    "a list for a host": (
        tcp(host="output:web.urls"),
        'web.urls is ["http://a.example.com", "http://b.example.com"]; it must be a host name or',
    ),
    "a URL for a host": (
        tcp(host="output:web.url"),
        'web.url is "https://shop.example.com/base/"; it must be a host name or address, such',
    ),
    "a text for a port": (tcp(port="output:web.name"), 'web.name is "shop-7"; it must be a port from 1 to 65535'),
    "true for a port": (tcp(port="output:web.on"), "web.on is true; it must be a port from 1 to 65535"),
    "null": (says("web.nothing", matches=".*"), "web.nothing is null"),
    "null deep inside": (says("web.map.a.b[1]", matches=".*"), "web.map.a.b[1] is null"),
    "something in null": (says("web.nothing.a", equals=1), "web.nothing.a does not exist: web.nothing is null"),
    "an element beyond the end": (url("web.urls[2]"), "web.urls[2] does not exist: web.urls has 2 elements"),
    "an attribute that is not there": (says("web.map.z", equals=1), "web.map.z does not exist"),
    "an element of a map": (says("web.map[0]", equals=1), "web.map[0] does not exist: web.map is a map"),
    "an attribute of a text": (says("web.name.a", equals=1), "web.name.a does not exist: web.name is text"),
    "a URL that is a number": (url("web.size"), "web.size is a number; it must be a URL"),
    "a URL that is a list": (url("web.urls"), "web.urls is a list; it must be a URL"),
    "a URL that is null": (url("web.nothing"), "web.nothing is null"),
    "a URL without a scheme": (url("web.host"), 'web.host is "shop.example.com"; it must be a URL with http or https'),
    "a URL with a password": (url("web.login"), "web.login must be a URL without a user name or a password"),
    "a long value": (says("web.long", equals=1), f'web.long is "{"x" * 199}…, expected 1'),
    "a value with colours": (says("web.colours", equals=1), "web.colours is"),
}


@pytest.mark.parametrize(("table", "problem"), VERDICTS.values(), ids=VERDICTS.keys())
def test_check_without_probe_is_evaluated_at_once(table: dict[str, object], problem: str) -> None:
    verdict = resolve_check(read("x", **table), "x", OUTPUTS)
    assert isinstance(verdict, CheckResult) and verdict.name == "x"
    assert verdict.problem.startswith(problem)
    assert bool(verdict.problem) is bool(problem)
    assert len(verdict.problem) < 500
    assert verdict.problem.isprintable()
    assert "hunter2" not in verdict.problem


@pytest.mark.parametrize("kind", KINDS)
def test_example_of_every_kind_can_be_resolved(kind: str) -> None:
    found = resolve_check(read("x", kind=kind, **KINDS[kind].example), "x", OUTPUTS)
    assert isinstance(found, Probe) or found == CheckResult("x")


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def _as_decimals(value: Any) -> object:
    """The same value, read by something that keeps every number exactly."""
    match value:
        case bool() | str():
            return value
        case list():
            return [_as_decimals(item) for item in value]
        case dict():
            return {key: _as_decimals(item) for key, item in value.items()}
        case _:
            return Decimal(repr(value))


@given(values)
def test_value_equals_itself_in_any_number_type(value: object) -> None:
    assert is_same_value(value, value)
    assert is_same_value(value, _as_decimals(value))
    assert is_same_value(_as_decimals(value), value)


@given(values, values)
def test_different_values_are_never_equal(one: object, other: object) -> None:
    assert is_same_value([one], [other]) is is_same_value(one, other) is is_same_value(other, one)
    assert not is_same_value([one], [other, other])
    assert not is_same_value({"a": one}, {"b": one})
    assert not is_same_value([one], one)


@given(st.booleans(), numbers)
def test_booleans_are_not_numbers(flag: bool, number: float) -> None:
    assert not is_same_value(flag, number)
    assert not is_same_value([number], [flag])


@given(st.text() | st.text(st.sampled_from("\x1b[;1m\x07\n\u202ea]"), max_size=600))
def test_excerpt_is_short_and_printable(text: str) -> None:
    assert excerpt(text).isprintable()
    assert len(excerpt(text)) <= 201


@given(st.text(st.characters(categories=["L", "N"]), max_size=200))
def test_excerpt_of_short_plain_text_is_unchanged(text: str) -> None:
    assert excerpt(text) == text
