"""The kinds of checks, as tables of the project file. A new kind is a model here with its place in KINDS, a case in
`resolve`, and, where the world has to be asked, a probe with its prober.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from envctl.domain.config.argv import words
from envctl.domain.config.checks.urls import http_url
from envctl.domain.config.plain_values import check_plain
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.text.durations import parse

OUTPUT = "output:"
ASSERTIONS = ("equals", "matches", "at_least", "at_most")


def _duration(text: object) -> timedelta:
    if not isinstance(text, str):
        raise ValueError('must be a duration in quotes, such as "60s" or "5m"')  # noqa: TRY004 (pydantic wants it)
    return parse(text)


def _address(text: str) -> str:
    if text.startswith(OUTPUT):
        Reference.parse(text.removeprefix(OUTPUT))
        return text
    try:
        return http_url(text)
    except ValueError as error:
        raise ValueError(f'{error}; or the output of a stack, such as "output:web.url"') from None


def _path(text: str) -> str:
    if not text.startswith("/") or not text.isprintable() or {" ", "#", "\\"} & set(text):
        raise ValueError('must be the path of a URL, such as "/healthz"')
    return text


def _status(number: int) -> int:
    if not 200 <= number <= 599:  # noqa: PLR2004 (1xx announce an answer and are none)
        raise ValueError("must be an HTTP status from 200 to 599")
    return number


def _filled(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _words(command: object) -> object:
    return words(command, '["pytest", "tests/smoke"]')


def _output(text: str) -> str:
    Reference.parse(text)
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return text


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not Decimal(value).is_finite():
        raise ValueError("must be a number")
    return value


def _comparable(value: object) -> object:
    check_plain(value, "no output")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, AfterValidator(_filled)]
Number = Annotated[object, AfterValidator(_number)]


class CheckTable(BaseModel):
    """What all kinds have. No environment named means all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    environments: Annotated[tuple[str, ...], Field(min_length=1)] = ()
    sandbox: Flag = True


class HttpCheck(CheckTable):
    """Whether a URL, given or the output of a stack, answers as expected before the time is over."""

    kind: Literal["http"] = "http"
    url: Annotated[str, AfterValidator(_address)]
    path: Annotated[str, AfterValidator(_path)] = ""
    expect_status: Annotated[int, Strict(), AfterValidator(_status)] = 200
    contains: Text | None = None
    timeout: Duration = timedelta(seconds=60)
    # What the sandbox says it has created does not serve anything.
    sandbox: Flag = False


class CommandCheck(CheckTable):
    """Whether a program, run in the project's folder, ends with exit code 0."""

    kind: Literal["command"] = "command"
    command: Annotated[tuple[str, ...], BeforeValidator(_words)]
    timeout: Duration = timedelta(minutes=5)


class OutputCheck(CheckTable):
    """Whether the output of a stack is what it should be."""

    kind: Literal["output"] = "output"
    output: Annotated[str, AfterValidator(_output)]
    equals: Annotated[object, AfterValidator(_comparable)] = None
    matches: Annotated[str, AfterValidator(_pattern)] | None = None
    at_least: Number = None
    at_most: Number = None

    @model_validator(mode="after")
    def _asserts_one_thing(self) -> Self:
        if len(self.model_fields_set.intersection(ASSERTIONS)) != 1:
            raise ValueError(f"must have exactly one of {', '.join(ASSERTIONS)}")
        return self


Check: TypeAlias = HttpCheck | CommandCheck | OutputCheck

KINDS: Mapping[str, type[Check]] = {"http": HttpCheck, "command": CommandCheck, "output": OutputCheck}
