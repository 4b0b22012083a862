"""Bytes in gzip: always the same for the same content, and never unpacked into more than anybody needs."""

import gzip
import zlib

PACKED = b"\x1f\x8b"
"""How it begins."""
LARGEST = 1 << 30
"""Bytes. Whoever may write into the store can pack much into little."""


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def unpacked(data: bytes) -> bytes:
    """Raises ValueError for what is not gzip and no more, or holds too much."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(data, LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("cut off, too large, or with something behind it")
    return found
