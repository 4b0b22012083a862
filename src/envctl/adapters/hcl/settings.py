"""A settings file (tfvars): names and literal values, each with its line."""

from pygohcl import HCLParseError

from envctl.adapters.hcl.source import Source, attributes_of, named
from envctl.adapters.hcl.values import exact, not_literals
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.variables import Assignment, SettingsFile


def read_settings(data: bytes, name: str) -> SettingsFile:
    """Raises ConfigurationError with every problem of the file."""
    try:
        return _read(data, name)
    except RecursionError:
        problem = Problem("E201", "a value is nested too deeply", "write it flatter", Location(name))
        raise ConfigurationError(problem) from None


def _read(data: bytes, name: str) -> SettingsFile:
    source = Source(data, name)
    problems = list(_not_settings(source))
    try:
        values = attributes_of(source.data)
    except HCLParseError as error:
        # What has no literal value is said in our words; HashiCorp's are for the rest.
        is_syntax = "invalid HCL" in str(error) or not problems
        raise ConfigurationError(*(source.syntax_errors(str(error)) if is_syntax else problems)) from None
    if not problems and source.root.has_error:
        problems = [
            Problem("E201", "this file can't be read", "write one `name = value` a line", source.place(source.root))
        ]
    if problems:
        raise ConfigurationError(*problems)
    assignments = (
        Assignment(key, exact(source, node, values[key]), source.place(node.parent or node))
        for key, node in named(source.body(), source)
    )
    return SettingsFile(name, tuple(assignments))


def _not_settings(source: Source) -> list[Problem]:
    problems = []
    for node in source.body():
        if node.type == "block":
            kind = source.text(node.named_children[0])
            hint = "write `name = value`; blocks belong into a module"
            problems.append(
                Problem("E202", f"a settings file holds no blocks such as {kind}", hint, source.place(node))
            )
    for key, expression in named(source.body(), source):
        for fault in not_literals(source, expression):
            message = f"{key} holds {fault.what}; a settings file holds literal values only"
            hint = "write the value itself; what is computed belongs into the module"
            problems.append(Problem("E202", message, hint, fault.location))
    return sorted(problems, key=lambda problem: (problem.location.line or 0) if problem.location else 0)
