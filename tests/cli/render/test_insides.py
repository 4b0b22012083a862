"""What differs inside of a policy, a script or a list is seen at a glance, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.cli.render.values.json_documents import diff_json, is_same_json, merge_list_elements
from envctl.cli.render.values.nested_diff import diff_contents
from envctl.cli.render.words.plan.attributes import group_attributes
from envctl.domain.plan.changes import AttributeChange, Marker
from envctl.domain.text.json_documents import ABSENT, parse_json_document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz", max_size=2), inner, max_size=4),
    max_leaves=12,
)


def lines(before: object, after: object) -> list[str]:
    return [f"{line.sign} {line.text_with_path}".rstrip() for line in diff_contents(before, after)]


def statement(sid: str = "", *actions: str, **more: object) -> dict[str, object]:
    named = {"Sid": sid} if sid else {}
    return {**named, "Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def policy(*statements: dict[str, object], indent: int | None = None) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=indent)


READ, WRITE = statement("Read", "s3:GetObject"), statement("Write", "s3:PutObject")
POLICIES = {
    "one more action": (
        policy(statement("", "s3:GetObject")),
        policy(statement("", "s3:GetObject", "s3:PutObject")),
        ['+ Statement[0].Action[]  "s3:PutObject"'],
    ),
    "an action in the middle goes": (
        policy(statement("", "a", "b", "c")),
        policy(statement("", "a", "c")),
        ['- Statement[0].Action[]  "b"'],
    ),
    "a statement is known by its name": (
        policy(READ, WRITE),
        policy(WRITE, {**READ, "Effect": "Deny"}),
        ['- Statement["Read"].Effect  "Allow"', '+ Statement["Read"].Effect  "Deny"'],
    ),
    "a new statement is spread out": (
        policy(READ),
        policy(READ, statement("Write", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")),
        [
            "+ Statement[]  {",
            '+   Sid = "Write"',
            '+   Effect = "Allow"',
            "+   Action = [",
            '+     "s3:PutObject"',
            '+     "s3:DeleteObject"',
            '+     "s3:AbortMultipartUpload"',
            "+   ]",
            '+   Resource = "*"',
            "+ }",
        ],
    ),
    "a condition comes": (
        policy(READ),
        policy({**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ['+ Statement["Read"].Condition  {Bool = {"aws:SecureTransport" = "true"}}'],
    ),
    "it is only written in another way": (
        policy(READ),
        policy(READ, indent=2),
        ["  same content in another format"],
    ),
    "true is not 1": ('{"a": 1}', '{"a": true}', ["- a  1", "+ a  true"]),
    "null is not nothing": ('{"a": null}', "{}", ["- a  null"]),
    "a list becomes a map": ("[1]", '{"a": 1}', ["- [1]", "+ {a = 1}"]),
}


@pytest.mark.parametrize(("before", "after", "expected"), POLICIES.values(), ids=POLICIES)
def test_json_document_shows_inner_differences(before: str, after: str, expected: list[str]) -> None:
    assert lines(before, after) == expected


SCRIPT = ["#!/bin/sh", "set -eu", "one", "two", "three", "four", "five", "six"]
OTHERS = {
    "a script shows what changes, with a line around it": (
        "\n".join(SCRIPT),
        "\n".join("2" if line == "two" else line for line in SCRIPT),
        ["  one", "- two", "+ 2", "  three"],
    ),
    "what stands apart is seen to": (
        "\n".join(SCRIPT),
        "\n".join({"set -eu": "set -e", "six": "6"}.get(line, line) for line in SCRIPT),
        ["  #!/bin/sh", "- set -eu", "+ set -e", "  one", "…", "  five", "- six", "+ 6"],
    ),
    "a map of an output": ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["- b  2", "+ b  3"]),
    "a secret in a map stays one": (
        {"a": Marker.SENSITIVE},
        {"a": Marker.SENSITIVE},
        ["  the difference is hidden"],
    ),
    "what is too long to compare is not compared": (
        "a\n" * 3001,
        "b\n" * 3001,
        ["  too many lines to compare: see both in --json"],
    ),
    "plain texts have no inside": ("a", "b", []),
    "what looks like a document and is none has no inside": ("{a", "{b", []),
    "what nests without end has no inside": ("[" * 5000, "[" * 5001, []),
    "only one of them has an inside": ("a", "a\nb", []),
    "a key over two lines is told in one": ({"a\nb": 1}, {"a\nb": 2}, ["- a b  1", "+ a b  2"]),
}


@pytest.mark.parametrize(("before", "after", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_values_show_inner_differences(before: object, after: object, expected: list[str]) -> None:
    assert lines(before, after) == expected


@given(JSON, JSON)
def test_json_diff_is_empty_exactly_for_equal_documents(before: object, after: object) -> None:
    assert (list(diff_json(before, after)) == []) == is_same_json(before, after)


@given(JSON, st.text("ab", max_size=3))
def test_added_element_is_shown_once(value: object, more: str) -> None:
    (only,) = diff_json([value], [value, more])
    assert (only.path, only.before, only.after) == ("[]", ABSENT, more)


@given(JSON)
def test_json_document_is_parsed_unchanged(value: object) -> None:
    text = json.dumps(value)
    assert parse_json_document(text) == (value if text.startswith(("{", "[")) else ABSENT)


def change(path: str, before: object, after: object, *, forces: bool = False) -> AttributeChange:
    return AttributeChange(path, before, after, forces)


LISTS = {
    "an element goes, and the others move up": (
        [change("ids[0]", "a", "b"), change("ids[1]", "b", "c"), change("ids[2]", "c", None)],
        [change("ids", ["a", "b", "c"], ["b", "c"])],
    ),
    "a new list is one value": (
        [change("zones[0]", None, "a"), change("zones[1]", None, "c")],
        [change("zones", None, ["a", "c"])],
    ),
    "what forces a replacement still does": (
        [change("ids[0]", "a", "b", forces=True), change("ids[1]", "b", None)],
        [change("ids", ["a", "b"], ["b"], forces=True)],
    ),
    "an order that changes is told place by place": (
        [change("ids[0]", "a", "b"), change("ids[1]", "b", "a")],
        [change("ids[0]", "a", "b"), change("ids[1]", "b", "a")],
    ),
    "where something in between stays nobody knows it here": (
        [change("ids[0]", "a", "b"), change("ids[2]", "b", "c")],
        [change("ids[0]", "a", "b"), change("ids[2]", "b", "c")],
    ),
    "what is hidden is not compared": (
        [change("ids[0]", Marker.SENSITIVE, "b"), change("ids[1]", "b", Marker.UNKNOWN)],
        [change("ids[0]", Marker.SENSITIVE, "b"), change("ids[1]", "b", Marker.UNKNOWN)],
    ),
    "one element is one change": ([change("ids[0]", "a", "b")], [change("ids[0]", "a", "b")]),
    "blocks stay as they are": (
        [change("rule[0].port", 1, 2), change("rule[1].port", 2, 3)],
        [change("rule[0].port", 1, 2), change("rule[1].port", 2, 3)],
    ),
}


@pytest.mark.parametrize(("told", "expected"), LISTS.values(), ids=LISTS)
def test_changes_of_plain_list_elements_are_merged(
    told: list[AttributeChange], expected: list[AttributeChange]
) -> None:
    assert list(merge_list_elements(told)) == expected


def test_list_shows_added_and_removed_elements() -> None:
    assert lines(["a", "b", "c"], ["b", "c", "d"]) == ['- "a"', '+ "d"']


def test_cause_of_replacement_is_listed_first() -> None:
    cause = change("cidr_block", "10.0.0.0/16", "10.1.0.0/16", forces=True)
    other = change("tags.Name", "a", "b")
    later = change("arn", "arn:1", Marker.UNKNOWN)
    noise = [change("route[0].gateway_id", "", None), change("map_public_ip", before=True, after=None)]
    told = group_attributes(
        [later, change("outpost_arn", "", None), other, cause, change("on", before=False, after=None), *noise]
    )
    assert (told.forced, told.rest, told.later, told.emptied) == ([cause], [other, noise[1]], [later], 3)


def test_removed_zero_port_is_shown() -> None:
    assert group_attributes([change("ingress[0].from_port", 0, None)]).emptied == 0
