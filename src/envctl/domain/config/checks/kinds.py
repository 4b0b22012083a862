"""Kinds of checks, as tables of the project file.

A new kind is a model here with an entry in KINDS, a case in `resolve`, and a probe with its prober for outside access.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from envctl.domain.config.argv import check_argv
from envctl.domain.config.checks.urls import check_http_url
from envctl.domain.config.plain_values import check_plain_value
from envctl.domain.terraform.output_reference import OutputReference
from envctl.domain.text.durations import parse_duration

OUTPUT = "output:"
ASSERTIONS = ("equals", "matches", "at_least", "at_most")


def _parse_duration(text: object) -> timedelta:
    if not isinstance(text, str):
        raise ValueError('must be a duration in quotes, such as "60s" or "5m"')  # noqa: TRY004 (pydantic wants it)
    return parse_duration(text)


def _check_address(text: str) -> str:
    if text.startswith(OUTPUT):
        OutputReference.parse(text.removeprefix(OUTPUT))
        return text
    try:
        return check_http_url(text)
    except ValueError as error:
        raise ValueError(f'{error}; or the output of a stack, such as "output:web.url"') from None


def _check_path(text: str) -> str:
    if not text.startswith("/") or not text.isprintable() or {" ", "#", "\\"} & set(text):
        raise ValueError('must be the path of a URL, such as "/healthz"')
    return text


def _check_status(number: int) -> int:
    if not 200 <= number <= 599:  # noqa: PLR2004 (1xx are no final responses)
        raise ValueError("must be an HTTP status from 200 to 599")
    return number


def _require_text(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _check_command(command: object) -> object:
    return check_argv(command, '["pytest", "tests/smoke"]')


def _check_output(text: str) -> str:
    OutputReference.parse(text)
    return text


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return text


def _require_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not Decimal(value).is_finite():
        raise ValueError("must be a number")
    return value


def _require_comparable(value: object) -> object:
    check_plain_value(value, "no output")
    return value


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, AfterValidator(_require_text)]
Number = Annotated[object, AfterValidator(_require_number)]


class CheckTable(BaseModel):
    """Fields of all kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    environments: Annotated[tuple[str, ...], Field(min_length=1)] = ()  # empty: all
    sandbox: Flag = True


class HttpCheck(CheckTable):
    """A URL, or the output of a stack, responds as expected within the timeout."""

    kind: Literal["http"] = "http"
    url: Annotated[str, AfterValidator(_check_address)]
    path: Annotated[str, AfterValidator(_check_path)] = ""
    expect_status: Annotated[int, Strict(), AfterValidator(_check_status)] = 200
    contains: Text | None = None
    timeout: Duration = timedelta(seconds=60)
    # Resources of the sandbox serve no requests.
    sandbox: Flag = False


class CommandCheck(CheckTable):
    """A program in the project's folder ends with exit code 0."""

    kind: Literal["command"] = "command"
    command: Annotated[tuple[str, ...], BeforeValidator(_check_command)]
    timeout: Duration = timedelta(minutes=5)


class OutputCheck(CheckTable):
    """The output of a stack has the expected value."""

    kind: Literal["output"] = "output"
    output: Annotated[str, AfterValidator(_check_output)]
    equals: Annotated[object, AfterValidator(_require_comparable)] = None
    matches: Annotated[str, AfterValidator(_check_pattern)] | None = None
    at_least: Number = None
    at_most: Number = None

    @model_validator(mode="after")
    def _require_one_assertion(self) -> Self:
        if len(self.model_fields_set.intersection(ASSERTIONS)) != 1:
            raise ValueError(f"must have exactly one of {', '.join(ASSERTIONS)}")
        return self


Check: TypeAlias = HttpCheck | CommandCheck | OutputCheck

KINDS: Mapping[str, type[Check]] = {"http": HttpCheck, "command": CommandCheck, "output": OutputCheck}
