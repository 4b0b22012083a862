"""Command line flags in `TF_CLI_ARGS` and `TF_CLI_ARGS_<command>`: only the few harmless ones reach Terraform.

They are rewritten from the parsed flags: Terraform splits the text by other rules.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envctl.adapters.terraform.environment.variables import FLAGS_VARIABLE, STARTED_COMMANDS
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem

_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+|0")
_NUMBER = re.compile("[0-9]{1,9}")
_SWITCH = re.compile(r"true|false|t|f|1|0", re.IGNORECASE)


@dataclass(frozen=True)
class HarmlessFlag:
    """A flag without effect on a plan: the commands with this flag, and its valid values.

    A switch needs no value. It only changes Terraform's output for people: it is accepted and dropped, as envctl reads
    JSON.
    """

    commands: frozenset[str]
    value: re.Pattern[str]
    is_switch: bool = False


_OPERATIONS = frozenset({"apply", "plan"})
_OUTPUT_SWITCH = HarmlessFlag(frozenset({"apply", "init", "plan"}), _SWITCH, is_switch=True)
HARMLESS_FLAGS = {
    "parallelism": HarmlessFlag(_OPERATIONS, _NUMBER),
    "lock-timeout": HarmlessFlag(_OPERATIONS | {"init"}, _DURATION),
    "compact-warnings": _OUTPUT_SWITCH,
    "no-color": HarmlessFlag(STARTED_COMMANDS, _SWITCH, is_switch=True),
    "consolidate-warnings": _OUTPUT_SWITCH,
    "consolidate-errors": _OUTPUT_SWITCH,
}

_SELECTING, _SETTING = ("target", "target-file", "exclude", "exclude-file"), ("var", "var-file")
_STATE = ("backend-config", "state", "state-out")
_OUTPUT_FILES = ("backup", "generate-config-out", "lockfile", "out")
_OTHERS = ("from-module", "invoke", "plugin-dir", "policies", "replace", "test-directory")
# Flags with a value, if need be in the next word.
_FLAGS_WITH_VALUE = frozenset((*_SELECTING, *_SETTING, *_STATE, *_OUTPUT_FILES, *_OTHERS))
_DRIFT = format_command("drift", "ENV")
_ALTERNATIVES = {
    **dict.fromkeys(_SELECTING, "envctl plans and applies whole stacks; to select stacks: --stack NAME"),
    **dict.fromkeys(_SETTING, "write the setting to environments/ENV/terraform.tfvars"),
    **dict.fromkeys(_STATE, "[state] in envctl.toml sets the place of states"),
    "refresh-only": f"to find drift: {_DRIFT}; to fix it: {_DRIFT} --fix",
    "destroy": f"to destroy an environment: {format_command('destroy', 'ENV')}",
    "upgrade": f"to upgrade providers: {format_command('lock-providers', upgrade=True)}",
}


@dataclass(frozen=True)
class _GivenFlag:
    """A flag set by the caller: its name, its form in messages, and the text to pass on, empty for a harmful one."""

    name: str
    shown: str
    text: str = ""


def check_flags(inherited: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables for Terraform, and the problems of those set by the caller."""
    passed: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for variable in sorted(name for name in inherited if f"{name}_".startswith(f"{FLAGS_VARIABLE}_")):
        command = variable.removeprefix(FLAGS_VARIABLE).removeprefix("_")
        if command and command not in STARTED_COMMANDS:
            continue
        try:
            words = shlex.split(inherited[variable])
        except ValueError as error:
            problems.append(Problem("E040", f"{variable} can't be read: {error}", f"correct it, or unset {variable}"))
            continue
        for flag in _parse_flags(words):
            if not flag.text or (command and command not in HARMLESS_FLAGS[flag.name].commands):
                message = f"{variable} holds {flag.shown}: envctl passes only harmless flags to Terraform"
                hint = f"unset {variable}, or remove {flag.shown} from it"
                instead = _ALTERNATIVES.get(flag.name)
                problems.append(Problem("E040", message, f"{hint}; {instead}" if instead else hint))
                continue
            if HARMLESS_FLAGS[flag.name].is_switch:
                continue
            for each in {command} if command else HARMLESS_FLAGS[flag.name].commands:
                passed.setdefault(each, []).append(flag.text)
    variables = {f"{FLAGS_VARIABLE}_{command}": " ".join(texts) for command, texts in sorted(passed.items())}
    return variables, problems


def _parse_flags(words: list[str]) -> Iterator[_GivenFlag]:
    """Yield the flags as Go parses them: one dash or two, and a value after `=` or in the next word."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not word.startswith("-") or not name or name.startswith("-"):
            # A plain word ends the flags: Terraform would ignore envctl's own after it.
            yield _GivenFlag("", f"the word {word!r}")
            continue
        known = HARMLESS_FLAGS.get(name)
        if known is None:
            if not equals and name in _FLAGS_WITH_VALUE:
                next(rest, None)
            yield _GivenFlag(name, f"-{name}")
            continue
        if not equals:
            value = "true" if known.is_switch else next(rest, "")
        yield _GivenFlag(name, f"-{name}", f"-{name}={value}" if known.value.fullmatch(value) else "")
