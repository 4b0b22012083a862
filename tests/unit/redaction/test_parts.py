"""The rule: which texts of a sensitive value are searched for."""

from decimal import Decimal

import pytest

from envctl.domain.redaction import find_parts
from envctl.domain.redaction.parts import COMMON_WORDS, MAX_PIECE_LENGTH

KEY = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nabc\n  indented-line  \n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("hunter2", {"hunter2"}),
        ("  hunter2\n", {"hunter2"}),
        ({"api": "key-one", "nested": [{"deep": "key-two"}]}, {"key-one", "key-two"}),
        ({"hunter2-as-a-key": "dev"}, set()),
        (1234567, {"1234567"}),
        (Decimal("12345.678901"), {"12345.678901"}),
        (1.5, set()),
        ("8080", set()),
        ("2026-11", {"2026-11"}),
        ("2026", set()),
        (True, set()),
        (None, set()),
        ("dev", set()),
        ("true", set()),
        ("Default", set()),
        ("aaaaaaaa", set()),
        ("--------", set()),
        ("-=-=-=-=", set()),
        ("!§$%&/", {"!§$%&/"}),
        ("пароль", {"пароль"}),
        (KEY, {"-----BEGIN KEY-----", "MIIEowIBAAKCAQEA", "indented-line", "-----END KEY-----"}),
        ('{"user": "ann", "password": "s3cret!"}', {'{"user": "ann", "password": "s3cret!"}', "s3cret!"}),
        ("postgres://ann:s3cret!@db:5432/x", {"postgres://ann:s3cret!@db:5432/x", "s3cret!"}),
    ],
)
def test_secret_parts_are_found(value: object, parts: set[str]) -> None:
    assert find_parts(value) == parts


def test_public_names_are_not_secret() -> None:
    assert find_parts(["staging", "STAGING", "staging-2"], ["staging"]) == {"staging-2"}


def test_common_words_are_no_secret() -> None:
    assert find_parts(sorted(COMMON_WORDS)) == frozenset()


def test_long_line_is_searched_in_pieces() -> None:
    text = "".join(f"{number:06d}" for number in range(1000))
    parts = find_parts(text)
    assert max(map(len, parts)) == MAX_PIECE_LENGTH
    assert all(part in text for part in parts)
    assert sum(map(len, parts)) == len(text)


def test_deeply_nested_value_raises_no_error() -> None:
    value: object = "hunter2"
    for _ in range(500):
        value = [value]
    assert find_parts(value)
    assert find_parts("[" * 100_000) == {"[" * MAX_PIECE_LENGTH} - {"[" * MAX_PIECE_LENGTH}
