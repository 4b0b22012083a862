"""Free-form values of the project file, limited to the types of Terraform and JSON."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isfinite


def check_plain_value(value: object, whose: str) -> object:
    """Return the value. Raises ValueError for a date, a time, nan or inf in it. The message continues a sentence after
    the key; `whose` is its subject, like `no output`.
    """
    values = tuple(_list_leaves(value))
    if any(isinstance(each, float) and not isfinite(each) for each in values):
        raise ValueError(f"must not contain nan or inf: {whose} has such a number")
    if any(isinstance(each, date | datetime | time) for each in values):
        raise ValueError(
            "must not contain a date or a time: write text in quotes, a number, true, false, a list or a map"
        )
    return value


def _list_leaves(value: object) -> Iterator[object]:
    match value:
        case Mapping():
            for each in value.values():
                yield from _list_leaves(each)
        case list():
            for each in value:
                yield from _list_leaves(each)
        case _:
            yield value
