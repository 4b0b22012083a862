"""Which proxy leads to a URL, by the variables that other tools read: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from envctl.domain.images.image_reference import is_loopback


@dataclass(frozen=True)
class Proxy:
    """`headers` are for itself: they say who one is, where its URL does."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def proxy(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """None where the way is a direct one: always on this machine itself."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    hosts = (host, host.rpartition(":")[0] or host)
    excepted = [name.strip().lower().lstrip(".") for name in _either(environ, "no_proxy").split(",")]
    is_excepted = any(f".{each}".endswith(f".{name}") for name in excepted if name for each in hosts)
    if is_loopback(parts.netloc) or is_excepted or "*" in excepted:
        return None
    found = _either(environ, f"{parts.scheme}_proxy")
    return Proxy(found, _login(found)) if found else None


def _either(environ: Mapping[str, str], name: str) -> str:
    """curl reads the small letters first, and so does everybody after it."""
    return environ.get(name) or environ.get(name.upper()) or ""


def _login(url: str) -> Mapping[str, str]:
    parts = urlsplit(url)
    if not parts.username:
        return {}
    known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(known.encode()).decode()}"}
