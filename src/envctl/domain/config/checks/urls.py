"""URLs of checks."""

from urllib.parse import urlsplit, urlunsplit


def check_http_url(text: str) -> str:
    """Return the text if it is a valid HTTP URL. Raises ValueError. The message continues a sentence after the source
    of the text. It never contains the text: it may hold a password.
    """
    if not text.isprintable() or " " in text:
        raise ValueError("must be a URL without spaces and control characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or "\\" in parts.netloc:
        raise ValueError('must be a URL with http or https, such as "https://shop.example.com"')
    if "@" in parts.netloc:
        raise ValueError("must be a URL without a user name or a password")
    return text


def append_path(url: str, path: str) -> str:
    """Return the URL with `path` appended. A query in `path` replaces the one of the URL."""
    parts = urlsplit(url)
    path, _, query = path.partition("?")
    joined = f"{parts.path.rstrip('/')}{path}" if path else parts.path
    return urlunsplit((parts.scheme, parts.netloc, joined, query or parts.query, ""))
