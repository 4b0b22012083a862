"""Attributes of a value unknown to every declaring module.

Terraform drops them silently: a typo in an optional attribute would have no effect and no message.
"""

from collections.abc import Iterator, Sequence

from envctl.domain.terraform.conversion import ValuePath, format_key
from envctl.domain.terraform.types import Collection, Object, Tuple, TypeExpression


def find_unknown_attributes(
    value: object, types: Sequence[TypeExpression], path: ValuePath = ()
) -> Iterator[tuple[ValuePath, str, frozenset[str]]]:
    """Yield path, name and known names of each unknown attribute. A name in any of the types is known."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_unknown_attributes(item, _list_element_types(types, index), (*path, f"[{index}]"))
    elif isinstance(value, dict) and types and all(isinstance(type_, Object) for type_ in types):
        objects = [type_ for type_ in types if isinstance(type_, Object)]
        known = frozenset(attribute.name for type_ in objects for attribute in type_.attributes)
        yield from ((path, name, known) for name in value if name not in known)
        for name in known & value.keys():
            inner = [each.type for type_ in objects for each in type_.attributes if each.name == name]
            yield from find_unknown_attributes(value[name], inner, (*path, f".{name}"))
    elif isinstance(value, dict):
        elements = [type_.element for type_ in types if isinstance(type_, Collection)]
        if len(elements) == len(types):
            for name, item in value.items():
                yield from find_unknown_attributes(item, elements, (*path, format_key(name)))


def _list_element_types(types: Sequence[TypeExpression], index: int) -> list[TypeExpression]:
    found: list[TypeExpression] = []
    for type_ in types:
        if isinstance(type_, Collection):
            found.append(type_.element)
        elif isinstance(type_, Tuple) and index < len(type_.elements):
            found.append(type_.elements[index])
        else:
            return []
    return found
