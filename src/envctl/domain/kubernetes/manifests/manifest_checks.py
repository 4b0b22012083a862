"""Checks of rendered objects before a plan, and their images."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from envctl.domain.errors import Location, Problem
from envctl.domain.kubernetes.objects import CRD_TYPE, Manifest, ObjectIdentity, identify
from envctl.domain.kubernetes.workload import LOCAL_CONFIG
from envctl.domain.plan.changes import Marker
from envctl.domain.text.lists import join_names

HOOK = "helm.sh/hook"
ORIGIN = "config.kubernetes.io/origin"
_INSTALL_HOOKS = frozenset({"test", "test-success", "test-failure"})
"""Hooks of `helm test`: no installation of the chart runs them."""
_TYPE_NAME = re.compile(r"([\w.-]+/)?\w+", re.ASCII)
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
SECRETS_HINT = 'let an operator fetch them from a store, or allow them: secrets = "allow" in the stack'
_WRITTEN_VALUES = {"Secret": ("data", "stringData"), "SecretGenerator": ("literals", "files", "envs", "env")}
"""Kinds of documents with values of Secrets, each with the keys that hold them."""
Locate = Callable[[Manifest], Location | None]


def flatten_lists(documents: Iterable[Any]) -> Iterator[Any]:
    """Yield the objects of a rendering; those of a List one by one, and nothing for an empty document."""
    for document in documents:
        items = document.get("items") if isinstance(document, Mapping) else None
        if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
            yield from flatten_lists(items)
        elif document is not None:
            yield document


def find_malformed(objects: Sequence[Any], locate: Locate) -> Iterator[Problem]:
    """Yield a problem (E609) for each object without apiVersion, kind or name."""
    for each in objects:
        if not isinstance(each, Mapping):
            yield Problem("E609", "a document is not an object of Kubernetes", "remove it, or correct its file")
            continue
        metadata = each.get("metadata")
        texts = {"apiVersion": each.get("apiVersion"), "kind": each.get("kind")}
        texts["metadata.name"] = metadata.get("name") if isinstance(metadata, Mapping) else None
        if missing := [key for key, text in texts.items() if not isinstance(text, str) or not text]:
            what = each.get("kind") or "an object"
            hint = "give it a name of its own: generateName would make a new object each time"
            hint = hint if isinstance(metadata, Mapping) and "generateName" in metadata else "add it"
            yield Problem("E609", f"{what} has no {join_names(missing)}", hint, locate(each))
        else:
            yield from _find_odd_names(each, locate)


def _find_odd_names(manifest: Manifest, locate: Locate) -> Iterator[Problem]:
    """Yield a problem (E609) for each name that is no part of an address: it would lead to another object."""
    metadata = manifest["metadata"]
    texts = {key: metadata.get(key) for key in ("name", "namespace")}
    odd = [key for key, text in texts.items() if text and not _is_address_part(text)]
    odd += [key for key in ("apiVersion", "kind") if _TYPE_NAME.fullmatch(manifest[key]) is None]
    if odd:
        shown = ", ".join(f"{key} {str({**manifest, **texts}[key])!r}" for key in odd)
        hint = "use letters, digits, dots and hyphens: no slash, percent sign or control character"
        yield Problem("E609", f"an object has an invalid {shown}", hint, locate(manifest))


def _is_address_part(text: object) -> bool:
    return isinstance(text, str) and text not in (".", "..") and text.isprintable() and not set(text) & set("/%?#")


def find_duplicates(objects: Sequence[Manifest], locate: Locate) -> Iterator[Problem]:
    """Yield a problem (E609) for each duplicate object."""
    first: dict[ObjectIdentity, Manifest] = {}
    for each in objects:
        identity = identify(each)
        if identity in first:
            place = locate(first[identity])
            where = f" (first in {place})" if place else ""
            message = f"{identity} is twice in the stack{where}"
            yield Problem("E609", message, "remove one of the two", locate(each), address=str(identity))
        first.setdefault(identity, each)


def find_secret_values(objects: Sequence[Manifest], locate: Locate) -> Iterator[Problem]:
    """Yield a problem (E610) for each Secret with values. Never shows a value."""
    for each in objects:
        if each["kind"] != "Secret" or "/" in each["apiVersion"]:
            continue
        keys = sorted({key for part in ("data", "stringData") for key in each.get(part) or {}})
        if keys:
            message = f"{identify(each)} holds values ({join_names(keys)}): a release keeps them in clear text"
            yield Problem("E610", message, SECRETS_HINT, locate(each), address=str(identify(each)))


def find_written_secrets(documents: Iterable[tuple[Any, Location]]) -> Iterator[Problem]:
    """Yield a problem (E610) for each Secret with values in the files of a stack, also where no environment of this
    command reads it: a release holds them all. Never shows a value.
    """
    for document, place in documents:
        for each in flatten_lists([document]):
            kind = each.get("kind") if isinstance(each, Mapping) else None
            parts = _WRITTEN_VALUES.get(kind, ()) if isinstance(kind, str) else ()
            if any(each.get(part) for part in parts):
                metadata = each.get("metadata")
                name = metadata.get("name") if isinstance(metadata, Mapping) else None
                message = f"{kind} {name or 'without a name'} holds values: a release keeps them in clear text"
                yield Problem("E610", message, SECRETS_HINT, place)


def redact_secrets(manifest: Manifest) -> dict[str, Any]:
    """Return the object with marks in place of the values of a Secret."""
    if manifest["kind"] != "Secret" or "/" in manifest["apiVersion"]:
        return dict(manifest)
    hidden = {
        part: dict.fromkeys(manifest[part], str(Marker.SENSITIVE))
        for part in ("data", "stringData")
        if isinstance(manifest.get(part), Mapping)
    }
    return {**manifest, **hidden}


def is_hook(manifest: Manifest) -> bool:
    return HOOK in _read_annotations(manifest)


def find_hooks(objects: Sequence[Manifest]) -> Iterator[Problem]:
    """Yield a problem (E608) for each hook of a chart that an installation would run."""
    for each in objects:
        kinds = [part.strip() for part in str(_read_annotations(each).get(HOOK, "")).split(",") if part.strip()]
        running = [kind for kind in kinds if kind not in _INSTALL_HOOKS]
        if running:
            message = f"{identify(each)} is a hook of the chart ({join_names(running)}), and envctl runs no hooks"
            hint = 'turn it off in the values of the chart, or leave all hooks out: hooks = "skip"'
            yield Problem("E608", message, hint, address=str(identify(each)))


def _read_annotations(manifest: Manifest) -> Mapping[str, Any]:
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations if isinstance(annotations, Mapping) else {}


def drop_notes(manifest: Manifest) -> dict[str, Any]:
    """Return the object without the annotations that rendering has added."""
    annotations = {key: text for key, text in _read_annotations(manifest).items() if key not in (ORIGIN, LOCAL_CONFIG)}
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return {**manifest, "metadata": metadata}


def drop_wrong_namespaces(objects: Sequence[Manifest]) -> list[Manifest]:
    """Return the objects; those of a kind that a CustomResourceDefinition among them has for the whole cluster have no
    namespace. A tool that renders can't know it.
    """
    of_cluster = {
        (each["spec"].get("group"), (each["spec"].get("names") or {}).get("kind"))
        for each in objects
        if identify(each).type == CRD_TYPE
        and isinstance(each.get("spec"), Mapping)
        and each["spec"].get("scope") == "Cluster"
    }
    return [
        {**each, "metadata": {key: value for key, value in each["metadata"].items() if key != "namespace"}}
        if (identify(each).group, each["kind"]) in of_cluster
        else each
        for each in objects
    ]


def list_images(objects: Iterable[Manifest]) -> tuple[str, ...]:
    """Return the references of all images in pods, also in those of custom kinds."""
    found = {image for each in objects if each["kind"] != "CustomResourceDefinition" for image in _find_images(each)}
    return tuple(sorted(found))


def _find_images(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key in _CONTAINERS:
            for container in value.get(key) or () if isinstance(value.get(key), list) else ():
                if isinstance(container, Mapping) and isinstance(container.get("image"), str):
                    yield container["image"]
        for volume in value.get("volumes") or () if isinstance(value.get("volumes"), list) else ():
            image = volume.get("image") if isinstance(volume, Mapping) else None
            if isinstance(image, Mapping) and isinstance(image.get("reference"), str):
                yield image["reference"]
        for each in value.values():
            yield from _find_images(each)
    elif isinstance(value, list):
        for each in value:
            yield from _find_images(each)


def find_differences(one: Sequence[Manifest], other: Sequence[Manifest]) -> Iterator[Problem]:
    """Yield a problem (E607) for each object that two renderings of the same code have in two ways. Shows no value."""
    before, after = ({identify(each): each for each in side} for side in (one, other))
    hint = "give the value in the values of the chart: a random value or a time would change in every plan"
    for identity in sorted(before.keys() | after.keys()):
        first, second = before.get(identity), after.get(identity)
        if first is None or second is None:
            message = f"{identity} has a random name: it is not in every rendering"
            yield Problem("E607", message, hint, address=str(identity))
        elif first != second:
            path = _find_first_difference(first, second)
            message = f"{identity} is rendered in two ways: {path} changes each time"
            yield Problem("E607", message, hint, address=str(identity))


def _find_first_difference(one: object, other: object) -> str:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            if one.get(key) != other.get(key):
                inner = _find_first_difference(one.get(key), other.get(key))
                return f"{key}.{inner}".removesuffix(".") if not inner.startswith("[") else f"{key}{inner}"
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                inner = _find_first_difference(left, right)
                return f"[{position}]{'.' if inner and not inner.startswith('[') else ''}{inner}"
    return ""
