"""The words of a rule for people, beside the rule itself."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.text.durations import format_rough_duration


@dataclass(frozen=True)
class RuleText:
    """How the report tells a rule. In a text, `{}` stands for the value of the rule, and `{rules.NAME}` for another."""

    title: str = ""  # the name of its row; without one, the rule is in the JSON document only
    text: str = "{}"  # the rule in force
    unset: str = ""  # the rule not in force; empty: it has no row then
    is_in_force: Callable[[Any], bool] = bool  # whether a value asks for anything


def find_rule_texts(model: type[BaseModel]) -> Mapping[str, RuleText]:
    """Return the text of each rule that has one, by field."""
    return {
        name: each
        for name, field in model.model_fields.items()
        for each in field.metadata
        if isinstance(each, RuleText)
    }


def describe_rules(rules: BaseModel) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield title and text of each rule in force; several texts for a rule with several values of their own."""
    for name, told in find_rule_texts(type(rules)).items():
        value = getattr(rules, name)
        if not told.title:
            continue
        if not told.is_in_force(value):
            if told.unset:
                yield told.title, told.unset
        elif told.text == "{}" and isinstance(value, Collection):
            yield told.title, tuple(map(_format_value, value))
        else:
            yield told.title, told.text.format(_format_value(value), rules=rules)


def _format_value(value: object) -> str:
    if isinstance(value, timedelta):
        return format_rough_duration(value)
    if isinstance(value, GuardCode):
        return f"{value} {value.guard}"
    if isinstance(value, Collection) and not isinstance(value, str):
        listed = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join(map(_format_value, listed)) or "nothing"
    return str(value)
