"""Developer overrides of locked providers: allowed in the entry environment, as no evidence."""

from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import UnpinnedProvider


def require_pinned(context: Context, environment: str) -> None:
    """Raise ConfigurationError if a provider is overridden; only warn in the entry environment."""
    found = context.ports.terraform.find_unpinned_providers()
    if found and environment != context.project.entry:
        raise ConfigurationError(*(_override_problem(each, environment) for each in found))
    for each in found:
        at = f" ({each.location})" if each.location else ""
        message = f"{each.said_by} replaces the provider {each.address}{at}"
        context.ports.observer.on_message(f"{message}: what is deployed with it proves nothing")


def require_pinned_for_evidence(ports: Ports, environment: str) -> None:
    """Raise ConfigurationError if a provider is overridden, in any environment: results are recorded."""
    if found := ports.terraform.find_unpinned_providers():
        raise ConfigurationError(*(_override_problem(each, environment) for each in found))


def find_unpinned(ports: Ports) -> tuple[str, ...]:
    """Return the distinct addresses of overridden providers."""
    return tuple(sorted({each.address for each in ports.terraform.find_unpinned_providers()}))


def _override_problem(each: UnpinnedProvider, environment: str) -> Problem:
    message = f"{each.said_by} replaces the provider {each.address}: {environment} takes only what the release pins"
    name = "TF_CLI_CONFIG_FILE=/dev/null for this command" if each.location else f"unset {each.said_by}"
    hint = f"remove it, or set {name}" if each.location else name
    return Problem("E041", message, hint, each.location)
