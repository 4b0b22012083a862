"""AWS provider configurations used by a plan or its apply.

The document lists each `provider` block with its expressions, and providers required by a module without a block. It
lacks configurations inherited from the parent module, and `dynamic` blocks: those are read from the release's code.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.programs import ConfiguredResources
from envctl.domain.plan.provider_accounts import (
    UNRESOLVED,
    ProviderConfiguration,
    find_provider_kind,
    to_provider_configuration,
)

ProviderEntries = Mapping[str, Mapping[str, Any]]


def parse_provider_configurations(
    document: Mapping[str, Any], *, in_root: bool = False
) -> tuple[ProviderConfiguration, ...]:
    """Return the configurations declared in code, used or not, and the implicit ones of resources without a block.

    `in_root`: the root module is code of the project, with overrides of envctl.
    """
    configuration = document.get("configuration", {})
    entries: ProviderEntries = configuration.get("provider_config", {})
    used = set(_walk_used_keys(configuration.get("root_module", {})))
    inherited = {key for key, entry in entries.items() if _is_inherited(entry, entries)}
    # The document does not name the configuration of these: it may be any of their provider.
    untold = _find_orphaned_providers(document) | {str(entries[key].get("full_name")) for key in used & inherited}
    counted = [
        entry
        for key, entry in entries.items()
        if key not in inherited
        and (entry.get("expressions") or entry.get("alias") or key in used or entry.get("full_name") in untold)
    ]
    default = {each.get("full_name", "") for each in counted if not (each.get("module_address") or each.get("alias"))}
    made_up = [_build_implicit_entry(key) for key in used - entries.keys()]
    made_up += [_build_implicit_entry(name.rpartition("/")[2]) for name in untold - default]
    described = filter(None, (_parse_entry(entry, in_root=in_root) for entry in (*counted, *made_up)))
    return tuple(sorted(described, key=lambda each: (each.module, each.name)))


def _parse_entry(entry: Mapping[str, Any], *, in_root: bool) -> ProviderConfiguration | None:
    kind = find_provider_kind(entry.get("full_name") or entry["name"])
    if kind is None:
        return None
    name = f"{entry['name']}.{entry['alias']}" if entry.get("alias") else entry["name"]
    arguments = {key: _resolve_expression(expression) for key, expression in entry.get("expressions", {}).items()}
    module = entry.get("module_address", "")
    return to_provider_configuration(name, kind, arguments, module, in_root=in_root and not module)


def _resolve_expression(expression: object) -> object:
    """Return the constant of an attribute, the arguments of a block, or UNRESOLVED for a reference."""
    if isinstance(expression, list):
        return [_resolve_expression(each) for each in expression]
    if not isinstance(expression, Mapping):
        return UNRESOLVED
    if "constant_value" in expression:
        return expression["constant_value"]
    is_attribute = not expression or isinstance(expression.get("references"), list)
    return UNRESOLVED if is_attribute else {key: _resolve_expression(each) for key, each in expression.items()}


def _walk_used_keys(module: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("resources", "actions"):
        for each in module.get(kind, ()):
            if key := each.get("provider_config_key"):
                yield key
    for call in module.get("module_calls", {}).values():
        yield from _walk_used_keys(call.get("module", {}))


def _find_orphaned_providers(document: Mapping[str, Any]) -> set[str]:
    """Return the providers of resources in the state without code."""
    code = ConfiguredResources.from_document(document)
    changes = document.get("resource_changes", ())
    return {raw.get("provider_name", "") for raw in changes if not code.find_resource(raw)} - {""}


def _is_inherited(entry: Mapping[str, Any], entries: ProviderEntries) -> bool:
    """Return whether a module only requires the provider, and inherits the configuration of a module above it. An empty
    `provider` block looks the same: it must be one if the parent module has the same provider.
    """
    module = entry.get("module_address", "")
    if not module or entry.get("alias") or entry.get("expressions"):
        return False
    parent = module.rpartition(".module.")[0]
    parent_entry = entries.get(f"{parent}:{entry['name']}" if parent else entry["name"])
    return parent_entry is None or parent_entry.get("full_name") != entry.get("full_name")


def _build_implicit_entry(key: str) -> dict[str, str]:
    """Build the empty configuration Terraform uses for a key without a block."""
    module, _, name = key.rpartition(":")
    name, _, alias = name.partition(".")
    return {"name": name, "full_name": name, "alias": alias, "module_address": module}
