"""Outputs by name: the one that somebody means, what it is to a script, and the variable that carries it."""

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from envctl.domain.errors import Problem, UsageError
from envctl.domain.text.suggestions import nearest

Names = Mapping[str, Set[str]]
"""The names of the outputs of each stack."""


@dataclass(frozen=True)
class Output:
    """What the state of a stack holds under a name. A sensitive value is never shown and never used."""

    value: object
    sensitive: bool = False


Outputs: TypeAlias = Mapping[str, Mapping[str, Output]]

_NOT_IN_A_VARIABLE = re.compile(r"[^A-Z0-9]")


def holders(name: str, known: Names) -> list[str]:
    """The stacks that have an output of that name, which is `OUTPUT` or `STACK.OUTPUT`."""
    return [stack for stack, outputs in known.items() if any(name in _called(stack, output) for output in outputs)]


def find(name: str, known: Names, environment: str) -> tuple[str, str]:
    """The stack and the output that are meant. Raises UsageError where none is, or several are."""
    found = holders(name, known)
    if len(found) == 1:
        return found[0], name.rpartition(".")[2]
    if found:
        message = f"{name!r} is an output of several stacks: {', '.join(found)}"
        raise UsageError(Problem("E013", message, f"name the stack too: envctl output {environment} {found[0]}.{name}"))
    raise UsageError(Problem("E013", f"{environment} has no output {name!r}", _hint(name, known, environment)))


def bare(value: object) -> str:
    """What a script gets: text as it is, everything else as JSON on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def public(outputs: Outputs) -> dict[str, dict[str, object]]:
    """Without what is sensitive."""
    return {
        stack: {name: output.value for name, output in found.items() if not output.sensitive}
        for stack, found in outputs.items()
    }


def variable(stack: str, output: str) -> str:
    """The environment variable that carries an output to a command."""
    return f"ENVCTL_OUTPUT_{_NOT_IN_A_VARIABLE.sub('_', f'{stack}_{output}'.upper())}"


def _called(stack: str, output: str) -> tuple[str, str]:
    return output, f"{stack}.{output}"


def _hint(name: str, known: Names, environment: str) -> str:
    near = nearest(name, _all_names(known, whole="." in name))
    return f"did you mean {near}?" if near else f"envctl output {environment} lists what there is"


def _all_names(known: Names, *, whole: bool) -> Iterator[str]:
    for stack, outputs in known.items():
        for output in outputs:
            yield _called(stack, output)[whole]
