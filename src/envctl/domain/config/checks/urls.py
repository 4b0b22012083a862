"""URLs that a check may ask."""

from urllib.parse import urlsplit, urlunsplit


def http_url(text: str) -> str:
    """The text, if it is one. A ValueError's message continues a sentence that begins with where the text comes from;
    it never repeats the text, which may hold a password.
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


def with_path(url: str, path: str) -> str:
    """The path is appended to the URL's own; a query behind it takes the place of the URL's."""
    parts = urlsplit(url)
    path, _, query = path.partition("?")
    joined = f"{parts.path.rstrip('/')}{path}" if path else parts.path
    return urlunsplit((parts.scheme, parts.netloc, joined, query or parts.query, ""))
