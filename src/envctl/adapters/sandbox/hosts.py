"""Which hosts the sandbox answers for. Everything else is refused, so that nothing reaches the internet by accident."""

import re

_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?")
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws")
_HTTPS_PORT = "443"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})

# A provider that is not in the mirror comes from its registry, which the proxy must not be asked for.
REGISTRY_HOSTS = (
    "registry.terraform.io",
    "releases.hashicorp.com",
    "registry.opentofu.org",
    "github.com",
    "objects.githubusercontent.com",
    "release-assets.githubusercontent.com",
)


def aws_host(authority: str) -> str | None:
    """The host of a CONNECT target such as `sts.amazonaws.com:443`; None where the sandbox does not answer for it."""
    host, _, port = authority.lower().partition(":")
    host = host.removesuffix(".")
    if port != _HTTPS_PORT or not _NAME.fullmatch(host) or ".." in host:
        return None
    return host if host.endswith(_AWS_DOMAINS) else None


def is_loopback(authority: str) -> bool:
    """Whether a Host header names this machine: a page in a browser must not reach the sandbox by a name of its own."""
    return authority.lower().partition(":")[0] in _LOOPBACK_NAMES
