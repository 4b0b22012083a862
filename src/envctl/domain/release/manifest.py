"""The manifest of a release: the wiring as JSON in its bundle, and the format that an older envctl must know.

A value at its default is left out: releases of earlier versions keep their hashes.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from envctl.domain.plan.changes import FATES
from envctl.domain.release.portable_paths import find_folder_fault, find_path_fault
from envctl.domain.release.root_code import parse_root_code
from envctl.domain.release.wiring import BundledModule, StackWiring, Wiring
from envctl.domain.terraform.literals import IDENTIFIER
from envctl.domain.terraform.variables import Variable
from envctl.domain.text.identifiers import NAME, VALUE_PATH_PATTERN, is_provider_name

if TYPE_CHECKING:
    from envctl.domain.release.kubernetes_code import KubernetesCode

FORMAT = 1
FORMAT_WITH_MODULES = 2
"""The format of releases with remote modules: an older envctl would fetch those again, and must refuse the release."""
FORMAT_WITH_LEAVING_STACKS = 3
"""The format of releases with removed or renamed stacks: an older envctl would orphan or duplicate resources."""
FORMAT_WITH_ROOTS = 4
"""The format of releases that an older envctl would render in another way, such as root modules as they are."""
FORMAT_WITH_KUBERNETES = 5
"""The format of releases with stacks of Kubernetes objects: an older envctl would take them for modules."""
_KNOWN_FORMATS = (FORMAT, FORMAT_WITH_MODULES, FORMAT_WITH_LEAVING_STACKS, FORMAT_WITH_ROOTS, FORMAT_WITH_KUBERNETES)


class DamagedBundleError(ValueError):
    """The bytes are not the expected release."""


def to_manifest(wiring: Wiring) -> dict[str, Any]:
    modules = [
        {"key": m.key, "source": m.source, "version": m.version, "folder": m.folder} | ({"top": m.top} if m.top else {})
        for m in wiring.modules
    ]
    return {
        "format": _choose_format(wiring),
        "project": wiring.project,
        "terraform": wiring.terraform,
        # A list: the order counts, and JSON objects have none.
        "stacks": [
            {"name": name, "module": stack.module, "inputs": dict(stack.inputs)}
            # Omitted if empty: older releases keep their hashes.
            | ({"region": stack.region} if stack.region else {})
            | ({"after": list(stack.after)} if stack.after else {})
            | ({"moved_from": stack.moved_from} if stack.moved_from else {})
            | ({"root": stack.root_code.to_json()} if stack.root_code else {})
            | ({"kubernetes": stack.kubernetes.to_json()} if stack.kubernetes else {})
            | ({"providers": {name: dict(each) for name, each in stack.providers.items()}} if stack.providers else {})
            | ({} if stack.default_tags is None else {"default_tags": stack.default_tags})
            | ({"set": dict(stack.set_values)} if stack.set_values else {})
            for name, stack in wiring.stacks.items()
        ],
        "artifacts": dict(wiring.artifacts),
        "schema": {stack: [v.to_json() for v in variables] for stack, variables in wiring.schema.items()},
        "outputs": {stack: dict(outputs) for stack, outputs in wiring.outputs.items()},
        "providers": {name: dict(provider) for name, provider in wiring.providers.items()},
        **({"modules": modules} if modules else {}),
        **({"removed": dict(wiring.removed)} if wiring.removed else {}),
        **({"base": wiring.base} if wiring.base else {}),
    }


def _choose_format(wiring: Wiring) -> int:
    """Return the oldest format that an envctl must know to deploy the release."""
    if any(stack.kubernetes for stack in wiring.stacks.values()):
        return FORMAT_WITH_KUBERNETES
    has_ephemeral = any(each.ephemeral for variables in wiring.schema.values() for each in variables)
    if (
        wiring.base
        or has_ephemeral
        or any("." in key for key in wiring.artifacts)
        or any(s.is_root or s.providers or s.default_tags is not None or s.set_values for s in wiring.stacks.values())
    ):
        return FORMAT_WITH_ROOTS
    if wiring.removed or any(stack.moved_from for stack in wiring.stacks.values()):
        return FORMAT_WITH_LEAVING_STACKS
    return FORMAT_WITH_MODULES if wiring.modules else FORMAT


def parse_wiring(document: dict[str, Any]) -> Wiring:
    if document["format"] not in _KNOWN_FORMATS:
        raise DamagedBundleError(f"format {document['format']} is not known to this version of envctl")
    removed = document.get("removed", {})
    names = (document["project"], *document["schema"], *document["outputs"], *removed)
    wrong = [name for name in names if not NAME.fullmatch(name)]
    for key in document["artifacts"]:
        # The name of a variable, or that of a stack and of its variable.
        stack, dot, variable = key.rpartition(".")
        if not IDENTIFIER.fullmatch(variable) or (dot and not NAME.fullmatch(stack)):
            wrong.append(key)
    if wrong:
        raise DamagedBundleError(f"{wrong[0]!r} is not a name")
    if unknown := [fate for fate in removed.values() if fate not in FATES]:
        raise DamagedBundleError(f"{unknown[0]!r} is not a valid fate of a stack")
    base = document.get("base", "")
    if base and find_path_fault(base):
        raise DamagedBundleError(f"the project folder {base!r} {find_path_fault(base)}")
    return Wiring(
        project=document["project"],
        terraform=document["terraform"],
        stacks={s["name"]: _parse_stack(s) for s in document["stacks"]},
        artifacts=document["artifacts"],
        schema={stack: tuple(Variable.from_json(v) for v in vs) for stack, vs in document["schema"].items()},
        outputs=document["outputs"],
        providers=document["providers"],
        modules=tuple(_parse_module(m) for m in document.get("modules", ())),
        removed=removed,
        base=base,
    )


def _parse_stack(document: dict[str, Any]) -> StackWiring:
    region, after = document.get("region", ""), tuple(document.get("after", ()))
    before = document.get("moved_from", "")
    for name in (document["name"], *after, *filter(None, (region, before))):
        if not NAME.fullmatch(name):
            raise DamagedBundleError(f"{name!r} is not a name")
    is_project = "root" in document and document["module"] == "."
    if not is_project and (fault := find_folder_fault(document["module"])):
        raise DamagedBundleError(f"the module {document['module']!r} {fault}")
    providers, tagged = document.get("providers", {}), document.get("default_tags")
    if wrong := [name for name, each in providers.items() if not is_provider_name(name) or not isinstance(each, dict)]:
        raise DamagedBundleError(f"{wrong[0]!r} is not the configuration of a provider")
    code = parse_root_code(document["root"]) if "root" in document else None
    objects = _parse_objects(document)
    paths = [*(code.tree if code else ())]
    if objects:
        paths += [*objects.tree, *filter(None, (objects.overlay, objects.values_file))]
    if wrong := [path for path in paths if find_folder_fault(path)]:
        raise DamagedBundleError(f"the path {wrong[0]!r} of {document['name']} is outside the bundle")
    values = dict(document.get("set", {}))
    known = re.compile(VALUE_PATH_PATTERN, re.ASCII) if objects else IDENTIFIER
    if wrong := [name for name in values if not known.fullmatch(name)]:
        raise DamagedBundleError(f"{wrong[0]!r} is not the name of a variable")
    return StackWiring(
        module=document["module"],
        inputs=document["inputs"],
        region=region,
        after=after,
        moved_from=before,
        root_code=code,
        providers=providers,
        default_tags=tagged if isinstance(tagged, bool) else None,
        set_values=values,
        kubernetes=objects,
    )


def _parse_objects(document: dict[str, Any]) -> "KubernetesCode | None":
    """Return the code of Kubernetes objects. Imported late: many releases have none."""
    if "kubernetes" not in document:
        return None
    from envctl.domain.release.kubernetes_code import parse_kubernetes_code

    return parse_kubernetes_code(document["kubernetes"])


def _parse_module(document: dict[str, str]) -> BundledModule:
    key, top, folder = document["key"], document.get("top", ""), document["folder"]
    # The folder of the project may be a module of a root below it.
    if (folder != "." and find_folder_fault(folder)) or (top and find_path_fault(top)):
        raise DamagedBundleError(f"the module {key} is outside the bundle")
    if "/" in key or find_path_fault(key) or not all(key.split(".")):
        raise DamagedBundleError(f"{key!r} is not the key of a module")
    return BundledModule(key, document["source"], document["version"], folder, top)


_ANY = object()
_EACH = "*"
"""Stands for every name of an object."""
_PROVIDERS = {_EACH: {_EACH: _ANY}}
_ROOT = {
    "tree": [str],
    "providers": [
        {
            "name": str,
            "kind": str,
            "alias": str,
            "region": str,
            "region_variable": str,
            "role": str,
            "has_region": bool,
            "is_separate": bool,
            "has_default_tags": bool,
            "allowed": [str],
            "unresolved": [str],
            "endpoints": [str],
            "credentials": [str],
        }
    ],
    "needed": [str],
    "addresses": [str],
    "moved": [[str]],
    "remote_states": {_EACH: str},
}
_KUBERNETES = {
    "tree": [str],
    "namespace": str,
    "wait": int,
    "tools": {_EACH: str},
    "overlay": str,
    "values": str,
    "cluster": str,
    "context": str,
    "chart": bool,
    "skips_hooks": bool,
    "allows_secrets": bool,
}
_STACK = {
    "name": str,
    "module": str,
    "inputs": {_EACH: str},
    "region": str,
    "after": [str],
    "moved_from": str,
    "root": _ROOT,
    "kubernetes": _KUBERNETES,
    "providers": _PROVIDERS,
    "default_tags": bool,
    "set": {_EACH: _ANY},
}
_MANIFEST = {
    "format": int,
    "project": str,
    "terraform": str,
    "stacks": [_STACK],
    "artifacts": {_EACH: _ANY},
    "schema": {_EACH: [{_EACH: _ANY}]},
    "outputs": {_EACH: {_EACH: bool}},
    "providers": _PROVIDERS,
    "modules": [{_EACH: str}],
    "removed": {_EACH: str},
    "base": str,
}


def parse_manifest(data: bytes) -> dict[str, Any]:
    """Parse a manifest. Raises TypeError for other types, and ValueError for other than JSON or text of Unicode."""
    document: dict[str, Any] = json.loads(data)
    # Half of a surrogate pair is no text, and no file could hold it; NaN is no JSON.
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    _check_shape(document, _MANIFEST, "the manifest")
    return document


def _check_shape(value: object, shape: object, name: str) -> None:
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            raise TypeError(f"{name} is not an object")
        for key, each in value.items():
            _check_shape(each, shape.get(key, shape.get(_EACH, _ANY)), f"{name}.{key}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise TypeError(f"{name} is not a list")
        for each in value:
            _check_shape(each, shape[0], name)
    elif isinstance(shape, type) and type(value) is not shape:
        raise TypeError(f"{name} is not of the type {shape.__name__}")
