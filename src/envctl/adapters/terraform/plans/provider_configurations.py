"""The configurations of AWS providers that a plan, or its apply, works with.

The document lists each `provider` block, with the expressions of its keys, and what modules require without a block. It
leaves out what a module has from the one above it, and `dynamic` blocks: those are read from the code of the release.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.programs import Code
from envctl.domain.plan.provider_accounts import UNTOLD, ProviderConfiguration, describe_configuration, kind_of

Entries = Mapping[str, Mapping[str, Any]]


def provider_configurations(document: Mapping[str, Any]) -> tuple[ProviderConfiguration, ...]:
    """Those that the code declares, whether a resource uses them by now or not, and those that Terraform makes up
    because a resource needs one and there is no block.
    """
    configuration = document.get("configuration", {})
    entries: Entries = configuration.get("provider_config", {})
    used = set(_used(configuration.get("root_module", {})))
    inherited = {key for key, entry in entries.items() if _is_inherited(entry, entries)}
    # Which configuration these have is not told: it may be any of their provider.
    untold = _orphaned(document) | {str(entries[key].get("full_name")) for key in used & inherited}
    counted = [
        entry
        for key, entry in entries.items()
        if key not in inherited
        and (entry.get("expressions") or entry.get("alias") or key in used or entry.get("full_name") in untold)
    ]
    made_up = [_made_up(key) for key in used - entries.keys()]
    made_up += [_made_up(name.rpartition("/")[2]) for name in untold - _defaults(counted)]
    described = filter(None, map(_describe, (*counted, *made_up)))
    return tuple(sorted(described, key=lambda each: (each.module, each.name)))


def _describe(entry: Mapping[str, Any]) -> ProviderConfiguration | None:
    kind = kind_of(entry.get("full_name") or entry["name"])
    if kind is None:
        return None
    name = f"{entry['name']}.{entry['alias']}" if entry.get("alias") else entry["name"]
    return describe_configuration(name, kind, _said(entry.get("expressions", {})), entry.get("module_address", ""))


def _said(expressions: Mapping[str, Any]) -> dict[str, object]:
    return {key: _value(expression) for key, expression in expressions.items()}


def _value(expression: object) -> object:
    """An attribute has a constant or what it refers to, and a block has attributes."""
    if isinstance(expression, list):
        return [_value(each) for each in expression]
    if not isinstance(expression, Mapping):
        return UNTOLD
    if "constant_value" in expression:
        return expression["constant_value"]
    is_attribute = not expression or isinstance(expression.get("references"), list)
    return UNTOLD if is_attribute else _said(expression)


def _used(module: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("resources", "actions"):
        for each in module.get(kind, ()):
            if key := each.get("provider_config_key"):
                yield key
    for call in module.get("module_calls", {}).values():
        yield from _used(call.get("module", {}))


def _orphaned(document: Mapping[str, Any]) -> set[str]:
    """The providers of resources that are in the state and not in the code."""
    code = Code.of(document)
    changes = document.get("resource_changes", ())
    return {raw.get("provider_name", "") for raw in changes if not code.about(raw)} - {""}


def _is_inherited(entry: Mapping[str, Any], entries: Entries) -> bool:
    """Whether a module that only requires a provider has the configuration of a module above it. An empty `provider`
    block looks the same, and where the module right above has one of that name it can be nothing else.
    """
    module = entry.get("module_address", "")
    if not module or entry.get("alias") or entry.get("expressions"):
        return False
    above = _above(module)
    beside = entries.get(f"{above}:{entry['name']}" if above else entry["name"])
    return beside is None or beside.get("full_name") != entry.get("full_name")


def _above(module: str) -> str:
    return module.rpartition(".module.")[0]


def _defaults(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    """The providers of which the root module has a configuration without an alias."""
    return {
        entry.get("full_name", "") for entry in entries if not entry.get("module_address") and not entry.get("alias")
    }


def _made_up(key: str) -> dict[str, str]:
    """What Terraform makes of a key without an entry: a configuration that says nothing."""
    module, _, name = key.rpartition(":")
    name, _, alias = name.partition(".")
    return {"name": name, "full_name": name, "alias": alias, "module_address": module}
