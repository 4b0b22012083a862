"""Variables of a module as a pydantic model, with Terraform's conversions instead of pydantic's."""

import keyword
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import is_
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from envctl.domain.terraform.conversion import convert
from envctl.domain.terraform.types import describe
from envctl.domain.terraform.variables import Variable

MISMATCH = "terraform_type"
NULL = "terraform_null"


class _Identical(tuple[Variable, ...]):
    """Variables that are the same objects: their defaults can't be hashed, and to compare them would cost more."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple(id(each) for each in self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and len(self) == len(other) and all(map(is_, self, other))


def build_model(stack: str, variables: Sequence[Variable]) -> type[BaseModel]:
    """Once for the same variables: several environments often run one release, and a model takes milliseconds."""
    return _build(stack, _Identical(variables))


@lru_cache(maxsize=128)
def _build(stack: str, variables: _Identical) -> type[BaseModel]:
    fields: dict[str, Any] = {_field_name(variable.name): _field(variable) for variable in variables}
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
    """The variable's own name, except where Python or pydantic have another use for it."""
    taken = hasattr(BaseModel, name) or keyword.iskeyword(name) or name.startswith("_") or not name.isidentifier()
    return f"var_{name.replace('-', '_')}" if taken else name


def _field(variable: Variable) -> Any:  # noqa: ANN401 (what create_model takes)
    annotation = Annotated[Any, BeforeValidator(_checker(variable))]
    if not variable.has_default:
        return annotation, Field(alias=variable.name, description=variable.description)
    default, _ = convert(variable.default, variable.type)
    return annotation, Field(alias=variable.name, description=variable.description, default=default)


def _checker(variable: Variable) -> Callable[[object], object]:
    type_ = variable.type

    def check(value: object) -> object:
        if value is None and not variable.nullable:
            if variable.has_default:
                return convert(variable.default, type_)[0]
            raise PydanticCustomError(NULL, "null is not allowed")
        converted, mismatches = convert(value, type_)
        if mismatches:
            raise PydanticCustomError(MISMATCH, "not {expected}", {"expected": describe(type_), "found": mismatches})
        return converted

    return check
