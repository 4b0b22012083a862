"""Attributes that a value sets and no declaring module knows.

Terraform drops them without a word, so that a typo in an optional attribute changes nothing and nobody notices.
"""

from collections.abc import Iterator, Sequence

from envctl.domain.terraform.conversion import Path, step
from envctl.domain.terraform.types import Collection, Object, Tuple, TypeExpression


def strays(
    value: object, types: Sequence[TypeExpression], path: Path = ()
) -> Iterator[tuple[Path, str, frozenset[str]]]:
    """Where, which name, and the names known there. A name is known when one of the types knows it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from strays(item, _elements(types, index), (*path, f"[{index}]"))
    elif isinstance(value, dict) and types and all(isinstance(type_, Object) for type_ in types):
        objects = [type_ for type_ in types if isinstance(type_, Object)]
        known = frozenset(attribute.name for type_ in objects for attribute in type_.attributes)
        yield from ((path, name, known) for name in value if name not in known)
        for name in known & value.keys():
            inner = [each.type for type_ in objects for each in type_.attributes if each.name == name]
            yield from strays(value[name], inner, (*path, f".{name}"))
    elif isinstance(value, dict):
        elements = [type_.element for type_ in types if isinstance(type_, Collection)]
        if len(elements) == len(types):
            for name, item in value.items():
                yield from strays(item, elements, (*path, step(name)))


def _elements(types: Sequence[TypeExpression], index: int) -> list[TypeExpression]:
    found: list[TypeExpression] = []
    for type_ in types:
        if isinstance(type_, Collection):
            found.append(type_.element)
        elif isinstance(type_, Tuple) and index < len(type_.elements):
            found.append(type_.elements[index])
        else:
            return []
    return found
