"""The hosts served by the sandbox. The proxy refuses all others: no request reaches the internet by accident."""

import re

_NAME = r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?"
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws")
_CLUSTER_ENDPOINT = re.compile(r"[0-9a-f]{32}\.gr7\.[a-z0-9-]+\.eks\.amazonaws\.com(\.cn)?")
_HTTPS_PORT = "443"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})


def parse_aws_host(authority: str) -> str | None:
    """Return the host of a CONNECT target such as `sts.amazonaws.com:443`, or None if the sandbox does not serve it."""
    host, _, port = authority.lower().partition(":")
    host = host.removesuffix(".")
    if port != _HTTPS_PORT or not re.fullmatch(_NAME, host) or ".." in host:
        return None
    return host if host.endswith(_AWS_DOMAINS) else None


def is_cluster_endpoint(host: str) -> bool:
    """Check that a host is the endpoint of a cluster of EKS."""
    return _CLUSTER_ENDPOINT.fullmatch(host) is not None


def is_loopback(authority: str) -> bool:
    """Check that a Host header names this machine, against DNS rebinding by a page in a browser."""
    return authority.lower().partition(":")[0] in _LOOPBACK_NAMES
