"""Outputs of stacks: variables filled from them, lookup by name, raw text, and environment variables."""

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError
from envctl.domain.text.suggestions import find_nearest


@dataclass(frozen=True, kw_only=True)
class StackInput:
    """A variable of a root module that runs as it is, filled from an output of another stack."""

    variable: str
    type_text: str  # the type of the variable
    stack: str  # the other stack
    root: str  # the folder of its root module; empty for a rendered one
    workspace: str  # the workspace with its state; empty for the default one
    output: str
    path: str = ""  # the part of the output, like `[0]`; empty for all of it


MISSING = object()
"""Stands for a part that a value does not have."""
_STEP = r"""\[(\d+)\]|\["([^"]*)"\]|\.([\w-]+)"""


def select_part(value: object, path: str) -> object:
    """Return the part of a value behind a path like `[0].name`, or MISSING."""
    for number, key, name in re.findall(_STEP, path):
        if number and isinstance(value, list) and int(number) < len(value):
            value = value[int(number)]
        elif not number and isinstance(value, Mapping) and (key or name) in value:
            value = value[key or name]
        else:
            return MISSING
    return value


OutputNames = Mapping[str, Set[str]]
"""Output names by stack."""


@dataclass(frozen=True)
class Output:
    """An output in the state of a stack. Sensitive values are never shown and never used."""

    value: object
    sensitive: bool = False


Outputs: TypeAlias = Mapping[str, Mapping[str, Output]]

_NOT_IN_A_VARIABLE = r"[^A-Z0-9]"


def find_output_stacks(name: str, known: OutputNames) -> list[str]:
    """Return the stacks with an output of that name, written as `OUTPUT` or `STACK.OUTPUT`."""
    return [stack for stack, outputs in known.items() if any(name in {each, f"{stack}.{each}"} for each in outputs)]


def find_output(name: str, known: OutputNames, environment: str) -> tuple[str, str]:
    """Return stack and name of an output. Raises UsageError for an unknown or ambiguous name."""
    found = find_output_stacks(name, known)
    if len(found) == 1:
        return found[0], name.rpartition(".")[2]
    if found:
        message = f"{name!r} is an output of several stacks: {', '.join(found)}"
        hint = f"name the stack too: {format_command('output', environment, f'{found[0]}.{name}')}"
        raise UsageError(Problem("E013", message, hint))
    whole = "." in name
    names = (f"{stack}.{output}" if whole else output for stack, outputs in known.items() for output in outputs)
    near = find_nearest(name, names)
    hint = f"did you mean {near}?" if near else format_command("output", environment)
    raise UsageError(Problem("E013", f"{environment} has no output {name!r}", hint))


def format_raw_output(value: object) -> str:
    """Return text as it is, and any other value as JSON on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def drop_sensitive(outputs: Outputs) -> dict[str, dict[str, object]]:
    """Return the values of all outputs without the sensitive ones."""
    return {
        stack: {name: output.value for name, output in found.items() if not output.sensitive}
        for stack, found in outputs.items()
    }


def format_variable_name(stack: str, output: str) -> str:
    return f"ENVCTL_OUTPUT_{re.sub(_NOT_IN_A_VARIABLE, '_', f'{stack}_{output}'.upper())}"
