"""Files that envctl adds to a root module that runs as it is, and the files of the release that such a root needs.

Terraform runs in the folder of the root, in a tree with the relative layout of the release. An override file, read
after all others, holds the backend and the parts of the providers that belong to the environment. In an override,
arguments replace those of the root one by one, and nested blocks replace all blocks of their kind.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from envctl.domain.plan.provider_accounts import (
    ProviderConfiguration,
    find_last_role,
    parse_role_account,
    to_provider_configuration,
)
from envctl.domain.release.bundle import File, Release, StackWiring, Wiring
from envctl.domain.release.place import Backend, Place, list_default_tags, merge_tables, render_assume_role
from envctl.domain.release.root_code import RootCode, RootProvider
from envctl.domain.terraform.expressions import OutputReference, escape_templates, format_tf_var, to_plain_json
from envctl.domain.terraform.generated_files import GeneratedFiles, list_json_providers
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER, SESSION_VARIABLE

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


def list_tree_files(release: Release, stack: str) -> Mapping[str, File]:
    """Return the files of a release that the tree of a root needs beside its remote modules, by their paths there."""
    code = release.wiring.stacks[stack].root_code or RootCode()
    # The tree of a root that is the project folder has all others: the modules are where Terraform installs them.
    needed = tuple(f"{folder}/" for folder in code.tree if folder != REMOTE_MODULES_FOLDER)
    locate = release.wiring.to_bundle_path
    return {locate(path): file for path, file in release.files.items() if path.startswith(needed) or path in code.tree}


def render_root_files(
    wiring: Wiring,
    stack: str,
    place: Place,
    code: RootCode,
    arguments: Mapping[str, object],
    *,
    moved: Mapping[str, str],
    secret_values: Collection[str] = (),
) -> tuple[GeneratedFiles, dict[str, str]]:
    """Return the generated files of a root module that runs as it is, and the settings passed by `TF_VAR_` alone.

    `moved` are new addresses by old one. `secret_values` are variables with values from `[secrets.values]`.
    """
    wired = wiring.stacks[stack]
    # null is no secret, and no TF_VAR_ text stands for it.
    sensitive = {v.name: v for v in wiring.schema[stack] if v.sensitive and arguments.get(v.name) is not None}
    override: dict[str, Any] = {
        "terraform": {
            "backend": {
                place.backend.kind: place.backend.settings_for_stack(stack, root=wiring.find_root_folder(stack))
            }
        }
    }
    if providers := render_provider_overrides(wiring, stack, place, code):
        override["provider"] = providers
    if states := render_state_overrides(place, code):
        override["data"] = {"terraform_remote_state": states}
    variables: dict[str, dict[str, object]] = {
        name: {"sensitive": True} for name in _find_sensitive_inputs(wiring, wired)
    }
    for each in wiring.schema[stack]:
        if each.type_text == "any" and (each.name in sensitive or each.name in secret_values):
            # Terraform reads TF_VAR_ of a variable without a type as plain text, and of any type as an expression.
            variables[each.name] = {"type": "any"}
    if variables:
        override["variable"] = variables
    settings = {name: to_plain_json(value) for name, value in arguments.items() if name not in sensitive}
    secrets = {name: format_tf_var(arguments[name], v.type_text) for name, v in sensitive.items()}
    return GeneratedFiles(override, _declare(wiring, place, code, moved), settings, _list_kinds(code)), secrets


def find_json_providers(wiring: Wiring, stack: str, place: Place, code: RootCode) -> tuple[str, ...]:
    """Return the providers with a table of the project that only a file in JSON can override."""
    return list_json_providers({"provider": render_provider_overrides(wiring, stack, place, code)}, _list_kinds(code))


def _list_kinds(code: RootCode) -> dict[str, str]:
    return {provider.name: provider.kind for provider in code.providers}


def list_stack_inputs(wiring: Wiring, stack: str, backend: Backend) -> tuple[StackInput, ...]:
    """Return the variables of a root, or of Kubernetes objects, that come from other stacks; none for a rendered root
    module.
    """
    wired = wiring.stacks[stack]
    if wired.is_module:
        return ()
    types = {variable.name: variable.type_text for variable in wiring.schema[stack]}
    found = []
    for variable, text in sorted(wired.inputs.items()):
        found.append(locate_output(wiring, backend, variable, types.get(variable, "any"), text))
    return tuple(found)


def locate_output(wiring: Wiring, backend: Backend, variable: str, type_text: str, text: str) -> StackInput:
    """Return a variable that comes from an output, written as in `inputs`, with the place of the other state."""
    reference = OutputReference.parse(text)
    return StackInput(
        variable=variable,
        type_text=type_text,
        stack=reference.stack,
        root=wiring.find_root_folder(reference.stack),
        workspace=backend.workspace_for_stack(reference.stack),
        output=reference.output,
        path=reference.path,
    )


def pair_addresses(name: str, old_name: str, old: StackWiring, new: StackWiring) -> dict[str, str]:
    """Return the new addresses by old one of a stack that had a module and now has a root module, or vice versa."""
    if old.root_code is not None and new.root_code is None:
        own = (each for each in old.root_code.addresses if each != f"module.{name}")
        return {address: f"module.{name}.{address}" for address in own}
    if old.root_code is None and new.root_code is not None:
        code = new.root_code
        if f"module.{old_name}" in code.addresses:
            # Terraform would take its resources for those of the stack.
            return {}
        # Each address has one source: moves of the root go on from the old address.
        sources = {to: each for each, to in code.moved}
        return {f"module.{old_name}.{each}": sources.get(each, each) for each in code.addresses}
    return {}


def render_state_overrides(place: Place, code: RootCode) -> dict[str, Any]:
    """Return the overrides of data sources that read states in S3: they take the role that the environment's states
    need. A role in their own code wins.
    """
    role = place.backend.settings.get("assume_role") if place.backend.kind == "s3" else None
    role = role or (render_assume_role(place, "envctl") if place.assume_role else None)
    if not role:
        return {}
    added = json.dumps({"assume_role": escape_templates(role)}, sort_keys=True)
    return {name: {"config": f"${{merge({added}, {config})}}"} for name, config in code.remote_states.items()}


def _find_sensitive_inputs(wiring: Wiring, wired: StackWiring) -> Iterator[str]:
    """Yield the variables that take a sensitive output of another stack."""
    for name, text in sorted(wired.inputs.items()):
        reference = OutputReference.parse(text)
        if wiring.outputs.get(reference.stack, {}).get(reference.output):
            yield name


def _declare(wiring: Wiring, place: Place, code: RootCode, moved: Mapping[str, str]) -> dict[str, Any]:
    """Return the declarations beside those of the root: Terraform checks every constraint on its version."""
    declared: dict[str, Any] = {}
    if wiring.terraform:
        declared["terraform"] = {"required_version": wiring.terraform}
    if moved:
        declared["moved"] = [{"from": old, "to": new} for old, new in sorted(moved.items())]
    if takes_session(place, code):
        declared["variable"] = {SESSION_VARIABLE: {"type": "string", "default": "envctl"}}
    return declared


def takes_session(place: Place, code: RootCode) -> bool:
    """Tell if an override of the root names the session."""
    return bool(place.assume_role) and any(is_of_environment(each, place) for each in code.providers)


def is_of_environment(provider: RootProvider, place: Place) -> bool:
    """Tell if a configuration gets the credentials of the environment; others name an account by themselves."""
    if not provider.is_separate:
        return True
    home = place.account_id or parse_role_account(place.assume_role or "")
    return provider.allowed == (home,) and not provider.role and not provider.credentials and not provider.unresolved


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
        return {**_restrict_to_account(place, provider), **_name_account(provider, tables), **tables}
    override: dict[str, Any] = {}
    if region := find_region(wiring, stack, place) if not (provider.alias and provider.has_region) else None:
        override["region"] = region
    if place.assume_role:
        role = render_assume_role(place, f"${{var.{SESSION_VARIABLE}}}")
        # awscc takes one role as an object.
        override["assume_role"] = role if provider.kind == "awscc" else [role]
    if place.account_id and provider.kind == "aws":
        override["allowed_account_ids"] = [place.account_id]
    if place.assume_role or place.account_id:
        override |= dict.fromkeys(_NULLABLE.intersection(provider.credentials))
    if wiring.stacks[stack].has_default_tags and provider.kind == "aws" and not provider.has_default_tags:
        override["default_tags"] = [{"tags": list_default_tags(wiring, place, stack)}]
    return {**override, **_name_account(provider, tables), **tables}


def _restrict_to_account(place: Place, provider: RootProvider) -> dict[str, Any]:
    """Return the override of a configuration with credentials of its own: they stay, in the account that it names."""
    account = parse_role_account(provider.role)
    if provider.kind != "aws":
        return {}
    override: dict[str, Any] = {}
    if replaced := place.replaced_roles.get(provider.role):
        if replaced["role_arn"] == place.assume_role:
            override["assume_role"] = [render_assume_role(place, f"${{var.{SESSION_VARIABLE}}}")]
        else:
            override["assume_role"] = [dict(replaced)]
    if account and not provider.allowed:
        override["allowed_account_ids"] = [account]
    return override


def _name_account(provider: RootProvider, tables: Mapping[str, object]) -> dict[str, Any]:
    """Return the account of a role that the project gives to the configuration."""
    role = find_last_role(tables.get("assume_role"))
    account = parse_role_account(role) if isinstance(role, str) else ""
    return {"allowed_account_ids": [account]} if account and provider.kind == "aws" else {}


def find_region(wiring: Wiring, stack: str, place: Place) -> str | None:
    """Return the region of a stack in an environment, if it has one."""
    named = wiring.stacks[stack].region
    return place.regions.get(named) if named else place.region


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
