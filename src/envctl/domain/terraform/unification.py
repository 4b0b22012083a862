"""The one type that several values share, as Terraform finds it where a collection holds `any`."""

from collections.abc import Sequence
from decimal import Decimal

from envctl.domain.terraform.types import Anything, Attribute, Collection, Object, Primitive, Tuple, TypeExpression


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


def type_of(value: object, declared: TypeExpression) -> TypeExpression:
    """The type of a value that was converted to the declared one: every `any` in it replaced by what is there."""
    match declared:
        case Anything():
            return infer(value)
        case Primitive():
            return declared
        case Collection(kind, element):
            items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            return Collection(kind, unify(_known([type_of(item, element) for item in items])) or Anything())
        case Tuple(elements):
            parts = value if isinstance(value, list) else [None] * len(elements)
            return Tuple(tuple(type_of(item, element) for item, element in zip(parts, elements, strict=True)))
        case Object(attributes):
            held = value if isinstance(value, dict) else {}
            return Object(tuple(Attribute(each.name, type_of(held.get(each.name), each.type)) for each in attributes))


def common_type(items: Sequence[object], declared: Collection) -> TypeExpression | None:
    """What the elements of a collection with `any` in its element type come to; None where Terraform refuses them."""
    element = declared.element
    types = [type_of(item, element) for item in items]
    known = _known(types)
    alike = not known or all(type_ == known[0] for type_ in known)
    if declared.kind == "set" and not isinstance(element, Anything):
        return unify(known) if alike else None  # the elements of a set are not converted a second time
    if declared.kind == "map" and isinstance(element, Anything) and alike:
        return known[0] if known else Anything()  # a null beside structures is fine in a map alone
    return unify(types)


def _known(types: Sequence[TypeExpression]) -> list[TypeExpression]:
    return [type_ for type_ in types if not isinstance(type_, Anything)]


def unify(types: Sequence[TypeExpression]) -> TypeExpression | None:
    """None where there is no such type. The rules are go-cty's, in its unsafe mode."""
    known = _known(types)
    if not known:
        return Anything()
    if len(known) < len(types) and not isinstance(known[0], Primitive):
        return None  # beside a null Terraform does not look for a common structure
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
    collections = [type_ for type_ in known if isinstance(type_, Collection) and type_.kind == _kind(known[0])]
    return _unify_collections(collections) if len(collections) == len(known) else None


def _kind(type_: TypeExpression) -> str:
    return type_.kind if isinstance(type_, Collection) else ""


def _unify_collections(types: Sequence[Collection]) -> TypeExpression | None:
    element = unify([type_.element for type_ in types])
    return None if element is None else Collection(types[0].kind, element)


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
