"""A small encoder of protobuf. No tests."""


def encode_body(version: str, kind: str, content: bytes) -> bytes:
    """Return a body as a client in Go sends it."""
    type_ = field(1, version.encode()) + field(2, kind.encode())
    return b"k8s\x00" + field(1, type_) + field(2, content)


def field(key: int, content: bytes) -> bytes:
    """Return a field with a message, a text or bytes."""
    return _encode_number(key << 3 | 2) + _encode_number(len(content)) + content


def number(key: int, value: int) -> bytes:
    return _encode_number(key << 3) + _encode_number(value)


def _encode_number(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
