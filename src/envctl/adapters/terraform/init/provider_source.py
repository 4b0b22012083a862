"""Source of provider downloads: the plugin cache, a mirror of the CLI configuration, or a registry."""

import os
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from envctl.adapters.http.proxies import find_proxy
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.cli_configuration import DEFAULT_REGISTRY
from envctl.usecases.ports.terraform import ProviderSource

TIMEOUT_SECONDS = 3.0


def find_source(
    environment: Mapping[str, str], providers: Mapping[str, str], *, knock: bool, patience: float = TIMEOUT_SECONDS
) -> ProviderSource:
    """Return the source of the providers. With `knock`, a registry is tried if no cache or mirror has them all."""
    cache = Path(environment.get("TF_PLUGIN_CACHE_DIR", ""))
    if providers and all((cache / address / version).is_dir() for address, version in providers.items()):
        return ProviderSource("cache", os.fspath(cache))
    for method in cli_configuration.parse_install_methods(environment):
        if method.kind == "network":
            return ProviderSource("mirror", method.where)
        if method.kind == "filesystem":
            missing = "" if Path(method.where).is_dir() else "no such folder"
            return ProviderSource("mirror", method.where, asked=True, problem=missing)
    hosts = sorted({address.partition("/")[0] for address in providers}) or [DEFAULT_REGISTRY]
    if not knock:
        return ProviderSource("registry", ", ".join(hosts))
    problems = {host: problem for host in hosts if (problem := _check_host(host, environment, patience))}
    texts = [f"{host}: {problem}" for host, problem in problems.items()] if len(hosts) > 1 else list(problems.values())
    return ProviderSource("registry", ", ".join(hosts), asked=True, problem="; ".join(texts))


def _check_host(host: str, environment: Mapping[str, str], patience: float) -> str:
    """Return the reason why a registry does not respond, or an empty string."""
    url = f"https://{host}/.well-known/terraform.json"
    route = find_proxy(url, environment)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": route.url} if route else {}))
    try:
        with opener.open(url, timeout=patience):
            return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", "") or error)
