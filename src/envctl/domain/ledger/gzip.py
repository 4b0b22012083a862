"""Reproducible gzip bytes, decompressed up to a size limit."""

import gzip
import zlib

GZIP_MAGIC = b"\x1f\x8b"
"""First bytes of a gzip file."""
MAX_BYTES = 1 << 30
"""Limit of decompressed bytes, against decompression bombs by anyone with write access to the store."""


def compress_bytes(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def decompress_bytes(data: bytes) -> bytes:
    """Return the content. Raises ValueError for anything but one complete gzip member of at most MAX_BYTES."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("cut off, too large, or with extra bytes at the end")
    return found
