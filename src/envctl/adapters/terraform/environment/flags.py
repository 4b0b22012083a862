"""Command line flags in `TF_CLI_ARGS` and `TF_CLI_ARGS_<command>`: few are harmless, and only those reach Terraform.

What passes is written anew from what was understood: Terraform splits the text by rules of its own.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envctl.adapters.terraform.environment.variables import FLAGS, STARTED
from envctl.domain.errors import Problem

_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+|0")
_NUMBER = re.compile("[0-9]{1,9}")
_SWITCH = re.compile(r"true|false|t|f|1|0", re.IGNORECASE)


@dataclass(frozen=True)
class Harmless:
    """A flag that changes nothing of what is planned: the commands that know it, and its value.

    A switch may stand without a value. It only says how Terraform writes to people: it is accepted, and not handed on,
    as envctl reads JSON.
    """

    commands: frozenset[str]
    value: re.Pattern[str]
    is_switch: bool = False


_OPERATIONS = frozenset({"apply", "plan"})
_SWITCHED = Harmless(frozenset({"apply", "init", "plan"}), _SWITCH, is_switch=True)
HARMLESS = {
    "parallelism": Harmless(_OPERATIONS, _NUMBER),
    "lock-timeout": Harmless(_OPERATIONS | {"init"}, _DURATION),
    "compact-warnings": _SWITCHED,
    "no-color": Harmless(STARTED, _SWITCH, is_switch=True),
    "consolidate-warnings": _SWITCHED,
    "consolidate-errors": _SWITCHED,
}

_WHOLE = "envctl plans and applies whole stacks; to work on some of them: --stack NAME"
_WRITTEN = "write the setting to environments/ENV/terraform.tfvars"
_PLACED = "where states are is said by [state] in envctl.toml"
# Flags whose value may be the next word, which is no word of its own then.
_VALUED = frozenset(
    (
        "backend-config",
        "backup",
        "exclude",
        "exclude-file",
        "from-module",
        "generate-config-out",
        "invoke",
        "lockfile",
        "out",
        "plugin-dir",
        "policies",
        "replace",
        "state",
        "state-out",
        "target",
        "target-file",
        "test-directory",
        "var",
        "var-file",
    )
)
_INSTEAD = {
    "target": _WHOLE,
    "target-file": _WHOLE,
    "exclude": _WHOLE,
    "exclude-file": _WHOLE,
    "refresh-only": "to see what has changed: envctl drift ENV; to put it right: envctl drift ENV --fix",
    "destroy": "to destroy an environment: envctl destroy ENV",
    "var": _WRITTEN,
    "var-file": _WRITTEN,
    "backend-config": _PLACED,
    "state": _PLACED,
    "state-out": _PLACED,
    "upgrade": "to upgrade providers: envctl lock-providers --upgrade",
}


@dataclass(frozen=True)
class _Given:
    """A flag that the caller has set: its name, how people write it, and the text to hand on where it is harmless."""

    name: str
    shown: str
    text: str = ""


def check_flags(inherited: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Returns the variables to start Terraform with, and what is wrong with those that the caller has set."""
    passed: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for variable in sorted(name for name in inherited if name == FLAGS or name.startswith(f"{FLAGS}_")):
        command = variable.removeprefix(FLAGS).removeprefix("_")
        if command and command not in STARTED:
            continue
        try:
            words = shlex.split(inherited[variable])
        except ValueError as error:
            problems.append(Problem("E040", f"{variable} can't be read: {error}", f"correct it, or unset {variable}"))
            continue
        for flag in _read(words):
            if not flag.text or (command and command not in HARMLESS[flag.name].commands):
                problems.append(_refuse(variable, flag))
                continue
            if HARMLESS[flag.name].is_switch:
                continue
            for each in {command} if command else HARMLESS[flag.name].commands:
                passed.setdefault(each, []).append(flag.text)
    variables = {f"{FLAGS}_{command}": " ".join(texts) for command, texts in sorted(passed.items())}
    return variables, problems


def _read(words: list[str]) -> Iterator[_Given]:
    """Yields the flags as Go reads them: one dash or two, and a value behind `=` or in the next word."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not word.startswith("-") or not name or name.startswith("-"):
            # It ends the flags for Terraform, and those of envctl that follow would not count.
            yield _Given("", f"the word {word!r}")
            continue
        known = HARMLESS.get(name)
        if known is None:
            if not equals and name in _VALUED:
                next(rest, None)
            yield _Given(name, f"-{name}")
            continue
        if not equals:
            value = "true" if known.is_switch else next(rest, "")
        yield _Given(name, f"-{name}", f"-{name}={value}" if known.value.fullmatch(value) else "")


def _refuse(variable: str, flag: _Given) -> Problem:
    message = f"{variable} holds {flag.shown}: envctl passes only harmless flags to Terraform"
    hint = f"unset {variable}, or leave {flag.shown} out of it"
    instead = _INSTEAD.get(flag.name)
    return Problem("E040", message, f"{hint}; {instead}" if instead else hint)
