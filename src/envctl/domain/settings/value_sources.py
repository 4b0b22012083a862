"""Where the value of each variable of each stack comes from, and its value with the type of the variable.

A model of pydantic for each stack converts the values, and finds missing and wrong ones.
"""

import keyword
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from envctl.domain.command_lines import format_command
from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.errors import Location, Problem
from envctl.domain.images.image_reference import is_same_artifact
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES
from envctl.domain.settings.settings import Origin, Setting, SetValue, find_key, format_canonical_json
from envctl.domain.terraform.conversion import convert_value, find_unknown_attributes, format_path
from envctl.domain.terraform.variables import (
    Assignment,
    Object,
    Primitive,
    Schema,
    SettingsFile,
    Tuple,
    TypeExpression,
    Variable,
    format_type,
)
from envctl.domain.terraform.variables import Collection as CollectionType
from envctl.domain.text.suggestions import suggest_name

REGION = "region"
MISMATCH_ERROR = "terraform_type"
NULL_ERROR = "terraform_null"


@dataclass(frozen=True)
class DeclaredSecret:
    """A source of `[secrets.values]`, and the line of its key."""

    source: SecretSource
    location: Location


@dataclass(frozen=True)
class SettingsPaths:
    """Where new settings belong, for hints."""

    shared: str  # the file for all stacks of the environment
    by_stack: Mapping[str, str] = field(default_factory=dict)  # the file of each stack; empty if there is none


@dataclass(frozen=True)
class _ValueSource:
    value: object
    origin: Origin
    location: Location | None


@dataclass(kw_only=True)
class Resolution:
    environment: str
    schema: Schema
    files: Sequence[SettingsFile]
    builtin: Mapping[str, str]
    wired: Mapping[str, Collection[str]]
    artifact_values: Mapping[str, object]
    may_set_artifacts: bool
    carried: Mapping[str, object]
    regions: Mapping[str, str]
    rolled: Mapping[str, Collection[str]]
    set_values: Mapping[str, Mapping[str, SetValue]]
    ignored: Collection[str]
    paths: SettingsPaths
    secrets: Mapping[str, DeclaredSecret] = field(default_factory=dict)
    _missing: dict[str, list[tuple[str, Variable]]] = field(default_factory=dict)

    @cached_property
    def declarations_by_name(self) -> Mapping[str, list[tuple[str, Variable]]]:
        found: dict[str, list[tuple[str, Variable]]] = {}
        for stack, variables in self.schema.items():
            for variable in variables:
                found.setdefault(variable.name, []).append((stack, variable))
        return found

    @cached_property
    def effective_assignments(self) -> Mapping[str, Mapping[str, Assignment]]:
        """The assignment of each name that counts, by stack."""
        return {
            stack: {each.name: each for file in self.files if file.stack in ("", stack) for each in file.assignments}
            for stack in self.schema
        }

    @cached_property
    def _own_assignments(self) -> Mapping[str, Collection[str]]:
        """The names in the files of each stack."""
        found: dict[str, set[str]] = {}
        for file in self.files:
            found.setdefault(file.stack, set()).update(each.name for each in file.assignments)
        return found

    def is_builtin(self, stack: str, name: str) -> bool:
        """Check if envctl fills the variable of a stack: a value for this stack alone wins."""
        is_filled = name in self.builtin or (name == REGION and stack in self.regions)
        return is_filled and name not in self._own_assignments.get(stack, ())

    def is_artifact(self, name: str) -> bool:
        """Check if an artifact fills the variable wherever a stack takes it from a file for all stacks."""
        takers = self.list_takers(name)
        scoped = bool(takers) and all(find_key(self.artifact_values, stack, name) for stack, _ in takers)
        return name in self.artifact_values or scoped

    def is_set(self, stack: str, name: str) -> bool:
        """Check that a stack takes the variable from the settings, not from another stack or its rollout."""
        return name not in self.wired.get(stack, ()) and name not in self.rolled.get(stack, ())

    def list_takers(self, name: str) -> list[tuple[str, Variable]]:
        """Return the stacks with a setting of this name, each with its variable."""
        return [(stack, each) for stack, each in self.declarations_by_name.get(name, []) if self.is_set(stack, name)]

    @cached_property
    def _sensitive_names(self) -> Collection[str]:
        return {each.name for variables in self.schema.values() for each in variables if each.sensitive}

    def is_sensitive(self, name: str) -> bool:
        return name in self._sensitive_names

    def find_secret(self, stack: str, name: str) -> DeclaredSecret | None:
        """Return the declared secret with the value that a stack takes for the variable."""
        key = find_key(self.secrets, stack, name) if self.secrets and self.is_set(stack, name) else ""
        return self.secrets[key] if key else None

    def find_source(self, variable: Variable, stack: str) -> _ValueSource | None:
        name = variable.name
        if found := self.find_secret(stack, name):
            return _ValueSource(str(found.source), "secret", found.location)
        if (given := self.set_values.get(stack, {}).get(name)) is not None:
            return _ValueSource(given.value, "set", given.location)
        assigned = self.effective_assignments[stack].get(name)
        if self.is_builtin(stack, name):
            filled = self.regions.get(stack) if name == REGION else None
            return _ValueSource(filled or self.builtin[name], "envctl", None)
        key = find_key(self.artifact_values, stack, name)
        carried = self.artifact_values.get(key)
        if carried is not None:
            # Part of the release in the entry too: a file there may already have the value of the next release.
            is_carried = assigned and self.may_set_artifacts and is_same_artifact(assigned.value, self.carried.get(key))
            return _ValueSource(carried, "artifact", assigned.location if assigned and is_carried else None)
        if assigned is None or (key and not self.may_set_artifacts):
            return None
        falls_back = assigned.value is None and variable.has_default and not variable.nullable
        origin: Origin = "artifact" if key else "file"
        return None if falls_back else _ValueSource(assigned.value, origin, assigned.location)

    def resolve_arguments(self, stack: str) -> tuple[dict[str, object], list[Problem]]:
        taken = {
            variable.name: variable
            for variable in self.schema[stack]
            if self.is_set(stack, variable.name) and not self.find_secret(stack, variable.name)
        }
        sources = {name: self.find_source(variable, stack) for name, variable in taken.items()}
        model = build_model(stack, Variables(taken.values()))
        try:
            checked = model.model_validate({name: source.value for name, source in sources.items() if source})
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False)
            return {}, [
                found for each in details for found in self._explain_error(stack, taken[str(each["loc"][0])], each)
            ]
        return checked.model_dump(by_alias=True, exclude_unset=True), []

    def _explain_error(self, stack: str, variable: Variable, detail: ErrorDetails) -> Iterator[Problem]:
        name = variable.name
        if detail["type"] == "missing":
            self._missing.setdefault(name, []).append((stack, variable))
            return
        source = self.find_source(variable, stack)
        place = (source.location if source else None) or variable.location
        if detail["type"] == NULL_ERROR:
            message = f"{name} must not be null: {stack} needs a value (declared at {variable.location})"
            yield Problem("E206", message, self._set_hint(variable, [stack]), place)
            return
        hint = f"give it a value of type {variable.type_text} (declared at {variable.location})"
        for mismatch in detail["ctx"]["found"]:
            yield Problem("E204", mismatch.format_message(name, reveal=not self.is_sensitive(name)), hint, place)

    def find_missing_values(self) -> Iterator[Problem]:
        for name, needed in self._missing.items():
            variable = needed[0][1]
            stacks = " and ".join(stack for stack, _ in needed)
            message = f"{name} has no value, and {stacks} {'needs' if len(needed) == 1 else 'need'} it"
            hint = self._set_hint(variable, [stack for stack, _ in needed])
            if name in TRAFFIC_VARIABLES:
                hint = f"add [stacks.{needed[0][0]}.rollout] to envctl.toml to fill it; or {hint}"
            yield Problem("E205", message, hint, variable.location)

    def _set_hint(self, variable: Variable, stacks: Sequence[str]) -> str:
        example = f"{variable.name} = {_format_example(variable.type)}"
        is_artifact = any(find_key(self.artifact_values, stack, variable.name) for stack in stacks)
        if is_artifact and not self.may_set_artifacts:
            return f"artifacts come with the release; set `{example}` in the entry environment and promote"
        if variable.sensitive:
            return (
                f"say where its value is, under [secrets.values] in envctl.toml: `{variable.name} = "
                f'"secretsmanager:NAME"` or `"env:NAME"` ({format_command("explain", "E205")}); settings files must'
                " not hold secrets"
            )
        # Where only some of several stacks lack a value, the others have values of their own.
        takers = self.list_takers(variable.name)
        own = self.paths.by_stack.get(stacks[0], "") if len(stacks) < len(takers) else ""
        path = own or self.paths.shared
        if path.endswith(".json"):
            example = f'"{variable.name}": {_format_example(variable.type)}'
        hint = f"add `{example}` to {path}"
        if not any(file.name == path for file in self.files):
            hint = f"there is no {path}: create it, with `{example}`"
        if len(takers) == 1:
            return hint
        return f"{hint}; or give a stack its own value: [stacks.{stacks[0]}.set] in envctl.toml"

    def find_unknown_attributes(self) -> Iterator[Problem]:
        for name in self.declarations_by_name:
            reveal = not self.is_sensitive(name)
            for source, types in self._list_written_values(name):
                for path, stray, known in find_unknown_attributes(source.value, types):
                    address = ".".join((name, *(part[1:] for part in path if part.startswith(".")), stray))
                    # Only a pattern with a dot means an attribute.
                    if any("." in pattern and fnmatchcase(address, pattern) for pattern in self.ignored):
                        continue
                    shown = f"attribute {stray}" if reveal else "attribute that it sets"
                    message = (
                        f"{name}{format_path(path, reveal=reveal)} has no {shown}; Terraform would drop it silently"
                    )
                    hint = suggest_name(stray, known) if reveal else f"known are: {', '.join(sorted(known))}"
                    if reveal and not hint.startswith("did"):
                        others = f'to leave it there: [settings] ignore = ["{address}"] in envctl.toml'
                        hint = "; ".join(filter(None, (others, hint)))
                    yield Problem("E209", message, hint, source.location)

    def _list_written_values(self, name: str) -> list[tuple[_ValueSource, list[TypeExpression]]]:
        """Return the values written by people for a name, each with the types of the stacks that take it."""
        found: dict[tuple[Origin, Location | None, str], tuple[_ValueSource, list[TypeExpression]]] = {}
        for stack, variable in self.list_takers(name):
            given, assigned = self.set_values.get(stack, {}).get(name), self.effective_assignments[stack].get(name)
            if given is not None:
                source = _ValueSource(given.value, "set", given.location)
            elif assigned is not None:
                source = _ValueSource(assigned.value, "file", assigned.location)
            else:
                continue
            key = (source.origin, source.location, "" if source.location else stack)
            found.setdefault(key, (source, []))[1].append(variable.type)
        return list(found.values())

    def collect_settings(self, arguments: Mapping[str, Mapping[str, object]]) -> tuple[Setting, ...]:
        merged: dict[tuple[str, str, str, Location | None], Setting] = {}
        for name in sorted(self.declarations_by_name):
            for stack, variable in self.list_takers(name):
                # The text of a source is no secret.
                sensitive = self.is_sensitive(name) and not self.find_secret(stack, name)
                source = self.find_source(variable, stack)
                origin: Origin = source.origin if source else "default"
                value = variable.default if source is None else source.value
                value = arguments[stack][name] if origin not in ("default", "secret") else value
                location = source.location if source else variable.location
                # Equal values of two stacks, each written in a place of its own, are two settings.
                key = (name, origin, format_canonical_json(value), location if source else None)
                known = merged.get(key) or Setting(name, value, location, origin, sensitive, ())
                merged[key] = replace(known, value=value, stacks=(*known.stacks, stack))
        return tuple(merged.values())

    def collect_sources(self) -> dict[str, dict[str, SecretSource]]:
        sources: dict[str, dict[str, SecretSource]] = {}
        for stack, variables in self.schema.items():
            for variable in variables if self.secrets else ():
                if found := self.find_secret(stack, variable.name):
                    sources.setdefault(stack, {})[variable.name] = found.source
        return sources


def _format_example(type_: TypeExpression) -> str:
    match type_:
        case Primitive("string"):
            return '"…"'
        case CollectionType("map", _) | Object():
            return "{ … }"
        case CollectionType() | Tuple():
            return "[ … ]"
        case _:
            return "…"


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
        name = variable.name
        # Some names are reserved by Python or pydantic.
        taken = hasattr(BaseModel, name) or keyword.iskeyword(name) or name.startswith("_") or not name.isidentifier()
        fields[f"var_{name.replace('-', '_')}" if taken else name] = annotation, field_info
    config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # an error's text must never show a sensitive value
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),
    )
    return create_model(f"{stack.title().replace('-', '').replace('_', '')}Settings", __config__=config, **fields)


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
