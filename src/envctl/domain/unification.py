"""The one type that several values share, as Terraform finds it where a collection holds `any`."""

from collections.abc import Sequence
from decimal import Decimal

from envctl.domain.types import Anything, Attribute, Collection, Object, Primitive, Tuple, TypeExpression


def infer(value: object) -> TypeExpression:
    """The type of a literal value; null is of any type."""
    match value:
        case bool():
            return Primitive("bool")
        case int() | float() | Decimal():
            return Primitive("number")
        case str():
            return Primitive("string")
        case list():
            return Tuple(tuple(infer(item) for item in value))
        case dict():
            return Object(tuple(Attribute(key, infer(value[key])) for key in sorted(value)))
        case _:
            return Anything()


def unify(types: Sequence[TypeExpression]) -> TypeExpression | None:
    """None where there is no such type. The rules are go-cty's, in its unsafe mode."""
    known = [type_ for type_ in types if not isinstance(type_, Anything)]
    if not known:
        return Anything()
    if all(type_ == known[0] for type_ in known):
        return known[0]
    if all(isinstance(type_, Primitive) for type_ in known):
        return Primitive("string") if Primitive("string") in known else None
    if len(known) < len(types):
        return None  # beside a null Terraform does not look for a common structure
    objects = [type_ for type_ in known if isinstance(type_, Object)]
    if len(objects) == len(known):
        return _unify_objects(objects)
    tuples = [type_ for type_ in known if isinstance(type_, Tuple)]
    return _unify_tuples(tuples) if len(tuples) == len(known) else None


def _unify_objects(types: Sequence[Object]) -> TypeExpression | None:
    rows = [{attribute.name: attribute.type for attribute in type_.attributes} for type_ in types]
    if any(row.keys() != rows[0].keys() for row in rows):
        element = unify([type_ for row in rows for type_ in row.values()])
        return None if element is None else Collection("map", element)
    columns = {name: unify([row[name] for row in rows]) for name in rows[0]}
    attributes = tuple(Attribute(name, type_) for name, type_ in columns.items() if type_ is not None)
    return Object(attributes) if len(attributes) == len(columns) else None


def _unify_tuples(types: Sequence[Tuple]) -> TypeExpression | None:
    if any(len(type_.elements) != len(types[0].elements) for type_ in types):
        element = unify([element for type_ in types for element in type_.elements])
        return None if element is None else Collection("list", element)
    columns = [unify(column) for column in zip(*(type_.elements for type_ in types), strict=True)]
    elements = tuple(element for element in columns if element is not None)
    return Tuple(elements) if len(elements) == len(columns) else None
