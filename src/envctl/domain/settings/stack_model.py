"""Pydantic model of the variables of a stack: converts values to their types, and finds missing and wrong ones."""

import keyword
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.variables import TypeExpression, Variable, format_type

MISMATCH_ERROR = "terraform_type"
NULL_ERROR = "terraform_null"


class Variables(tuple[Variable, ...]):
    """A cache key of variables by all that their model is made of: defaults are unhashable, and 1 equals true."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(self._content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Variables) and self._content == other._content

    @property
    def _content(self) -> str:
        return repr([(v.name, v.type_text, v.has_default, v.default, v.nullable, v.description) for v in self])


@lru_cache(maxsize=128)
def build_model(stack: str, variables: Variables) -> type[BaseModel]:
    """Return the model of a stack, cached: a command meets the same variables several times."""
    fields: dict[str, Any] = {}
    for variable in variables:
        type_ = variable.type
        default: Any = convert_value(variable.default, type_)[0] if variable.has_default else ...
        annotation = Annotated[Any, BeforeValidator(_build_validator(variable, type_))]
        field_info = Field(default, alias=variable.name, description=variable.description)
        fields[_field_name(variable.name)] = annotation, field_info
    config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # an error's text must never show a sensitive value
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),
    )
    return create_model(f"{stack.title().replace('-', '').replace('_', '')}Settings", __config__=config, **fields)


def _field_name(name: str) -> str:
    """Return the name of the variable, or `var_NAME` for names reserved by Python or pydantic."""
    taken = hasattr(BaseModel, name) or keyword.iskeyword(name) or name.startswith("_") or not name.isidentifier()
    return f"var_{name.replace('-', '_')}" if taken else name


def _build_validator(variable: Variable, type_: TypeExpression) -> Callable[[object], object]:
    def validate(value: object) -> object:
        if value is None and not variable.nullable:
            if variable.has_default:
                return convert_value(variable.default, type_)[0]
            raise PydanticCustomError(NULL_ERROR, "null is not allowed")
        converted, mismatches = convert_value(value, type_)
        if mismatches:
            raise PydanticCustomError(
                MISMATCH_ERROR, "not {expected}", {"expected": format_type(type_), "found": mismatches}
            )
        return converted

    return validate
