"""What is read of a token, and what is shown of it: claims, and never the token."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci.id_token import (
    UnverifiedTokenError,
    decode_token,
    describe_token,
    read_claims,
    read_time,
    select_shown_claims,
    suggest_subject,
)
from tests.adapters.aws.sts_on_loopback import jwt

OLD = "repo:acme/shop:environment:prod"
NEW = "repo:acme@123456/shop@456789:environment:prod"
WORKFLOW = "acme/shop/.github/workflows/lint.yml@refs/heads/main"


def test_claims_of_trust_policies_are_shown_in_order() -> None:
    claims = {"iss": "https://x", "ref": "refs/heads/main", "jti": "secret", "aud": "sts.amazonaws.com", "sub": NEW}
    shown = "sub repo:acme@123456/shop@456789:environment:prod, aud sts.amazonaws.com, ref refs/heads/main"
    assert describe_token(jwt(claims)) == f"the token has: {shown}, iss https://x"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": OLD}, f"its trust policy must name the sub {OLD}; one with numbers (repo:OWNER@ID/…) does not fit it"),
        ({"sub": NEW}, f"its trust policy must name the sub {NEW}; policies from before July 2026 have {OLD}"),
        (
            {"sub": "project_path:acme/shop:ref_type:branch:ref:main"},
            "its trust policy must name the sub project_path:acme/shop:ref_type:branch:ref:main",
        ),
        (
            {"sub": "x", "job_workflow_ref": WORKFLOW},
            f"its trust policy must name the sub x; and the workflow, if it names some: {WORKFLOW}",
        ),
        ({}, ""),
    ],
)
def test_hint_names_the_wanted_form_of_sub(claims: Mapping[str, Any], expected: str) -> None:
    assert suggest_subject(jwt(claims)) == expected


@pytest.mark.parametrize("token", ["", "a.b.c", "x", f"{jwt({})}\n.", "é.é.é", "a" * 40_000, jwt([])])
def test_no_token_is_described_without_quoting_it(token: str) -> None:
    with pytest.raises(UnverifiedTokenError):
        decode_token(token)
    assert read_claims(token) == {}
    assert suggest_subject(token) == ""
    assert "eyJ" not in describe_token(token)


@pytest.mark.parametrize("value", [None, True, "1", [], 1e300, float("nan"), -1e300])
def test_unusable_time_is_none(value: object) -> None:
    assert read_time({"exp": value}, "exp") is None


def test_time_is_read_in_utc() -> None:
    assert read_time({"exp": 1_795_000_000}, "exp") == datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)


@given(st.dictionaries(st.sampled_from(["sub", "aud", "environment", "ref"]), st.text() | st.integers()))
def test_shown_claims_are_short_printable_lines(claims: dict[str, object]) -> None:
    for text in select_shown_claims(claims).values():
        assert text.isprintable()
        assert len(text) <= 200
