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
from envctl.domain.config.fields import Flag, parse_quoted_duration, require
from envctl.domain.config.plain_values import check_plain_value
from envctl.domain.terraform.output_reference import OutputReference

OUTPUT = "output:"
ASSERTIONS = ("equals", "matches", "at_least", "at_most")


def _check_address(text: str) -> str:
    if text.startswith(OUTPUT):
        OutputReference.parse(text.removeprefix(OUTPUT))
        return text
    try:
        return check_http_url(text)
    except ValueError as error:
        raise ValueError(f'{error}; or the output of a stack, such as "output:web.url"') from None


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()


def _is_path(text: str) -> bool:
    return text.startswith("/") and text.isprintable() and not {" ", "#", "\\"} & set(text)


Duration = Annotated[timedelta, BeforeValidator(lambda text: parse_quoted_duration(text, '"60s" or "5m"'))]
Argv = Annotated[tuple[str, ...], BeforeValidator(lambda words: check_argv(words, '["pytest", "tests/smoke"]'))]
Text = Annotated[str, require(bool, "must not be empty")]
Path = Annotated[str, require(_is_path, 'must be the path of a URL, such as "/healthz"')]
# 1xx are no final responses.
Status = Annotated[int, Strict(), require(range(200, 600).__contains__, "must be an HTTP status from 200 to 599")]
Number = Annotated[object, require(_is_number, "must be a number")]
Comparable = Annotated[object, AfterValidator(lambda value: check_plain_value(value, "no output"))]


class CheckTable(BaseModel):
    """Fields of all kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    environments: Annotated[tuple[str, ...], Field(min_length=1)] = ()  # empty: all
    sandbox: Flag = True


class HttpCheck(CheckTable):
    """A URL, or the output of a stack, responds as expected within the timeout."""

    kind: Literal["http"] = "http"
    url: Annotated[str, AfterValidator(_check_address)]
    path: Path = ""
    expect_status: Status = 200
    contains: Text | None = None
    timeout: Duration = timedelta(seconds=60)
    # Resources of the sandbox serve no requests.
    sandbox: Flag = False


class CommandCheck(CheckTable):
    """A program in the project's folder ends with exit code 0."""

    kind: Literal["command"] = "command"
    command: Argv
    timeout: Duration = timedelta(minutes=5)


class OutputCheck(CheckTable):
    """The output of a stack has the expected value."""

    kind: Literal["output"] = "output"
    output: Annotated[str, AfterValidator(lambda text: str(OutputReference.parse(text)))]
    equals: Comparable = None
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
