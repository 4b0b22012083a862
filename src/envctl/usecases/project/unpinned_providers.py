"""Providers that a developer puts in place of those which the lock pins: allowed where code enters, and they prove
nothing.
"""

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import UnpinnedProvider


def require_pinned(ports: Ports, project: Project, environment: str) -> None:
    """Raises ConfigurationError where a provider is replaced. In the entry environment it is only remarked upon."""
    found = ports.terraform.unpinned()
    if found and environment != project.entry:
        raise ConfigurationError(*(_refuse(each, environment) for each in found))
    for each in found:
        ports.observer.said(f"{_describe(each)}: what is deployed with it proves nothing")


def require_pinned_for_evidence(ports: Ports, environment: str) -> None:
    """Raises ConfigurationError where a provider is replaced, wherever that is: what is found would be recorded."""
    if found := ports.terraform.unpinned():
        raise ConfigurationError(*(_refuse(each, environment) for each in found))


def find_unpinned(ports: Ports) -> tuple[str, ...]:
    """Returns the addresses, each once."""
    return tuple(sorted({each.address for each in ports.terraform.unpinned()}))


def _describe(each: UnpinnedProvider) -> str:
    at = f" ({each.location})" if each.location else ""
    return f"{each.said_by} replaces the provider {each.address}{at}"


def _refuse(each: UnpinnedProvider, environment: str) -> Problem:
    message = f"{each.said_by} replaces the provider {each.address}: {environment} takes only what the release pins"
    name = "TF_CLI_CONFIG_FILE=/dev/null for this command" if each.location else f"unset {each.said_by}"
    hint = f"remove it, or set {name}" if each.location else name
    return Problem("E041", message, hint, each.location)
