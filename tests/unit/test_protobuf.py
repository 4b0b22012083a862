"""Messages in the wire format of protocol buffers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.protobuf import find_field, split_message


def write_varint(value: int) -> bytes:
    written = b""
    while value > 0x7F:
        written += bytes([value & 0x7F | 0x80])
        value >>= 7
    return written + bytes([value])


def write_field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return write_varint(number << 3) + write_varint(value)
    return write_varint(number << 3 | 2) + write_varint(len(value)) + value


fields = st.lists(st.tuples(st.integers(1, 500), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=200))))


@given(fields)
def test_fields_are_read_as_written(fields: list[tuple[int, int | bytes]]) -> None:
    assert list(split_message(b"".join(write_field(*each) for each in fields))) == fields


@given(st.binary(max_size=60))
def test_damaged_message_is_an_error_and_nothing_else(message: bytes) -> None:
    try:
        list(split_message(message))
    except ValueError as error:
        assert "cut off" in str(error) or "wire type" in str(error)


def test_last_value_of_a_field_counts() -> None:
    message = write_field(1, 5) + write_field(2, b"x") + write_field(1, 6)
    assert (find_field(message, 1), find_field(message, 2), find_field(message, 3), find_field(None, 1)) == (
        6,
        b"x",
        None,
        None,
    )


def test_fields_of_fixed_size_are_bytes() -> None:
    message = bytes([1 << 3 | 1]) + b"12345678" + bytes([2 << 3 | 5]) + b"1234"
    assert list(split_message(message)) == [(1, b"12345678"), (2, b"1234")]


@pytest.mark.parametrize("message", [b"\x80", b"\x0a\x05ab", b"\x0b"])
def test_broken_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|wire type"):
        list(split_message(message))
