"""Fields that stand twice in one map of a body. The server takes the last one, and a strict request refuses both.

Source: sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730, internal/golang/encoding/json/kubernetes_patch.go
(DisallowDuplicateFields, saveStrictError); k8s.io/apimachinery v0.36.2, pkg/runtime/serializer/json/json.go
(unmarshal), pkg/runtime/error.go (NewStrictDecodingError).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.schema_check import Step, format_path
from kube_api_emulator.server.rules.content_errors import ContentError


def parse_json(text: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return the content, and the paths of fields that stand twice. Raises ValueError for no JSON."""
    doubled: list[tuple[dict[str, Any], str]] = []

    def build_map(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) < len(pairs):
            names = [name for name, _ in pairs]
            doubled.extend((built, name) for name in built if names.count(name) > 1)
        return built

    content = json.loads(text, object_pairs_hook=build_map)
    return content, tuple(_find_paths(content, doubled)) if doubled else ()


def _find_paths(content: object, doubled: Sequence[tuple[dict[str, Any], str]]) -> Iterator[str]:
    for path, part in _walk_maps(content, ()):
        for owner, name in doubled:
            if owner is part:
                yield format_path((*path, name))


def _walk_maps(value: object, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], object]]:
    if isinstance(value, Mapping):
        yield path, value
        for name, inner in value.items():
            yield from _walk_maps(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk_maps(inner, (*path, index))


def refuse_duplicates(kind: str, version: str, paths: Sequence[str], *, is_apply: bool) -> ContentError:
    """Return the refusal of a strict request (400)."""
    if is_apply:
        names = [path.rpartition(".")[2] for path in paths]
        lines = "".join(f'\n  line 1: key "{name}" already set in map' for name in names)
        text = f"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:{lines}"
    else:
        listed = ", ".join(f'duplicate field "{path}"' for path in paths)
        text = f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {listed}'
    return ContentError(400, "BadRequest", text)
