"""Free-form values of the project file, limited to the types of Terraform and JSON."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isfinite

from envctl.domain.terraform.literals import parse_number


class WrittenFloat(float):
    """A number of the project file with its text: a float does not hold all of its digits."""

    def __new__(cls, text: str) -> "WrittenFloat":
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def to_exact_value(value: object) -> object:
    """Return the value with all digits of its numbers, and without tables of TOML's own kind."""
    match value:
        case Mapping():
            return {key: to_exact_value(each) for key, each in value.items()}
        case list():
            return [to_exact_value(each) for each in value]
        case WrittenFloat():
            return parse_number(value.text)
        case _:
            return value


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
