"""Any value of a type that can be a result, by its annotations."""

from collections.abc import Mapping, Set
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from tools.result_schemas.types import load_type_hints

from envctl.domain.config.gates import WindowTable
from envctl.domain.plan.changes import Marker
from envctl.domain.rules.environment_rules import Rules

texts = st.text(st.characters(codec="utf-8"), max_size=4)
# What the attribute of a resource, an output or a setting may hold.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(Marker),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(-timedelta(minutes=210))])
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=zones)
days = st.dates(datetime(2000, 1, 1).date()).map(str)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: texts,
    object: anything,
    datetime: moments,
    timedelta: st.timedeltas(timedelta(), timedelta(days=4000)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    WindowTable: st.builds(WindowTable.model_construct, kind=st.just("deny"), name=texts, start=days, end=days),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, arguments))
    if origin is None:
        return st.sampled_from(annotation) if issubclass(annotation, Enum) else _built(annotation)
    if issubclass(origin, Mapping):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    if issubclass(origin, Set):
        return st.frozensets(values(arguments[0]), max_size=2)
    if arguments[-1] is not Ellipsis and issubclass(origin, tuple):
        return st.tuples(*map(values, arguments))
    return st.lists(values(arguments[0]), max_size=2).map(tuple)


def _built(cls: Any) -> st.SearchStrategy[Any]:
    hints = load_type_hints(cls)
    if cls is Rules:
        return st.builds(Rules.model_construct, **{name: values(hints[name]) for name in Rules.model_fields})
    return st.builds(cls, **{each.name: values(hints[each.name]) for each in fields(cls) if each.init})
