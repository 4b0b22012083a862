"""Files that envctl adds to a root module that runs as it is, and the files of the release that such a root needs.

Terraform runs in the folder of the root, in a tree with the relative layout of the release. An override file, read
after all others, holds the backend and the parts of the providers that belong to the environment. In an override,
arguments replace those of the root one by one, and nested blocks replace all blocks of their kind.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.place.backend import Backend, declare_session, list_reads, pass_session
from envctl.domain.release.place.environment_place import Place, render_assume_role
from envctl.domain.release.place.place_digest import render_place
from envctl.domain.release.place.provider_overrides import render_provider_overrides
from envctl.domain.release.root_code import RootCode
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.expressions import OutputReference, escape_templates, format_tf_var, to_plain_json
from envctl.domain.terraform.generated_files import GeneratedFiles, list_json_providers
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER, USUAL_SESSION


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
    where = render_place(wiring, stack, place)
    override: dict[str, Any] = {"terraform": {"backend": where["backend"]}}
    if where["provider"]:
        override["provider"] = where["provider"]
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
    declared = _declare(wiring, moved, declare_session(override.get("provider"), override.get("data")))
    return GeneratedFiles(override, declared, settings, _list_kinds(code)), secrets


def find_json_providers(wiring: Wiring, stack: str, place: Place, code: RootCode) -> tuple[str, ...]:
    """Return the providers with a table of the project that only a file in JSON can override."""
    return list_json_providers({"provider": render_provider_overrides(wiring, stack, place, code)}, _list_kinds(code))


def _list_kinds(code: RootCode) -> dict[str, str]:
    return {provider.name: provider.kind for provider in code.providers}


def list_stack_inputs(wiring: Wiring, stack: str, backend: Backend) -> tuple[StackInput, ...]:
    """Return the variables of a root, or of objects, that come from other stacks; none for a rendered root module."""
    return () if wiring.stacks[stack].is_module else list_reads(wiring, stack, backend)


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
    role = role or (render_assume_role(place, USUAL_SESSION) if place.assume_role else None)
    if not role:
        return {}
    added = json.dumps({"assume_role": pass_session(escape_templates(role))}, sort_keys=True)
    return {name: {"config": f"${{merge({added}, {config})}}"} for name, config in code.remote_states.items()}


def _find_sensitive_inputs(wiring: Wiring, wired: StackWiring) -> Iterator[str]:
    """Yield the variables that take a sensitive output of another stack."""
    for name, text in sorted(wired.inputs.items()):
        reference = OutputReference.parse(text)
        if wiring.outputs.get(reference.stack, {}).get(reference.output):
            yield name


def _declare(wiring: Wiring, moved: Mapping[str, str], variables: Mapping[str, object]) -> dict[str, Any]:
    """Return the declarations beside those of the root: Terraform checks every constraint on its version."""
    declared: dict[str, Any] = {}
    if wiring.terraform:
        declared["terraform"] = {"required_version": wiring.terraform}
    if moved:
        declared["moved"] = [{"from": old, "to": new} for old, new in sorted(moved.items())]
    if variables:
        declared["variable"] = variables
    return declared
