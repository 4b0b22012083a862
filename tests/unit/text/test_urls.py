"""A malformed URL has no parts, and is no bug."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.text.urls import split_url


@pytest.mark.parametrize("text", ["", "//[", "https://[x", "https://host:port", "https://host:99999", "http://[::1"])
def test_malformed_url_has_no_host(text: str) -> None:
    assert not any(split_url(text))


def test_url_has_its_parts() -> None:
    parts = split_url("https://user@host:8443/path?query")
    assert (parts.scheme, parts.hostname, parts.port, parts.path, parts.query) == (
        "https",
        "host",
        8443,
        "/path",
        "query",
    )


@given(st.text(alphabet="htps:/[]@.%0a\\ ?#"))
def test_no_text_is_a_bug(text: str) -> None:
    parts = split_url(text)
    assert parts.hostname != ""
    assert parts.port is None or parts.port >= 0
