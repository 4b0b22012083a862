"""The owner in the label of an object."""

import re
from string import ascii_lowercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.owner import LONGEST_LABEL, Owner, format_owner, parse_owner

names = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
triples = st.tuples(names, names, names)


def test_owner_of_short_names_is_plain() -> None:
    assert format_owner("shop", "dev", "web") == "shop.dev.web"
    assert parse_owner("shop.dev.web") == Owner("shop", "dev", "web")


@given(triples)
def test_owner_fits_into_labels_and_names(names: tuple[str, str, str]) -> None:
    text = format_owner(*names)
    assert len(text) <= LONGEST_LABEL
    part = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    assert re.fullmatch(rf"{part}([.]{part})*", text)


@given(triples, triples)
def test_owners_of_other_names_differ(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (format_owner(*one) == format_owner(*other)) == (one == other)


@given(triples)
def test_owner_is_read_as_written_or_not_at_all(names: tuple[str, str, str]) -> None:
    assert parse_owner(format_owner(*names)) in (Owner(*names), None)


LONG = ascii_lowercase + "a" * 6


@pytest.mark.parametrize("names", [(LONG, LONG, LONG), ("shop", "my_env", "web"), ("shop", "dev-", "web")])
def test_short_form_has_a_digest(names: tuple[str, str, str]) -> None:
    text = format_owner(*names)
    assert text.rpartition(".")[2][0] in digits
    assert parse_owner(text) is None
    assert format_owner(*names) == text
