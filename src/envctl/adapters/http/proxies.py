"""Which proxy leads to a URL, by the variables that other tools read: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from envctl.domain.images.image_reference import is_loopback
from envctl.domain.text.urls import split_url


@dataclass(frozen=True)
class Proxy:
    """A proxy with the headers for itself: its authorization, if its URL holds a login."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def find_proxy(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a URL; None for a direct connection, as always to this machine itself."""
    parts = split_url(url)
    host = parts.netloc.lower()
    hosts = (host, host.rpartition(":")[0] or host)
    # Like curl, and all others after it: the lower-case variable first.
    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    excepted = [name.strip().lower().lstrip(".") for name in no_proxy.split(",")]
    is_excepted = any(f".{each}".endswith(f".{name}") for name in excepted if name for each in hosts)
    if is_loopback(parts.netloc) or is_excepted or "*" in excepted:
        return None
    name = f"{parts.scheme}_proxy"
    proxy_url = environ.get(name) or environ.get(name.upper())
    return to_proxy(proxy_url) if proxy_url else None


def to_proxy(proxy_url: str) -> Proxy:
    login = split_url(proxy_url)
    if not login.username:
        return Proxy(proxy_url)
    credentials = f"{unquote(login.username)}:{unquote(login.password or '')}"
    return Proxy(proxy_url, {"proxy-authorization": f"Basic {b64encode(credentials.encode()).decode()}"})
