"""Amounts are read and written as by the API server."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_api_emulator.schemas.quantity import format_quantity, is_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.5", "500m"), (0.5, "500m"), ("500m", "500m"), ("1000m", "1"), ("1024Mi", "1Gi"), ("1500Mi", "1500Mi"),
        ("0.5Gi", "512Mi"), ("1000Ki", "1000Ki"), ("0.5Ki", "512"), ("1500M", "1500M"), ("1000M", "1G"), ("1e3", "1e3"),
        ("10e3", "10e3"), ("0", "0"), ("0Gi", "0"), (2, "2"), ("1.0001n", "2n"), ("-1.5", "-1500m"), ("100k", "100k"),
        ("9313225747Gi", "9313225747Gi"), ("1e30", "1000000000000e18"), ("1" * 60, "1" * 60),
    ],
)  # fmt: skip
def test_amount_has_one_spelling(text: str | float, written: str) -> None:
    assert format_quantity(text) == written


@pytest.mark.parametrize("text", ["", "much", "1 Gi", "1GB", "Gi", "1..2", "1e", "0x1", "1KI", "1e9999", "1" * 101])
def test_other_text_is_no_amount(text: str) -> None:
    assert not is_quantity(text)
    with pytest.raises(ValueError, match="amount"):
        parse_quantity(text)


@given(st.integers(-(10**40), 10**40), st.sampled_from(["n", "m", "", "k", "M", "Ki", "Gi"]))
def test_spelling_keeps_the_amount(number: int, suffix: str) -> None:
    written = format_quantity(f"{number}{suffix}")
    assert parse_quantity(written) == parse_quantity(f"{number}{suffix}")
    assert format_quantity(written) == written
    assert isinstance(parse_quantity(written), Decimal)
