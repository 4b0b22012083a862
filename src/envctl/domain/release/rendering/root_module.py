"""Render a stack's root module as Terraform's JSON, and its record of modules. Same input, same bytes, everywhere."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from envctl.domain.release.installed_modules import locate_modules
from envctl.domain.release.place.backend import declare_session
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.place_digest import render_place
from envctl.domain.release.place.provider_keys import list_project_tables
from envctl.domain.release.place.provider_roles import find_region
from envctl.domain.release.remote_modules import encode_module_record, to_record_entry
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.expressions import OutputReference, escape_templates, format_tf_var
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import CODE_FOLDER

NO_MOVES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class RootModule:
    """The root module of a stack: rendered around a module, or as it is with files of envctl."""

    stack: str
    document: Mapping[str, Any]  # the rendered root module; of a root module as it is, the file with its overrides
    # Sensitive settings by Terraform variable, passed by `TF_VAR_` alone.
    secrets: Mapping[str, str] = field(default_factory=dict)
    generated: GeneratedFiles | None = None  # the files beside a root module as it is
    root: str = ""  # its folder in the tree of the stack; empty for a rendered one
    workspace: str = ""  # the workspace that holds the state; empty for the default one
    region: str = ""  # the AWS region of a root module as it is, for Terraform's environment

    def encode(self) -> bytes:
        return (json.dumps(self.document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def render_root_module(
    wiring: Wiring,
    stack: str,
    place: Place,
    arguments: Mapping[str, object],
    *,
    called: str = "",
    secret_values: Collection[str] = (),
    moved: Mapping[str, str] = NO_MOVES,
) -> RootModule:
    """Return the root module of a stack. `called` is the name of the stack in its state, if it has another one.

    `secret_values` are variables with values from `[secrets.values]`, which are no settings. `moved` are new addresses
    by old one, of a stack that had a root module before, or has one now.
    """
    wired = wiring.stacks[stack]
    if wired.root_code is not None:
        from envctl.domain.release.rendering.root_override import render_root_files

        added, passed = render_root_files(
            wiring, stack, place, wired.root_code, arguments, moved=moved, secret_values=secret_values
        )
        workspace = place.backend.workspace_for_stack(stack)
        root = wiring.find_root_folder(stack)
        region = find_region(wiring, stack, place) or ""
        return RootModule(
            stack=stack,
            document=added.override,
            secrets=passed,
            generated=added,
            root=root,
            workspace=workspace,
            region=region,
        )
    # null is no secret, and no TF_VAR_ text stands for it.
    sensitive = {
        v.name: v
        for v in wiring.schema[stack]
        if v.sensitive and (arguments.get(v.name) is not None or v.name in secret_values)
    }
    plain = {name: escape_templates(value) for name, value in arguments.items() if name not in sensitive}
    inputs = {name: f"${{{OutputReference.parse(text).to_expression()}}}" for name, text in wired.inputs.items()}
    secret = {name: f"${{var.{name}}}" for name in sensitive}
    where = render_place(wiring, stack, place)
    document: dict[str, Any] = {
        "terraform": _render_terraform(wiring, where["backend"]),
        "module": {
            stack: {"source": f"../{CODE_FOLDER}/{wiring.to_bundle_path(wired.module)}", **plain, **inputs, **secret}
        },
    }
    if wired.aliases:
        document["module"][stack]["providers"] = {name: name for name in wired.aliases}
    if before := called or wired.moved_from:
        document["moved"] = [{"from": f"module.{before}", "to": f"module.{stack}"}]
    if moved:
        further = [{"from": old, "to": new} for old, new in sorted(moved.items())]
        document["moved"] = [*document.get("moved", ()), *further]
    if where["provider"]:
        document["provider"] = where["provider"]
    if wired.upstream:
        document["data"] = {
            "terraform_remote_state": {name: place.backend.render_remote_state(name) for name in wired.upstream}
        }
    session = declare_session(document.get("provider"), document.get("data"))
    if declared := _declare_variables(sensitive) | session:
        document["variable"] = declared
    if outputs := wiring.outputs.get(stack):
        document["output"] = {
            name: {"value": f"${{module.{stack}.{name}}}", **({"sensitive": True} if secret else {})}
            for name, secret in outputs.items()
        }
    secrets = {
        name: format_tf_var(arguments[name], v.type_text) for name, v in sensitive.items() if name not in secret_values
    }
    return RootModule(stack=stack, document=document, secrets=secrets)


def render_module_record(wiring: Wiring, stack: str) -> bytes:
    """Return the bytes of `modules.json` of a stack, as Terraform writes it; empty without remote modules."""
    modules = [module for module in wiring.modules if module.stack_name == stack]
    if not modules:
        return b""
    entries = [to_record_entry("", "", "", ".")]
    wired, locate = wiring.stacks[stack], wiring.to_bundle_path
    if wired.is_root:
        located = locate_modules(wiring, stack)
        called = [(m.key.partition(".")[2], m.source, m.version, folder) for m, folder in located]
    else:
        source = f"../{CODE_FOLDER}/{locate(wired.module)}"
        called = [(stack, source, "", source)]
        called += [(m.key, m.source, m.version, f"../{CODE_FOLDER}/{locate(m.folder)}") for m in modules]
    return encode_module_record([*entries, *(to_record_entry(*each) for each in called)])


def _render_terraform(wiring: Wiring, backend: Mapping[str, object]) -> dict[str, Any]:
    block: dict[str, Any] = {"backend": backend}
    if wiring.terraform:
        block["required_version"] = wiring.terraform
    required = {
        name: {key: provider[key] for key in ("source", "version") if key in provider}
        for name, provider in wiring.providers.items()
        if "source" in provider
    }
    if required:
        block["required_providers"] = required
    return block


def _declare_variables(sensitive: Mapping[str, Variable]) -> dict[str, Any]:
    return {
        n: {"type": v.type_text, "sensitive": True, **({"ephemeral": True} if v.ephemeral else {})}
        for n, v in sensitive.items()
    }


def list_project_keys(environment: str, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the keys of envctl.toml behind a rendered path, the nearest first.

    A path is like `module`, `web`, `size`, with the stack; or like `provider`, `web`, `aws.us_east_1`, `region`, with
    the stack and the name of a configuration; or like `backend`, `web`, `s3`, `key`.
    """
    rest = path[1:]
    if path[:1] == ("backend",) and len(path) > 3:  # noqa: PLR2004 (its kind, and its key)
        for table in (("stacks", rest[0], "state"), ("state",)):
            for length in range(len(path), 3, -1):
                yield (*table, *path[3:length])
        yield ("state",)
    if path[:1] == ("module",) and len(rest) > 1:
        stack, name = rest[:2]
        yield ("stacks", stack, "inputs", name)
        yield ("stacks", stack, "set", name)
        filled = {"source": ("stacks", stack, "module"), "project": ("project", "name")}
        filled |= {"environment": ("environments", environment), "region": ("environments", environment, "region")}
        if name in filled:
            yield filled[str(name)]
    if path[:1] == ("provider",) and len(rest) > 1:
        yield from _list_provider_keys(environment, str(rest[0]), str(rest[1]), rest[2:])


def _list_provider_keys(
    environment: str, stack: str, name: str, keys: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    tables = list_project_tables(stack, environment, name)
    for table in tables:
        for length in range(len(keys), 0, -1):
            yield (*table, *keys[:length])
    # An AWS provider may have another local name.
    if name.partition(".")[0] == "aws" or (keys and str(keys[0]) in _PROJECT_KEYS):
        yield ("environments", environment, _PROJECT_KEYS.get(str(keys[0]), "") if keys else "account_id")
    yield from tables


_PROJECT_KEYS = {"allowed_account_ids": "account_id", "assume_role": "assume_role", "region": "region"}
