"""Where providers would be taken from now: the plugin cache, a mirror that the CLI configuration names, a registry."""

import os
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from envctl.adapters.http.proxies import proxy
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.cli_configuration import REGISTRY
from envctl.usecases.ports.terraform import ProviderSource

SECONDS = 3.0


def find(
    environment: Mapping[str, str], providers: Mapping[str, str], *, knock: bool, patience: float = SECONDS
) -> ProviderSource:
    """The network is asked only where nothing nearer has them all."""
    cache = Path(environment.get("TF_PLUGIN_CACHE_DIR", ""))
    if providers and all((cache / address / version).is_dir() for address, version in providers.items()):
        return ProviderSource("cache", os.fspath(cache))
    for method in cli_configuration.methods(environment):
        if method.kind == "network":
            return ProviderSource("mirror", method.where)
        if method.kind == "filesystem":
            missing = "" if Path(method.where).is_dir() else "there is no such folder"
            return ProviderSource("mirror", method.where, asked=True, problem=missing)
    hosts = sorted({address.partition("/")[0] for address in providers}) or [REGISTRY]
    if not knock:
        return ProviderSource("registry", ", ".join(hosts))
    problems = {host: problem for host in hosts if (problem := _unreachable(host, environment, patience))}
    told = [f"{host}: {problem}" for host, problem in problems.items()] if len(hosts) > 1 else list(problems.values())
    return ProviderSource("registry", ", ".join(hosts), asked=True, problem="; ".join(told))


def _unreachable(host: str, environment: Mapping[str, str], patience: float) -> str:
    """Why nobody answers there, or an empty text."""
    url = f"https://{host}/.well-known/terraform.json"
    way = proxy(url, environment)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": way.url} if way else {}))
    try:
        with opener.open(url, timeout=patience):
            return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", "") or error)
