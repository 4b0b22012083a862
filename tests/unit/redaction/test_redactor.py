"""The law: a text that holds a sensitive value, in whatever form, holds it in none once it is redacted."""

import base64
import binascii
import html
import json
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from envctl.domain.plan.changes import Marker
from envctl.domain.redaction import Redactor, find_parts
from envctl.domain.redaction.redactor import SENSITIVE_MARK
from envctl.domain.terraform.literals import quote_string as quote_in_hcl

CHARACTERS = st.characters(min_codepoint=32, max_codepoint=0x1F600, exclude_categories=["Cs", "Cn", "Co"])
SECRETS = st.one_of(
    st.text("abcXYZ0189", min_size=6, max_size=24),
    st.text("aB3 <>&\"'\\/${%}+=:@\n\té€😀", min_size=6, max_size=24),
    st.text(CHARACTERS, min_size=6, max_size=40),
)
VALUES = st.recursive(
    SECRETS | st.integers(10**6, 10**12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
AROUND = st.text("abcXYZ 0189\"'{}:,\n", max_size=20)


def in_base64(text: str, *, safe: bool = False, pad: bool = True) -> str:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    encoded = encode(text.encode()).decode()
    return encoded if pad else encoded.rstrip("=")


def in_html_json(text: str) -> str:
    return re.sub("[<>&]", lambda mark: f"\\u{ord(mark[0]):04x}", json.dumps(text, ensure_ascii=False))


def lower_hex(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), text)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON as Go writes it": in_html_json,
    "JSON in JSON": lambda text: json.dumps(json.dumps({"value": text})),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text, ensure_ascii=False))),
    "indented JSON": lambda text: json.dumps({"a": [text]}, indent=2),
    "JSON with slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "HCL": quote_in_hcl,
    "Python": repr,
    "HTML": html.escape,
    "HTML as Go writes it": lambda text: html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: lower_hex(quote(text, safe="")),
    "URL twice": lambda text: quote(quote(text, safe=""), safe=""),
    "URL, unsafe characters alone": lambda text: quote(text, safe="/:@!$&'()*+,;="),
    "form": quote_plus,
    "form in lower case": lambda text: lower_hex(quote_plus(text)),
    "shell": shlex.quote,
    "base64": in_base64,
    "base64 at 1": lambda text: in_base64(f"u{text}"),
    "base64 at 2": lambda text: in_base64(f"u:{text}"),
    "base64 amid": lambda text: in_base64(f"user:{text}:more"),
    "base64 for URLs": lambda text: in_base64(f"a{text}", safe=True),
    "base64 without padding": lambda text: in_base64(text, pad=False),
    "base64 of JSON": lambda text: in_base64(json.dumps({"password": text})),
    "base64 of base64": lambda text: in_base64(json.dumps({"auth": in_base64(f"user:{text}")})),
    "base64 in a URL": lambda text: quote(in_base64(text), safe=""),
    "base64 in JSON": lambda text: json.dumps(in_base64(text)).replace("+", "\\u002b"),
    "base64 in lines": lambda text: base64.encodebytes(f"{'x' * 50}{text}{'y' * 90}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex in upper case": lambda text: text.encode().hex().upper(),
}


def decoded(text: str) -> Iterable[str]:
    """All that someone could read out of it, found without the code under test."""
    seen = {text}
    waiting = [(text, 0)]
    while waiting:
        at_hand, depth = waiting.pop()
        yield at_hand
        for found in () if depth > 2 else _one_step(at_hand):
            if found not in seen:
                seen.add(found)
                waiting.append((found, depth + 1))


def _one_step(text: str) -> Iterable[str]:
    yield from (unquote(text), unquote_plus(text), html.unescape(text))
    yield re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", _unescape, text.replace("$${", "${").replace("%%{", "%{"))
    for token in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for start in range(4):
            piece = token[start:].replace("-", "+").replace("_", "/")
            yield base64.b64decode(piece[: len(piece) // 4 * 4]).decode(errors="replace")
            yield base64.b64decode(piece + "A" * (-len(piece) % 4)).decode(errors="replace")
    for token in re.findall(r"[0-9a-fA-F]{8,}", text):
        for start in range(2):
            piece = token[start : start + (len(token) - start) // 2 * 2]
            yield binascii.unhexlify(piece).decode(errors="replace")


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)


# `make check` tries each form once, and `make test` its variants too: "URL in lower case".
@pytest.mark.parametrize(
    "form", [pytest.param(form, marks=pytest.mark.slow if " " in form and form != "as it is" else ()) for form in FORMS]
)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@example(secret="s3cret!<&>\"'\\", before="", after="")
@example(secret="pa ss${w}%{o}rd+/=", before="x", after="y")
@example(secret="größe-€-😀-", before="", after="")
@example(secret="\\\\\\a\\n\\", before="\\", after="\\")
@example(secret="SETMARKER-dev-1", before="MasterUserPassword: ", after="}")
def test_secret_is_redacted_in_every_form(form: str, secret: str, before: str, after: str) -> None:
    parts = find_parts(secret)
    assume(parts)
    redacted = Redactor.from_values([secret]).redact(before + FORMS[form](secret) + after)
    for read in decoded(redacted):
        assert [part for part in parts if part in read and part not in SENSITIVE_MARK] == []


@given(value=VALUES, around=AROUND)
def test_parts_of_nested_value_are_redacted(value: object, around: str) -> None:
    parts = find_parts(value)
    text = around.join([json.dumps(value), json.dumps(value, indent=2), in_base64(json.dumps(value)), *parts])
    redacted = Redactor.from_values([value]).redact(text)
    assert [part for part in parts if part in redacted and part not in SENSITIVE_MARK] == []


@given(secrets=st.lists(SECRETS, max_size=4), text=st.text(max_size=60))
def test_redaction_is_idempotent(secrets: list[str], text: str) -> None:
    redactor = Redactor.from_values(secrets)
    once = redactor.redact("".join([text, *secrets]))
    assert redactor.redact(once) == once


@given(secrets=st.lists(SECRETS, max_size=4), text=st.text("ghijklmnop qrstuvw.,-\n", max_size=80))
def test_text_without_secrets_is_unchanged(secrets: list[str], text: str) -> None:
    redactor = Redactor.from_values(secrets)
    assume(not any(character in text for part in redactor.parts for character in part if character not in " \n-.,"))
    assert redactor.redact(text) is text


def test_common_words_and_short_texts_are_unchanged() -> None:
    redactor = Redactor.from_values(
        ["dev", "true", True, 1, 8080, "create", "web", ["a", "no"], "staging"], ["staging"]
    )
    text = "create web in dev and staging: true, 8080, default"
    assert redactor.redact(text) is text


@pytest.mark.parametrize("text", ["", "x", "(sensitive)"])
def test_redactor_without_secrets_changes_nothing(text: str) -> None:
    assert Redactor().redact(text) is text


@pytest.mark.parametrize("text", ["a1%25b2%25", "a1%b2%", "a1\\u0025b2%", "a1&#37;b2%"])
def test_escape_sequence_is_redacted_as_a_whole(text: str) -> None:
    assert Redactor.from_values(["a1%b2%"]).redact(f"<{text}>") == f"<{SENSITIVE_MARK}>"


def test_overlapping_secrets_are_redacted_as_one() -> None:
    assert Redactor.from_values(["abcdef", "defghi"]).redact("xabcdefghix") == f"x{SENSITIVE_MARK}x"


def test_mark_that_completes_a_secret_is_redacted_again() -> None:
    assert Redactor.from_values(["hunter2", "aaab(sens"]).redact("aaabhunter2") == f"{SENSITIVE_MARK}itive)"


def test_redaction_mark_equals_the_plan_marker() -> None:
    assert Marker.SENSITIVE.value == SENSITIVE_MARK


class Word(StrEnum):
    CLOSED = "hunter2"


@dataclass(frozen=True)
class Inner:
    text: str
    number: int = 1234567

    def __post_init__(self) -> None:
        assert self.text != SENSITIVE_MARK


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...]
    table: dict[str, object] = field(default_factory=dict)
    word: Word = Word.CLOSED


@dataclass(frozen=True)
class Foreign:
    value: object


def test_nested_results_are_redacted() -> None:
    result = Outer((Inner("hunter2"), Inner("else")), {"hunter2": ["a hunter2", None]})
    redacted = Redactor.from_values(["hunter2"]).redact_all(result)
    assert redacted.inner[0].text == SENSITIVE_MARK
    assert redacted.inner[1] is result.inner[1]
    assert redacted.table == {"hunter2": [f"a {SENSITIVE_MARK}", None]}
    assert redacted.word is Word.CLOSED


@pytest.mark.parametrize(
    "number", [91827364, 9182736.5, Decimal("91827364.25"), Decimal(123456789012345678901234567890)]
)
def test_sensitive_numbers_of_others_are_redacted(number: object) -> None:
    redactor = Redactor.from_values([number])
    assert redactor.redact_all({"a": [number, 1, True]}) == {"a": [SENSITIVE_MARK, 1, True]}
    assert redactor.redact_all(Foreign(number)) == Foreign(SENSITIVE_MARK)


def test_counters_of_envctl_are_kept() -> None:
    result = Inner("else", 91827364)
    assert Redactor.from_values([91827364]).redact_all(result) is result


def test_results_without_a_secret_are_the_same_object() -> None:
    result = Outer((Inner("else"),), {"a": [1]})
    assert Redactor.from_values(["hunter2"]).redact_all(result) is result


@pytest.mark.parametrize(
    "secret", ["\\" * 30 + "a1", "'" * 30 + "a1", '"' * 30 + "a1", "$" * 30 + "{a1", " " * 30 + "a1"]
)
def test_pathological_secret_is_redacted_fast(secret: str) -> None:
    text = (secret[0] * 20_000 + "a1 ") * 3
    assert SENSITIVE_MARK not in Redactor.from_values([f"x{secret}y"]).redact(text)
