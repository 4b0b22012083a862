"""URLs that people write."""

from urllib.parse import SplitResult, urlsplit


def split_url(text: str) -> SplitResult:
    """Return the parts of a URL; all are empty if it is malformed, such as `//[`."""
    try:
        parts = urlsplit(text)
        # Both are read from the text only now.
        _ = parts.hostname, parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
