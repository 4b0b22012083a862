"""The wire format of protocol buffers: the fields of a message by their numbers."""

from collections.abc import Iterator

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED_64: 8, _FIXED_32: 4}
_CONTINUES, _LOW_BITS, _BITS = 0x80, 0x7F, 7


def split_message(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field. Raises ValueError for a damaged message."""
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        kind = key & 0b111
        if kind == _VARINT:
            value, position = _read_varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _read_varint(message, position)
        elif kind in _FIXED_SIZES:
            length = _FIXED_SIZES[kind]
        else:
            raise ValueError(f"a field has wire type {kind}")
        if position + length > len(message):
            raise ValueError("a field is cut off")
        yield key >> 3, message[position : position + length]
        position += length


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    """Return the number at the position, and the position after it."""
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & _LOW_BITS) << shift
        shift += _BITS
        if not byte & _CONTINUES:
            return value, position
    raise ValueError("a number is cut off")
