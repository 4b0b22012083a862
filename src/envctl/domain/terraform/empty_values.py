"""The emptiest value of each type."""

from envctl.domain.terraform.variables import Collection, Object, Primitive, Tuple, TypeExpression


def build_empty_value(type_: TypeExpression) -> object:
    """Return the emptiest value of a type. Null would make most functions fail."""
    match type_:
        case Primitive(name):
            return {"string": "", "number": 0, "bool": False}[name]
        case Collection("map", _):
            return {}
        case Collection():
            return []
        case Tuple(elements):
            return [build_empty_value(each) for each in elements]
        case Object(attributes):
            return {each.name: build_empty_value(each.type) for each in attributes if not each.optional}
        case _:
            return None
