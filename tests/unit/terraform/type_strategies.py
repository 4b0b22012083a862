"""Random type constraints, and random values that fit or do not."""

import unicodedata

from hypothesis import strategies as st

from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.variables import AnyType, Attribute, Collection, Object, Primitive, Tuple, TypeExpression

names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name not in {"for", "null"})
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
templates = st.text("$%{}\\\"'x\n\t #", max_size=10)
# Up to the 512 bits that Terraform calculates with.
numbers = st.one_of(
    st.integers(),
    st.integers(min_value=10**15, max_value=10**40),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100).map(
        lambda number: int(number) if number.is_integer() else number
    ),
)
literals = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, templates),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(names, texts, templates), inner, max_size=3)
    ),
    max_leaves=8,
)
primitives = st.sampled_from([Primitive("string"), Primitive("number"), Primitive("bool")])


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[TypeExpression]) -> Object:
    attributes = []
    for name in draw(st.lists(names, max_size=3, unique=True)):
        type_ = draw(inner)
        kind = draw(st.sampled_from(["required", "optional", "default"]))
        default = draw(fitting(type_)) if kind == "default" else None
        attributes.append(Attribute(name, type_, kind != "required", default, kind == "default"))
    return Object(tuple(attributes))


def types_over(leaves: st.SearchStrategy[TypeExpression]) -> st.SearchStrategy[TypeExpression]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Collection, st.sampled_from(["list", "set", "map"]), inner),
            st.builds(Tuple, st.lists(inner, max_size=3).map(tuple)),
            _objects(inner),
        ),
        max_leaves=5,
    )


types = types_over(st.one_of(primitives, st.just(AnyType())))
concrete_types = types_over(primitives)
"""Without `any`: what fits inside `any` depends on the neighbours."""


def fitting(type_: TypeExpression) -> st.SearchStrategy[object]:
    """Values that Terraform takes for the type, in all the forms that it converts."""
    match type_:
        case AnyType():
            return st.just("anything")
        case Primitive("string"):
            return st.one_of(texts, templates, st.integers(), st.booleans())
        case Primitive("number"):
            return st.one_of(numbers, st.integers().map(str))
        case Primitive():
            return st.one_of(st.booleans(), st.sampled_from(["true", "false", "1", "0"]))
        case Collection("map", element):
            return st.dictionaries(st.one_of(names, texts), fitting(element), max_size=3)
        case Collection(_, element):
            return st.lists(fitting(element), max_size=3)
        case Tuple(elements):
            return st.tuples(*map(fitting, elements)).map(list)
        case Object(attributes):
            required = {each.name: fitting(each.type) for each in attributes if not each.optional}
            optional = {each.name: fitting(each.type) for each in attributes if each.optional}
            return st.fixed_dictionaries(required, optional=optional)


def fits(value: object, type_: TypeExpression) -> bool:
    return not convert_value(value, type_)[1]
