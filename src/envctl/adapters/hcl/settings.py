"""Reader of a settings file (tfvars): names and literal values, each with its location."""

from functools import lru_cache

from pygohcl import HCLParseError

from envctl.adapters.hcl.source import (
    Source,
    find_non_literals,
    list_attributes,
    list_body,
    parse_attributes,
    to_exact_value,
)
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.variables import Assignment, SettingsFile


# A command reads the same files several times.
@lru_cache(maxsize=64)
def read_settings(data: bytes, name: str) -> SettingsFile:
    """Read a settings file. Raises ConfigurationError with all its problems."""
    try:
        return _parse_settings(data, name)
    except RecursionError:
        problem = Problem("E201", "a value is nested too deeply", "write it flatter", Location(name))
        raise ConfigurationError(problem) from None


def _parse_settings(data: bytes, name: str) -> SettingsFile:
    source = Source(data, name)
    problems = list(_find_invalid_settings(source))
    try:
        values = parse_attributes(source.data)
    except HCLParseError as error:
        # Values that are not literal have a message of ours; other errors keep HashiCorp's.
        is_syntax = "invalid HCL" in str(error) or not problems
        raise ConfigurationError(*(source.to_problems(str(error)) if is_syntax else problems)) from None
    if not problems and source.root.has_error:
        hint = "write one `name = value` a line"
        problems = [Problem("E201", "this file can't be read", hint, source.locate_node(source.root))]
    if problems:
        raise ConfigurationError(*problems)
    assignments = (
        Assignment(key, to_exact_value(source, node, values[key]), source.locate_node(node.parent or node))
        for key, node in list_attributes(list_body(source.root), source)
    )
    return SettingsFile(name, tuple(assignments))


def _find_invalid_settings(source: Source) -> list[Problem]:
    problems = []
    for node in list_body(source.root):
        if node.type == "block":
            message = f"a settings file holds no blocks such as {source.read_node(node.named_children[0])}"
            hint = "write `name = value`; blocks belong into a module"
            problems.append(Problem("E202", message, hint, source.locate_node(node)))
    for key, expression in list_attributes(list_body(source.root), source):
        for fault in find_non_literals(source, expression):
            message = f"{key} holds {fault.description}; a settings file holds literal values only"
            hint = "write the value itself; what is computed belongs into the module"
            problems.append(Problem("E202", message, hint, fault.location))
    return sorted(problems, key=lambda problem: (problem.location.line or 0) if problem.location else 0)
