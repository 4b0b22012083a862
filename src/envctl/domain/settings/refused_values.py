"""Settings that a module's `validation` blocks refuse, found without Terraform."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from envctl.domain.errors import Location, Problem
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.conditions.evaluation import evaluate_condition, find_variables
from envctl.domain.terraform.conditions.syntax import Call, ListOf, Literal, parse_expression
from envctl.domain.terraform.conditions.values import UncertainError, to_value
from envctl.domain.terraform.literals import format_literal
from envctl.domain.terraform.variables import ModuleValidations, Validation, Variable
from envctl.domain.text.suggestions import find_nearest

Locator = Callable[[], Location]
CODE = "E216"
_LONGEST_VALUE = 60
_REFERENCE = re.compile(r"\$\{\s*var\.([\w-]+)\s*\}", re.ASCII)


@dataclass(frozen=True)
class StackInterface:
    """What is known of a stack before Terraform runs."""

    variables: tuple[Variable, ...]
    validations: ModuleValidations
    wired: frozenset[str]  # variables with values from other stacks


def find_refused_values(
    settings: EnvironmentSettings, stacks: Mapping[str, StackInterface], builtin_places: Mapping[str, Locator]
) -> Iterator[Problem]:
    """Yield a problem for each `validation` block that is certainly not met.

    builtin_places: find lines of envctl.toml, by the variable that they fill.
    """
    for stack, interface in stacks.items():
        if not interface.validations.rules:
            continue
        check = _StackCheck(stack, interface, settings, builtin_places)
        for rule in interface.validations.rules:
            if evaluate_condition(rule.condition, check.values) is False:
                yield check.describe(rule)


class _StackCheck:
    def __init__(
        self, stack: str, interface: StackInterface, settings: EnvironmentSettings, places: Mapping[str, Locator]
    ) -> None:
        self._variables = {each.name: each for each in interface.variables}
        self._settings = {each.name: each for each in settings.settings if stack in each.stacks}
        self._places = places
        self._raw = dict(_list_known_values(interface, settings.arguments.get(stack, {})))
        self.values: dict[str, object] = {}
        for name, value in self._raw.items():
            with suppress(UncertainError):
                self.values[name] = to_value(value, self._variables[name].type)

    def describe(self, rule: Validation) -> Problem:
        name = self._choose_variable(rule)
        variable = self._variables[name]
        shown = f"{name} = {_format_value(self._raw[name])}" if not variable.sensitive else f"the value of {name}"
        why = self._format_message(rule) or f"it requires {' '.join(rule.condition.split())}"
        hint = f"the rule is at {rule.location}"
        if not variable.sensitive and (near := _suggest_value(rule.condition, self._raw[name])):
            hint = f"did you mean {near}? ({hint})"
        else:
            hint = f"correct the value; {hint}"
        return Problem(CODE, f"{shown} is refused by its module: {why}", hint, self._locate(name))

    def _choose_variable(self, rule: Validation) -> str:
        """Return the variable to correct: that of the rule, or another one of its condition if that is not set."""
        others = sorted(find_variables(parse_expression(rule.condition)) - {rule.variable})
        known = [name for name in (rule.variable, *others) if name in self._raw]
        is_set = [name for name in known if self._find_line(name)]
        return (is_set or known)[0]

    def _find_line(self, name: str) -> Location | None:
        """Return the line of a settings file; None for defaults, and for what envctl fills."""
        setting = self._settings.get(name)
        return setting.location if setting is not None and setting.origin in ("file", "artifact", "set") else None

    def _locate(self, name: str) -> Location:
        if (line := self._find_line(name)) is not None:
            return line
        return self._places[name]() if name in self._places else self._variables[name].location

    def _format_message(self, rule: Validation) -> str:
        def resolve(found: re.Match[str]) -> str:
            variable, value = self._variables.get(found[1]), self._raw.get(found[1])
            is_shown = variable is not None and not variable.sensitive and isinstance(value, str | int | float)
            return format_literal(value).strip('"') if is_shown else found[0]

        return _REFERENCE.sub(resolve, rule.message)


def _list_known_values(interface: StackInterface, arguments: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the values known before Terraform runs: set ones and literal defaults, not those of other stacks."""
    unknown = {*interface.wired, *interface.validations.computed_defaults, *TRAFFIC_VARIABLES}
    for variable in interface.variables:
        if variable.name in arguments:
            yield variable.name, arguments[variable.name]
        elif variable.has_default and variable.name not in unknown:
            yield variable.name, variable.default


def _format_value(value: object) -> str:
    """Return the value, without its middle if it is long: an image is refused for its end."""
    text = format_literal(value)
    half = _LONGEST_VALUE // 2
    return text if len(text) <= _LONGEST_VALUE else f"{text[:half]}…{text[-half:]}"


def _suggest_value(condition: str, value: object) -> str:
    """Return the nearest allowed text of a condition like `contains(["a", "b"], var.x)`, in quotes; or empty."""
    match value, parse_expression(condition):
        case str(), Call("contains", (ListOf(items), _)):
            allowed = [each.value for each in items if isinstance(each, Literal) and isinstance(each.value, str)]
            near = find_nearest(value, allowed)
            return json.dumps(near, ensure_ascii=False) if near else ""
    return ""
