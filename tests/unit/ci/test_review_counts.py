"""The reviews of a run as one word for a later job."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci.review_counts import format_reviews, list_later, parse_reviews

NAMES = st.lists(st.sampled_from(["octocat", "hubot", "gatekeeper[bot]", "ann_acme", "a-b"]))


@given(NAMES)
def test_counts_are_read_as_they_were_written(names: list[str]) -> None:
    assert parse_reviews(format_reviews(names)) == Counter(names)


@given(NAMES, NAMES)
def test_only_new_reviews_are_later_in_any_order(before: list[str], new: list[str]) -> None:
    assert set(list_later([*new, *before], Counter(before))) == set(new)


def test_no_reviews_are_a_zero() -> None:
    assert format_reviews([]) == "0"


@pytest.mark.parametrize("text", ["", "1", "octocat", "octocat:0", ",", "octocat:1,octocat:1", "a b:1", "x:1\ny:1"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_reviews(text)
