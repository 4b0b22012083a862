"""The law: a long secret is found in any letter case, reversed, cut by a character, and encoded in any of its forms."""

import base64
import json
import random
import re
import string
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from envctl.domain.redaction import Redactor, find_parts
from envctl.domain.redaction.redactor import SENSITIVE_MARK
from envctl.domain.redaction.search import is_long

CHARACTERS = st.characters(min_codepoint=32, max_codepoint=0x1F600, exclude_categories=["Cs", "Cn", "Co", "Zs"])
SECRETS = st.one_of(
    st.text("abcXYZ0189", min_size=8, max_size=24),
    st.text("aB3<>&\"'\\/${%}+=:@é€😀", min_size=8, max_size=24),
    st.text(CHARACTERS, min_size=8, max_size=40),
).filter(lambda text: is_long(text) and find_parts(text) == {text} and text.count("\\") < len(text) / 2)
AROUND = st.text("ghijk LMN0189\"'{}:,\n", max_size=20)

Change = Callable[[str], str]


def change_case(text: str, change: Change) -> str:
    """As Terraform does: each character stays one."""
    return "".join(new if len(new := change(each)) == 1 else each for each in text)


CHANGES: dict[str, Change] = {
    "as it is": str,
    "lower": lambda text: change_case(text, str.lower),
    "upper": lambda text: change_case(text, str.upper),
    "other case": lambda text: change_case(text, str.swapcase),
    "title": lambda text: change_case(text[:1], str.upper) + text[1:],
    "reversed": lambda text: text[::-1],
    "without the first": lambda text: text[1:],
    "without the last": lambda text: text[:-1],
}
ESCAPES: dict[str, Change] = {
    "none": str,
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps({"a": text}, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps([json.dumps({"a": text})]),
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
}


def encode(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


ENCODINGS: dict[str, Change] = {
    "base64": encode,
    "base64 amid": lambda text: encode(f"u:{text}:x"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"a{text}".encode()).decode().rstrip("="),
    "base64 in a URL": lambda text: quote(encode(text), safe=""),
    "base64 in JSON": lambda text: json.dumps({"a": encode(text)}).replace("/", "\\/").replace("+", "\\u002b"),
    "base64 in lines": lambda text: base64.encodebytes(f"{'x' * 50}{text}{'y' * 90}".encode()).decode(),
    "base64 in lines in JSON": lambda text: json.dumps(base64.encodebytes(f"{'x' * 50}{text}".encode()).decode()),
    "base64 of UTF-16": lambda text: encode(text, "utf-16-le"),
    "base64 of UTF-16, high bytes first": lambda text: encode(text, "utf-16-be"),
    "base64 of UTF-16 with its mark": lambda text: encode(text, "utf-16"),
    "hex": lambda text: text.encode().hex(),
    "hex in upper case": lambda text: f"x{text.encode().hex().upper()}",
    "hex of UTF-16": lambda text: text.encode("utf-16-le").hex(),
}


@dataclass(frozen=True)
class Form:
    """What was done to a secret, one after the other."""

    case: str
    change: str
    chain: tuple[tuple[str, str], ...] = ()
    last: str = "none"

    def write(self, secret: str) -> tuple[str, str]:
        """Return the secret in another case and order, and encoded."""
        changed = text = CHANGES[self.change](CHANGES[self.case](secret))
        for escape, encoding in self.chain:
            text = ENCODINGS[encoding](ESCAPES[escape](text))
        return changed, ESCAPES[self.last](text)

    @property
    def has_escaped_escapes(self) -> bool:
        """Tell if a URL has the escapes of JSON in it: these are not read."""
        encodings = [encoding for _, encoding in self.chain]
        escapes = [*(escape for escape, _ in self.chain[1:]), self.last]
        pairs = zip(encodings, escapes, strict=False)
        return any("in JSON" in encoding and escape in ("URL", "form") for encoding, escape in pairs)


CASES = ["as it is", "lower", "upper", "other case", "title"]
LINKS = st.tuples(st.sampled_from([*ESCAPES]), st.sampled_from([*ENCODINGS]))
FORMS = st.builds(
    Form,
    st.sampled_from(CASES),
    st.sampled_from([*CHANGES]),
    st.lists(LINKS, max_size=2).map(tuple),
    st.sampled_from([*ESCAPES]),
).filter(lambda form: not form.has_escaped_escapes)
LINES = ("none", "base64 in lines")


@given(secret=SECRETS, form=FORMS, before=AROUND, after=AROUND)
@example("aB3$aB3$", Form("upper", "reversed", (("JSON", "hex"), ("URL", "base64 of UTF-16"))), "", "")
@example("größe-€-😀-É", Form("upper", "without the last", (("JSON", "base64 of UTF-16"),)), "x", "y")
@example("12345678", Form("as it is", "without the first", (LINES, LINES)), "0", "0")
@example("!§$%&/()=", Form("as it is", "reversed", (("URL", "base64"),)), "", "")
@example("paßwort-É-", Form("lower", "without the first", (("none", "base64 of UTF-16, high bytes first"),)), "", "")
def test_long_secret_is_found_in_each_form(secret: str, form: Form, before: str, after: str) -> None:
    changed, text = form.write(secret)
    # What is common, or of the mark itself, is no secret.
    assume(find_parts(changed) and changed.lower() not in SENSITIVE_MARK)
    redactor = Redactor.from_values([secret])
    whole = f"{before} {text} {after}"
    assert redactor.has_secret(whole)
    redacted = redactor.redact(whole)
    assert SENSITIVE_MARK in redacted
    assert changed not in redacted
    assert text not in redacted
    assert not redactor.has_secret(redacted)


@pytest.mark.parametrize("secret", ["aB3$", "Zx9q", "x-Y-z", "pässWort"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_short_secret_of_mixed_classes_is_long(secret: str, encoding: str) -> None:
    redactor = Redactor.from_values([secret])
    for change in (str.lower, str.upper, lambda text: text[::-1]):
        assert redactor.has_secret(ENCODINGS[encoding](change(secret)))


@pytest.mark.parametrize("text", ["HUNTER2", "2retnuh", "unter2", "hunter", encode("HUNTER2")])
def test_short_secret_is_found_as_before(text: str) -> None:
    redactor = Redactor.from_values(["hunter2"])
    assert not redactor.has_secret(text)
    assert redactor.has_secret("a hunter2") and redactor.has_secret(encode("u:hunter2"))


@pytest.mark.parametrize("text", ["ab3", "B3$", "aB3"])
def test_short_secret_is_never_cut(text: str) -> None:
    assert not Redactor.from_values(["aB3$"]).has_secret(text)


@pytest.mark.parametrize(
    ("secret", "text"),
    [("production1", "production"), ("1default", "default"), ("gnigats-", "-staging"), ("xresources", "resources")],
)
def test_form_that_is_a_common_word_is_no_secret(secret: str, text: str) -> None:
    redactor = Redactor.from_values([secret], ["production", "-staging"])
    assert redactor.has_secret(secret)
    assert redactor.redact(text) is text


def test_encoded_text_is_redacted_as_a_whole() -> None:
    text = encode(f"user:{'hunter2-hunter2'}:and more of it")
    redacted = Redactor.from_values(["Hunter2-Hunter2"]).redact(f'"{text}" and "{encode("nothing of it")}"')
    assert redacted.replace("=", "") == f'"{SENSITIVE_MARK}" and "{encode("nothing of it").rstrip("=")}"'


def build_secrets(seed: int, count: int = 200) -> list[str]:
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits + "!@#$%^&*()-_=+[]{}:?" * (seed % 2)
    return ["".join(chance.choices(letters, k=chance.randint(12, 40))) for _ in range(count)]


@given(
    seed=st.integers(0, 10**6),
    texts=st.lists(st.text(max_size=80) | st.binary(max_size=60).map(lambda data: data.hex())),
)
def test_texts_without_a_secret_stay(seed: int, texts: list[str]) -> None:
    redactor = Redactor.from_values(build_secrets(seed, 5))
    assert redactor.redact_all(texts) is texts
    assert all(redactor.redact(text) is text for text in texts)


ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("seed", [0, 1])
def test_words_of_a_project_are_readable(seed: int) -> None:
    """Code, settings and pages have the words and identifiers of plans."""
    files = [*ROOT.glob("modules/*/*.tf"), *ROOT.glob("environments/**/*.tfvars"), *ROOT.glob("docs/*.md")]
    texts = sorted({word for file in files for line in file.read_text().splitlines() for word in (line, *line.split())})
    assert len(texts) > 10_000
    redactor = Redactor.from_values(build_secrets(seed))
    assert redactor.redact_all(texts) is texts


def count_calls(act: Callable[[], object]) -> int:
    """Count the calls of functions, which no other load of the machine changes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("seed", [0, 1])
def test_cost_hardly_depends_on_the_secrets(seed: int) -> None:
    chance = random.Random(seed)
    texts = [f"arn:aws:iam::{chance.randrange(10**12)}:role/web-{number}" for number in range(5000)]
    costs = {}
    for count in (1, 200):
        redactor = Redactor.from_values(build_secrets(seed, count))
        redactor.redact("the search is built with its first text")
        costs[count] = count_calls(lambda redactor=redactor: redactor.redact_all(texts))  # type: ignore[misc]
    assert costs[200] < 3 * costs[1]
    assert costs[200] < 20 * len(texts)


def test_equal_texts_are_searched_once() -> None:
    redactor = Redactor.from_values(build_secrets(0))
    texts = [f"module.network.aws_subnet.private[{number}]" for number in range(1000)]
    first = count_calls(lambda: redactor.redact_all(texts))
    assert count_calls(lambda: [redactor.redact(text) for text in texts]) < 5 * len(texts) < first


def test_long_texts_are_searched_fast() -> None:
    redactor = Redactor.from_values(["!§$%&/()=", *build_secrets(1)])
    text = re.sub("[^a-z]", "x", string.ascii_letters) * 5_000
    assert redactor.redact(text) is text


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("abcdefgh", True),
        ("abcdefg", False),
        ("12345678", True),
        ("abcd123", False),
        ("abc-123", True),
        ("aB3", False),
        ("aB3d", True),
    ],
)
def test_length_and_classes_make_a_secret_long(secret: str, expected: bool) -> None:
    assert is_long(secret) == expected
