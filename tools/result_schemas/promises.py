"""Compatibility of new schemas with the published ones.

A reader relies on each known key and on the type of its value. It has to ignore unknown keys, event kinds and words:
they may be added without a new format version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
# A reader of the first type can read the second one.
COMPATIBLE_TYPES = {("number", "integer")}
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def find_broken_promises(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Return the promises of the old schemas (by file) broken by the new ones; none if the format version rose."""
    before, now = ({each["properties"]["envctl"]["const"] for each in schemas.values()} for schemas in (old, new))
    if before.isdisjoint(now):
        return []
    return [
        problem for name, schema in sorted(old.items()) for problem in _compare_documents(name, schema, new.get(name))
    ]


def _compare_documents(name: str, old: Schema, new: Schema | None) -> Iterator[str]:
    if new is None:
        yield f"{name}: there is no such document any more"
        return
    both = _SchemaComparison(old.get("$defs", {}), new.get("$defs", {}))
    yield from (f"{name}: {problem}" for problem in both.compare(old, new))


@dataclass(frozen=True)
class _SchemaComparison:
    """Comparison of two schemas, with the `$defs` of both."""

    old_definitions: Mapping[str, Schema]
    new_definitions: Mapping[str, Schema]
    compared_pairs: tuple[tuple[int, int], ...] = ()  # Pairs being compared, by id: types may contain themselves.

    def compare(self, old: Schema, new: Schema, at: str = "") -> Iterator[str]:
        before = list(_expand_alternatives(old, self.old_definitions))
        if any("type" not in each for each in before):
            # The old schema allows any value.
            return
        for now in _expand_alternatives(new, self.new_definitions):
            yield from self._compare_alternative(before, now, at)

    def _compare_alternative(self, before: list[Schema], now: Schema, at: str) -> list[str]:
        """Compare with each matching old alternative, and return the shortest list of problems."""
        ways = [list(self._compare_properties(each, now, at)) for each in before if _is_comparable(each, now)]
        if ways:
            return min(ways, key=len)
        new_kind = _find_event_kind(now) is not None and any(_find_event_kind(each) for each in before)
        return [] if new_kind else [f"{at} may be of another type: {now.get('type', 'any')}"]

    def _compare_properties(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        pair = (id(old), id(new))
        if pair in self.compared_pairs:
            return
        deeper = _SchemaComparison(self.old_definitions, self.new_definitions, (*self.compared_pairs, pair))
        for name, schema in old.get("properties", {}).items():
            where = f"{at}.{name}".lstrip(".")
            if name in new.get("properties", {}):
                yield from deeper.compare(schema, new["properties"][name], where)
            else:
                yield f"{where} is gone"
        yield from deeper._compare_items(old, new, f"{at}[]")

    def _compare_items(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), Mapping):
                rest = new.get(name)
                yield from self.compare(old[name], rest, at) if isinstance(rest, Mapping) else [f"{at} are others"]
        parts, others = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(parts) > len(others):
            yield f"{at} are fewer"
        for part, other in zip(parts, others, strict=False):
            yield from self.compare(part, other, at)


def _expand_alternatives(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _expand_alternatives(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _expand_alternatives(each, definitions)
    elif "enum" in schema or "const" in schema:
        # New words of an enum keep its type.
        words = schema.get("enum", [schema.get("const")])
        yield from ({"type": name} for name in dict.fromkeys(JSON_TYPES[type(word)] for word in words))
    elif isinstance(schema.get("type"), list):
        yield from ({**schema, "type": name} for name in schema["type"])
    else:
        yield schema


def _is_comparable(old: Schema, new: Schema) -> bool:
    types = (old["type"], new.get("type"))
    return (types[0] == types[1] or types in COMPATIBLE_TYPES) and _find_event_kind(old) == _find_event_kind(new)


def _find_event_kind(schema: Schema) -> object:
    """Return the `kind` of an event; None for other schemas."""
    return schema.get("properties", {}).get("kind", {}).get("const")
