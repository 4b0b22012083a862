"""The provider configurations of a root module that runs as it is, under the override of envctl."""

from dataclasses import replace
from typing import Any

from envctl.domain.plan.provider_accounts import ProviderConfiguration, to_provider_configuration
from envctl.domain.release.place.default_tags import list_default_tags
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.provider_keys import merge_tables
from envctl.domain.release.place.provider_roles import (
    find_region,
    is_of_environment,
    name_account,
    render_role,
    restrict_to_account,
)
from envctl.domain.release.root_code import RootCode, RootProvider
from envctl.domain.release.wiring import Wiring

_NULLABLE = frozenset(
    (
        "access_key",
        "profile",
        "secret_key",
        "shared_config_files",
        "shared_credentials_file",
        "shared_credentials_files",
        "token",
    )
)
"""Arguments with credentials that an override can empty."""


def render_provider_overrides(wiring: Wiring, stack: str, place: Place, code: RootCode) -> dict[str, Any]:
    """Return the overrides of the provider configurations of a root: only of providers that its code needs."""
    found: dict[str, list[dict[str, Any]]] = {}
    for provider in code.providers:
        if override := _render_override(wiring, stack, place, provider):
            called = {"alias": provider.alias} if provider.alias else {}
            found.setdefault(provider.name, []).append({**called, **override})
    known = {provider.address for provider in code.providers}
    for name in sorted({*wiring.providers, *wiring.stacks[stack].providers, *place.providers} - known):
        base, _, alias = name.partition(".")
        if base in code.needed:
            keys = _select_alias_keys(wiring, stack, place, name) if alias else merge_tables(wiring, place, stack, name)
            found.setdefault(base, []).append({**({"alias": alias} if alias else {}), **keys})
    return {name: blocks[0] if len(blocks) == 1 else blocks for name, blocks in found.items()}


def _select_alias_keys(wiring: Wiring, stack: str, place: Place, name: str) -> dict[str, Any]:
    """Return the keys that tables of the project have for an alias: it keeps its own ones otherwise."""
    own = {*wiring.stacks[stack].providers.get(name, {}), *place.providers.get(name, {})}
    return {key: value for key, value in merge_tables(wiring, place, stack, name).items() if key in own}


def _render_override(wiring: Wiring, stack: str, place: Place, provider: RootProvider) -> dict[str, Any]:
    if provider.alias:
        tables = _select_alias_keys(wiring, stack, place, provider.address)
    else:
        tables = merge_tables(wiring, place, stack, provider.name)
    if provider.alias and not is_of_environment(provider, place):
        return {**restrict_to_account(place, provider), **name_account(provider, tables), **tables}
    override: dict[str, Any] = {}
    if region := find_region(wiring, stack, place) if not (provider.alias and provider.has_region) else None:
        override["region"] = region
    if place.assume_role:
        role = render_role(place)
        # awscc takes one role as an object.
        override["assume_role"] = role if provider.kind == "awscc" else [role]
    if place.account_id and provider.kind == "aws":
        override["allowed_account_ids"] = [place.account_id]
    if place.assume_role or place.account_id:
        override |= dict.fromkeys(_NULLABLE.intersection(provider.credentials))
    if wiring.stacks[stack].has_default_tags and provider.kind == "aws" and not provider.has_default_tags:
        override["default_tags"] = [{"tags": list_default_tags(wiring, place, stack)}]
    return {**override, **name_account(provider, tables), **tables}


def to_effective_configuration(
    wiring: Wiring, stack: str, place: Place, provider: RootProvider
) -> ProviderConfiguration:
    """Return the configuration that Terraform sees: that of the root under its override."""
    written = provider.to_configuration()
    override = _render_override(wiring, stack, place, provider)
    added = to_provider_configuration(provider.address, provider.kind, override)
    if "assume_role" in override:
        written = replace(written, role=added.role, unresolved=_without(written.unresolved, "assume_role"))
    if "allowed_account_ids" in override:
        rest = _without(written.unresolved, "allowed_account_ids")
        written = replace(written, allowed=added.allowed, unresolved=rest)
    if "endpoints" in override:
        written = replace(written, endpoints=added.endpoints)
    credentials = tuple(key for key in written.credentials if override.get(key, key) is not None)
    return replace(written, credentials=credentials)


def _without(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(each for each in keys if each != key)
