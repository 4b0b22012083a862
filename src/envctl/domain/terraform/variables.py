"""Declarations of modules, and assignments of settings files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import Location
from envctl.domain.terraform.types import TypeExpression, parse_type


@dataclass(frozen=True)
class Variable:
    """A `variable` block of a module. Without a type in the block, `type_text` is `any`."""

    name: str
    type_text: str
    has_default: bool
    default: object = field(repr=False)
    nullable: bool
    sensitive: bool
    description: str
    location: Location

    @property
    def type(self) -> TypeExpression:
        return parse_type(self.type_text)

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Variable":
        """Read a variable stored by `asdict`. Raises KeyError, TypeError or ValueError for other documents."""
        location = document["location"]
        if not isinstance(location, Mapping) or set(document) != set(cls.__dataclass_fields__):
            raise ValueError("not a variable of a release's settings schema")
        line = location["line"]
        parse_type(str(document["type_text"]))
        return cls(
            name=str(document["name"]),
            type_text=str(document["type_text"]),
            has_default=bool(document["has_default"]),
            default=document["default"],
            nullable=bool(document["nullable"]),
            sensitive=bool(document["sensitive"]),
            description=str(document["description"]),
            location=Location(str(location["file"]), None if line is None else int(line)),
        )


Schema = Mapping[str, tuple[Variable, ...]]
"""Variables of the module of each stack."""


@dataclass(frozen=True)
class Assignment:
    """A `name = value` line of a settings file."""

    name: str
    value: object = field(repr=False)
    location: Location


@dataclass(frozen=True)
class SettingsFile:
    name: str
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Output:
    name: str
    sensitive: bool
    description: str
    location: Location


@dataclass(frozen=True)
class ModuleCall:
    """A `module` block inside a module. `source` is empty unless it is a literal string."""

    name: str
    source: str
    location: Location
    version: str = ""


@dataclass(frozen=True)
class ModuleInterface:
    """The public interface of a module, and its calls of other modules."""

    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    calls: tuple[ModuleCall, ...]
