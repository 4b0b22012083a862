"""The text of a secret as the value of a variable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.release.secret_texts import MAX_VARIABLE_BYTES, UnusableSecretError, encode_secret

USABLE: dict[str, tuple[str, str, str, str]] = {
    "a string takes the text as it is": (' a "b" ${c}\n', "", "string", ' a "b" ${c}\n'),
    "a string that looks like a number stays": ("0123", "", "string", "0123"),
    "a number": ("17", "", "number", "17"),
    "a bool": ("true", "", "bool", "true"),
    "any takes text": ("a", "", "any", '"a"'),
    "a list takes JSON": ('["a", "b"]', "", "list(string)", '["a", "b"]'),
    "a template in JSON is text": ('{"a": "${b}"}', "", "map(string)", '{"a": "$${b}"}'),
    "a key": ('{"a": "x", "b": "y"}', "b", "string", "y"),
    "a number of a key for a string": ('{"port": 5432}', "port", "string", "5432"),
    "an object of a key": ('{"db": {"user": "u"}}', "db", "object({ user = string })", '{"user": "u"}'),
    "JSON in the text of a key": ('{"db": "[1]"}', "db", "list(number)", "[1]"),
    "more attributes than the type has": ('{"a": "u", "host": "h"}', "", "object({ a = string })", '{"a": "u"}'),
}  # fmt: skip
UNUSABLE: dict[str, tuple[str, str, str, str]] = {
    "text that is no number": ("planted", "", "number", "must be a number"),
    "text that is no JSON": ("planted", "", "list(string)", "it is not JSON"),
    "JSON of another type": ('{"a": "planted"}', "", "list(string)", "must be"),
    "a missing attribute": ('{"a": "planted"}', "", "object({ b = string })", "must be"),
    "no object for a key": ('["planted"]', "a", "string", "it is not a JSON object"),
    "not a number of JSON": ('{"a": NaN}', "a", "string", "it is not a JSON object"),
    "null": ('{"a": null}', "a", "string", "it is null"),
    "an empty text of a key": ('{"a": ""}', "a", "string", "it is empty"),
    "a NUL character": ("planted\0", "", "string", "NUL"),
    "a lone surrogate": ("planted\ud800", "", "string", "UTF-8"),
    "too long": ("x" * (MAX_VARIABLE_BYTES + 1), "", "string", "bytes"),
}


@pytest.mark.parametrize("case", USABLE.values(), ids=USABLE)
def test_usable_text(case: tuple[str, str, str, str]) -> None:
    text, key, type_text, expected = case
    assert encode_secret(text, key, "held", type_text).text == expected


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_text_is_explained_without_it(name: str) -> None:
    text, key, type_text, says = UNUSABLE[name]
    with pytest.raises(UnusableSecretError, match=says) as caught:
        encode_secret(text, key, "held", type_text)
    assert "planted" not in str(caught.value)


def test_deep_nesting_is_no_crash() -> None:
    with pytest.raises(UnusableSecretError):
        encode_secret("[" * 100_000, "", "held", "list(string)")


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_any_json_has_a_value_or_a_reason(value: Any) -> None:
    for type_text in ("string", "any", "list(any)", "map(string)", "object({ a = optional(string) })"):
        try:
            found = encode_secret(json.dumps(value), "", "held", type_text)
        except UnusableSecretError:
            continue
        assert found.text


def test_value_is_in_no_representation() -> None:
    assert "planted" not in repr(encode_secret("planted", "", "held", "string"))
