"""What the published schemas promise to a reader, and whether new ones keep it.

A reader relies on each key that it knows, and on the type of its value. It has to pass over keys, kinds of events and
words that it does not know: those may come without a new version of the format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
# Whoever reads the one can read the other.
READABLE = {("number", "integer")}
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def broken(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Each promise of the old schemas (by file) that the new ones break; none where the version of the format rose."""
    if _formats(old).isdisjoint(_formats(new)):
        return []
    return [problem for name, schema in sorted(old.items()) for problem in _in_file(name, schema, new.get(name))]


def _formats(schemas: Mapping[str, Schema]) -> set[int]:
    return {schema["properties"]["envctl"]["const"] for schema in schemas.values()}


def _in_file(name: str, old: Schema, new: Schema | None) -> Iterator[str]:
    if new is None:
        yield f"{name}: there is no such document any more"
        return
    both = _Both(old.get("$defs", {}), new.get("$defs", {}))
    yield from (f"{name}: {problem}" for problem in both.misses(old, new))


@dataclass(frozen=True)
class _Both:
    """Goes through two schemas side by side, with the definitions of each. `within` are the pairs on the way there."""

    old: Mapping[str, Schema]
    new: Mapping[str, Schema]
    within: tuple[tuple[int, int], ...] = ()

    def misses(self, old: Schema, new: Schema, at: str = "") -> Iterator[str]:
        before = list(_alternatives(old, self.old))
        if any("type" not in each for each in before):
            # A reader was ready for any value.
            return
        for now in _alternatives(new, self.new):
            yield from self._unread(before, now, at)

    def _unread(self, before: list[Schema], now: Schema, at: str) -> list[str]:
        """Why a reader of what was there can't read this: of the ways to read it, the one that lacks least."""
        ways = [list(self._lost(each, now, at)) for each in before if _alike(each, now)]
        if ways:
            return min(ways, key=len)
        new_kind = _kind(now) is not None and any(_kind(each) for each in before)
        return [] if new_kind else [f"{at} may be of another type: {now.get('type', 'any')}"]

    def _lost(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        pair = (id(old), id(new))
        if pair in self.within:
            return
        deeper = _Both(self.old, self.new, (*self.within, pair))
        for name, schema in old.get("properties", {}).items():
            where = f"{at}.{name}".lstrip(".")
            if name in new.get("properties", {}):
                yield from deeper.misses(schema, new["properties"][name], where)
            else:
                yield f"{where} is gone"
        yield from deeper._items(old, new, f"{at}[]")

    def _items(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Of a list, of a list of a certain length, or of a mapping."""
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), Mapping):
                rest = new.get(name)
                yield from self.misses(old[name], rest, at) if isinstance(rest, Mapping) else [f"{at} are others"]
        parts, others = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(parts) > len(others):
            yield f"{at} are fewer"
        for part, other in zip(parts, others, strict=False):
            yield from self.misses(part, other, at)


def _alternatives(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """Each type that a value may have, with all that is known of it."""
    if "$ref" in schema:
        yield from _alternatives(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(each, definitions)
    elif "enum" in schema or "const" in schema:
        # Another word is no other type.
        words = schema.get("enum", [schema.get("const")])
        yield from ({"type": name} for name in dict.fromkeys(JSON_TYPES[type(word)] for word in words))
    elif isinstance(schema.get("type"), list):
        yield from ({**schema, "type": name} for name in schema["type"])
    else:
        yield schema


def _alike(old: Schema, new: Schema) -> bool:
    types = (old["type"], new.get("type"))
    return (types[0] == types[1] or types in READABLE) and _kind(old) == _kind(new)


def _kind(schema: Schema) -> object:
    """Of an event, which tells it from others."""
    return schema.get("properties", {}).get("kind", {}).get("const")
