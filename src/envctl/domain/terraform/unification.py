"""The common type of several values, for collections with `any` as element type."""

from collections.abc import Sequence
from decimal import Decimal

from envctl.domain.terraform.variables import AnyType, Attribute, Collection, Object, Primitive, Tuple, TypeExpression


def infer_type(value: object) -> TypeExpression:
    """Return the type of a literal value; null has type `any`."""
    match value:
        case bool():
            return Primitive("bool")
        case int() | float() | Decimal():
            return Primitive("number")
        case str():
            return Primitive("string")
        case list():
            return Tuple(tuple(infer_type(item) for item in value))
        case dict():
            return Object(tuple(Attribute(key, infer_type(value[key])) for key in sorted(value)))
        case _:
            return AnyType()


def resolve_any(value: object, declared: TypeExpression) -> TypeExpression:
    """Return the declared type with every `any` replaced by the type of the converted value."""
    match declared:
        case AnyType():
            return infer_type(value)
        case Primitive():
            return declared
        case Collection(kind, element):
            items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            return Collection(kind, unify_types(_drop_any([resolve_any(item, element) for item in items])) or AnyType())
        case Tuple(elements):
            parts = value if isinstance(value, list) else [None] * len(elements)
            return Tuple(tuple(resolve_any(item, element) for item, element in zip(parts, elements, strict=True)))
        case Object(attributes):
            held = value if isinstance(value, dict) else {}
            resolved = [Attribute(each.name, resolve_any(held.get(each.name), each.type)) for each in attributes]
            return Object(tuple(resolved))


def find_common_type(items: Sequence[object], declared: Collection) -> TypeExpression | None:
    """Return the common type of the elements if the element type contains `any`; None if Terraform rejects them."""
    element = declared.element
    types = [resolve_any(item, element) for item in items]
    known = _drop_any(types)
    alike = not known or all(type_ == known[0] for type_ in known)
    if declared.kind == "set" and not isinstance(element, AnyType):
        return unify_types(known) if alike else None  # set elements are not converted a second time
    if declared.kind == "map" and isinstance(element, AnyType) and alike:
        return known[0] if known else AnyType()  # only maps allow null beside structures
    return unify_types(types)


def _drop_any(types: Sequence[TypeExpression]) -> list[TypeExpression]:
    return [type_ for type_ in types if not isinstance(type_, AnyType)]


def unify_types(types: Sequence[TypeExpression]) -> TypeExpression | None:
    """Return the common type, or None. The rules are those of go-cty in unsafe mode."""
    known = _drop_any(types)
    if not known:
        return AnyType()
    if len(known) < len(types) and not isinstance(known[0], Primitive):
        return None  # Terraform finds no common structure beside a null
    if all(type_ == known[0] for type_ in known):
        return known[0]
    if all(isinstance(type_, Primitive) for type_ in known):
        return Primitive("string") if Primitive("string") in known else None
    objects = [type_ for type_ in known if isinstance(type_, Object)]
    if len(objects) == len(known):
        return _unify_objects(objects)
    tuples = [type_ for type_ in known if isinstance(type_, Tuple)]
    if len(tuples) == len(known):
        return _unify_tuples(tuples)
    collections = [type_ for type_ in known if isinstance(type_, Collection)]
    if len(collections) < len(known) or len({type_.kind for type_ in collections}) > 1:
        return None
    element = unify_types([type_.element for type_ in collections])
    return None if element is None else Collection(collections[0].kind, element)


def _unify_objects(types: Sequence[Object]) -> TypeExpression | None:
    rows = [{attribute.name: attribute.type for attribute in type_.attributes} for type_ in types]
    if any(row.keys() != rows[0].keys() for row in rows):
        element = unify_types([type_ for row in rows for type_ in row.values()])
        return None if element is None else Collection("map", element)
    columns = {name: unify_types([row[name] for row in rows]) for name in rows[0]}
    attributes = tuple(Attribute(name, type_) for name, type_ in columns.items() if type_ is not None)
    return Object(attributes) if len(attributes) == len(columns) else None


def _unify_tuples(types: Sequence[Tuple]) -> TypeExpression | None:
    if any(len(type_.elements) != len(types[0].elements) for type_ in types):
        element = unify_types([element for type_ in types for element in type_.elements])
        return None if element is None else Collection("list", element)
    columns = [unify_types(column) for column in zip(*(type_.elements for type_ in types), strict=True)]
    elements = tuple(element for element in columns if element is not None)
    return Tuple(elements) if len(elements) == len(columns) else None
