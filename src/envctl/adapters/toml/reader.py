"""Loads envctl.toml, and reports all its problems at once.

E101 not TOML · E102 an unknown key · E103 a wrong type or value · E104 order and sections differ · E105 a stack that
does not exist · E106 stacks in a circle · E107 a malformed input · E108 a missing key · E109 artifacts in conflict
"""

import re
import tomllib
import types
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from envctl.domain.config.cross_checks import find_faults
from envctl.domain.config.fields import Fault, TomlPath
from envctl.domain.config.plain_values import WrittenFloat
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.text.suggestions import suggest_name

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")


# A command reads the project file several times.
@lru_cache(maxsize=8)
def load_project(text: bytes, name: str = "envctl.toml") -> Project:
    document = _parse_toml(text, name)
    project, found = _validate_document(document)
    found += find_faults(document)
    if project is not None and not found and not project.has_usual_states:
        # Imported late: most projects leave the places of states to envctl.
        from envctl.domain.config.states.state_place import find_state_faults

        found += find_state_faults(project)
    if project is None or found:
        from envctl.adapters.toml.key_lines import find_line, map_lines

        lines = map_lines(text)
        problems = [Problem(f.code, f.message, f.hint, Location(name, find_line(lines, f.path))) for f in found]
        to_line = lambda problem: problem.location.line or 0 if problem.location else 0  # noqa: E731
        raise ConfigurationError(*sorted(dict.fromkeys(problems), key=to_line))
    return project


def locate_key(text: bytes, path: Sequence[str | int], name: str = "envctl.toml") -> Location:
    """Return the location of a key, or of its nearest table in the file."""
    from envctl.adapters.toml.key_lines import find_line, map_lines

    return Location(name, find_line(map_lines(text), tuple(path)))


def locate_rendered_key(text: bytes, environment: str, path: Sequence[str | int]) -> Location | None:
    """Return the location of the key behind a path of a rendered root module; None if the file has no such key."""
    from envctl.adapters.toml.key_lines import map_lines
    from envctl.domain.release.rendering.root_module import list_project_keys

    lines = map_lines(text)
    found = (lines[key] for key in list_project_keys(environment, tuple(path)) if key in lines)
    return next((Location("envctl.toml", line) for line in found), None)


def _parse_toml(text: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode("utf-8-sig"), parse_float=WrittenFloat)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        problem = Problem("E101", f"{name} is not UTF-8 text", "save the file as UTF-8", Location(name, line))
        raise ConfigurationError(problem) from None
    except RecursionError:
        problem = Problem("E101", f"a value in {name} is nested too deeply", "use fewer levels", Location(name))
        raise ConfigurationError(problem) from None
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT_LINE.search(message)
        line = int(found[1]) if found and found[1] else text.rstrip().count(b"\n") + 1
        reason = _AT_LINE.sub("", message)
        hint = "correct this line; strings need quotes in TOML"
        if twice := re.fullmatch(r"Cannot declare \((.+)\) twice", reason):
            section = ".".join(re.findall(r"'([^']*)'", twice[1]))
            reason, hint = f"[{section}] is there twice", "write its keys under one of the two"
        raise ConfigurationError(Problem("E101", f"{name} is not TOML: {reason}", hint, Location(name, line))) from None


def _validate_document(document: Mapping[str, Any]) -> tuple[Project | None, list[Fault]]:
    try:
        return Project.model_validate(document), []
    except ValidationError as error:
        return None, [_to_fault(each, document) for each in error.errors(include_url=False)]


def _list_check_keys(path: TomlPath, document: Mapping[str, Any]) -> list[str]:
    """Return the keys of the check's kind; none if the path does not lead into a check."""
    if len(path) != 3 or path[0] != "checks":  # noqa: PLR2004 (checks, its name, the key)
        return []
    from envctl.domain.config.checks import table

    return table.list_known_keys(str(path[1]), document["checks"][path[1]])


def _to_fault(error: "ErrorDetails", document: Mapping[str, Any]) -> Fault:
    # Imported late: most projects have no faults.
    from envctl.domain.config.key_places import find_place, suggest_choice, suggest_table

    path = tuple(part for part in error["loc"] if part != "[key]")
    dotted = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        hint = find_place(path) or suggest_name(
            str(path[-1]), list_known_keys(path[:-1]) or _list_check_keys(path, document)
        )
        return Fault("E102", f"{dotted} is not a known key", hint, path)
    if error["type"] == "missing":
        examples = next((_EXAMPLES_BY_TABLE[part] for part in path[:-1] if part in _EXAMPLES_BY_TABLE), _EXAMPLES)
        example = examples.get(path[-1], f"{path[-1]} = …")
        return Fault("E108", f"{dotted} is missing", f"add it: {example}", path)
    reason = str(error["ctx"]["error"]) if error["type"] == "value_error" else _explain_mismatch(error)
    hint = suggest_choice(path, error.get("input"), reason) if error["type"] == "literal_error" else ""
    hint = hint or suggest_table(path, reason)
    return Fault("E103", f"{dotted} {reason}", hint or f"correct {dotted}", path)


_EXAMPLES: Mapping[str | int, str] = {
    "project": '[project] with name = "shop"',
    "name": 'name = "shop"',
    "pipeline": '[pipeline] with order = ["dev", "staging", "prod"]',
    "order": 'order = ["dev", "staging", "prod"]',
    "environments": "a section [environments.NAME] for each environment in the order",
    "stacks": 'a section [stacks.NAME] with module = "modules/NAME"',
    "module": 'module = "modules/NAME"',
    "variable": 'variable = "image"',
    "kind": 'kind = "oci"',
    "command": 'command = ["python", "tools/cost.py"]',
}
# Examples for keys with another meaning in these tables.
_EXAMPLES_BY_TABLE: Mapping[str | int, Mapping[str | int, str]] = {
    "windows": {"kind": 'kind = "deny"', "name": 'name = "weekend"'},
    "checks": {"kind": 'kind = "http"', "command": 'command = ["pytest", "tests/smoke"]'},
}


_REASONS = {
    "string_type": "must be a string, in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "too_short": "must not be empty",
    "tuple_type": 'must be a list, such as ["dev", "prod"]',
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "mapping_type": "must be a table",
    "dict_type": "must be a table",
}


def _explain_mismatch(error: "ErrorDetails") -> str:
    if error["type"] == "greater_than_equal":
        return f"must be {error['ctx']['ge']} or more"
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected']}"
    return _REASONS.get(error["type"], error["msg"])


def list_known_keys(path: TomlPath) -> list[str]:
    model: Any = Project
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = _strip_optional(fields.get(str(part)))
        elif get_origin(model) is not None:
            # The values of a mapping, or the items of a tuple of any length.
            model = _strip_optional([argument for argument in get_args(model) if argument is not Ellipsis][-1])
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _strip_optional(annotation: Any) -> Any:  # noqa: ANN401 (annotations are of any type)
    if get_origin(annotation) in {Union, types.UnionType}:
        return get_args(annotation)[0]
    return annotation
