"""Webhooks that are not called, since no container runs here: a real server gives no such warning.

Source: none; this is a helper of the admission webhooks.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Part = Mapping[str, Any]


def warn_of_uncalled(item: Part, live: Part | None) -> Iterator[str]:  # noqa: ARG001 (as the others)
    """Yield a warning for each webhook of a configuration that is not called."""
    for hook in item.get("webhooks") or ():
        if text := describe_uncalled(hook):
            yield text


def describe_uncalled(hook: Part) -> str:
    """Return the warning of a webhook that is not called; empty if it is. A client shows the same text once."""
    client = hook["clientConfig"]
    if service := client.get("service"):
        place = f"{service.get('namespace')}/{service.get('name')}"
        problem = f"kube-api-emulator runs no containers, Service {place} does not answer"
    elif not is_loopback(client.get("url") or ""):
        problem = "kube-api-emulator calls only URLs on loopback"
    else:
        return ""
    return f'webhook "{hook["name"]}" is not called: {problem}'


def is_loopback(url: str) -> bool:
    """Check that the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
