"""Checks of kind `output`: the output of a stack has the expected value."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, model_validator

from envctl.domain.config.checks.check_table import CheckResult, CheckTable
from envctl.domain.config.checks.output_values import (
    describe_type,
    find_output_value,
    format_value,
    is_number,
    is_same_value,
    to_decimal,
)
from envctl.domain.config.fields import require
from envctl.domain.config.plain_values import check_plain_value
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.literals import format_number
from envctl.domain.terraform.outputs import Outputs
from envctl.domain.text.excerpt import excerpt

ASSERTIONS = ("equals", "matches", "at_least", "at_most")


def _check_regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return text


Number = Annotated[object, require(lambda value: is_number(value) and Decimal(value).is_finite(), "must be a number")]
Comparable = Annotated[object, AfterValidator(lambda value: check_plain_value(value, "no output"))]


class OutputCheck(CheckTable):
    """The output of a stack has the expected value. It has one of equals, matches, at_least and at_most."""

    example: ClassVar[Mapping[str, object]] = {"output": "web.size", "equals": 2}

    kind: Literal["output"] = "output"  # an output has the expected value
    # the output, such as `network.zones`
    output: Annotated[str, AfterValidator(lambda text: str(OutputReference.parse(text)))]
    equals: Comparable = None  # the value
    matches: Annotated[str, AfterValidator(_check_regex)] | None = None  # regular expression for the whole value
    at_least: Number = None  # smallest number
    at_most: Number = None  # largest number

    @model_validator(mode="after")
    def _require_one_assertion(self) -> Self:
        if len(self.model_fields_set.intersection(ASSERTIONS)) != 1:
            raise ValueError(f"must have exactly one of {', '.join(ASSERTIONS)}")
        return self

    def list_references(self) -> tuple[OutputReference, ...]:
        return (OutputReference.parse(self.output),)

    def resolve(self, name: str, outputs: Outputs) -> CheckResult:
        reference = OutputReference.parse(self.output)
        problem = self._find_problem(find_output_value(reference, outputs))
        return CheckResult(name, problem and f"{reference} {problem}")

    def _find_problem(self, value: object) -> str:
        """Return the reason a value fails the check; empty if it passes."""
        if self.matches is not None:
            return _check_pattern(self.matches, value)
        if self.at_least is not None or self.at_most is not None:
            return _check_range(self, value)
        if is_same_value(value, self.equals):
            return ""
        return f"is {format_value(value)}, expected {format_value(self.equals)}"


def _check_pattern(pattern: str, value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case _ if is_number(value):
            text = format_number(value)
        case _:
            return f"is {describe_type(value)}; only text, numbers, true and false can match"
    return "" if re.fullmatch(pattern, text) else f"is {format_value(value)}; it does not match {excerpt(pattern)}"


def _check_range(check: OutputCheck, value: object) -> str:
    if not is_number(value):
        return f"is {format_value(value)}, {describe_type(value)}; it must be a number"
    if is_number(check.at_least) and to_decimal(value) < to_decimal(check.at_least):
        return f"is {format_value(value)}, expected at least {format_value(check.at_least)}"
    if is_number(check.at_most) and to_decimal(value) > to_decimal(check.at_most):
        return f"is {format_value(value)}, expected at most {format_value(check.at_most)}"
    return ""
