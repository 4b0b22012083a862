"""What modules declare and what settings files assign: the two sides that settings bring together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from envctl.domain.errors import Location
from envctl.domain.terraform.types import TypeExpression, parse_type


@dataclass(frozen=True)
class Variable:
    """One `variable` block of a module. The type is `any` where the block names none."""

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

    def to_json(self) -> dict[str, object]:
        """The form in which it travels in a release."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Variable":
        """Raises KeyError, TypeError or ValueError for a document that `to_json` did not write."""
        place = document["location"]
        if not isinstance(place, Mapping) or set(document) != set(cls.__dataclass_fields__):
            raise ValueError("not a variable of a release's settings schema")
        line = place["line"]
        parse_type(str(document["type_text"]))
        return cls(
            name=str(document["name"]),
            type_text=str(document["type_text"]),
            has_default=bool(document["has_default"]),
            default=document["default"],
            nullable=bool(document["nullable"]),
            sensitive=bool(document["sensitive"]),
            description=str(document["description"]),
            location=Location(str(place["file"]), None if line is None else int(line)),
        )


Schema = Mapping[str, tuple[Variable, ...]]
"""The variables of each stack's module."""


@dataclass(frozen=True)
class Assignment:
    """One `name = value` line of a settings file."""

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
    """A `module` block inside a module. The source is empty where it is not a literal string, and so is the version
    where there is none.
    """

    name: str
    source: str
    location: Location
    version: str = ""


@dataclass(frozen=True)
class ModuleInterface:
    """What of a module can be seen from outside, and the modules that it calls."""

    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    calls: tuple[ModuleCall, ...]
