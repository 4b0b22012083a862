"""Writes a page for each command into docs/commands/, from the command line itself.

python -m tools.command_pages
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from envctl.cli.app import build_app
from envctl.cli.command_table import ROWS
from envctl.cli.options.global_options import FLAGS, VALUE_OPTIONS
from tools.command_facts import FACTS, USUAL, Facts

DOCS = Path(__file__).parents[1] / "docs"
_OWN_EXITS = {126: "the command can't be started", 127: "the program was not found"}
_HELP = "--help"
_INTRODUCTION = (
    "This page lists all commands. Environments are arguments, not options: `envctl apply dev`. `envctl --help`, and",
    "`--help` after a command, show the same text.",
    "",
    "```sh",
    "envctl --help",
    "```",
)


def pages() -> dict[str, str]:
    """The text of each page, by its name in docs/commands/."""
    root = cast("TyperGroup", typer.main.get_command(build_app()))
    commands = {name: _found(root, name.split()) for name in ROWS}
    return {
        "index.md": "\n".join(_index(root)) + "\n",
        **{f"{_slug(name)}.md": "\n".join(_page(name, command)) + "\n" for name, command in sorted(commands.items())},
    }


def _found(group: TyperGroup, words: list[str]) -> TyperCommand:
    found = group.commands[words[0]]
    return _found(cast("TyperGroup", found), words[1:]) if words[1:] else cast("TyperCommand", found)


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _index(root: TyperGroup) -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield from _INTRODUCTION
    yield ""
    yield "| command | |"
    yield "|---|---|"
    for name, row in ROWS.items():
        yield f"| [envctl {name}]({_slug(name)}.md) | {_cell(row.help)} |"
    yield ""
    yield "## Options of every command"
    yield ""
    yield "Write them before or after the command."
    yield ""
    yield "| option | meaning |"
    yield "|---|---|"
    metavars = {option: parameter.metavar for parameter in root.params for option in parameter.opts}
    for option, told in {**FLAGS, **VALUE_OPTIONS}.items():
        value = f" {metavars.get(option) or 'DIR'}" if option in VALUE_OPTIONS else ""
        yield f"| `{option}{value}` | {_cell(told)} |"
    yield ""
    yield "`envctl --version` shows the version."
    yield ""
    yield "## Exit codes"
    yield ""
    yield "[Errors](../errors.md#exit-codes) lists the exit codes of all commands."
    yield "[Guards](../guards.md#exit-codes-3-and-4) says how scripts use them."


def _page(name: str, command: TyperCommand) -> Iterator[str]:
    facts = FACTS[name]
    yield f"# envctl {name}"
    yield ""
    yield _prose(command.help or "")
    yield ""
    yield from _example(facts)
    yield ""
    yield "## Usage"
    yield ""
    yield "```text"
    yield f"envctl {name} {' '.join(_usage(command))}".rstrip()
    yield "```"
    yield from _arguments(command)
    yield from _options(command)
    yield ""
    yield "And the [options of every command](index.md#options-of-every-command)."
    yield ""
    yield from _codes(facts)
    yield ""
    yield "## Read on"
    yield ""
    yield " · ".join(f"[{_title(page)}](../{page})" for page in facts.read)


def _example(facts: Facts) -> Iterator[str]:
    if facts.place:
        yield f"<!-- run in: {facts.place} -->"
    if facts.given:
        yield f"<!-- given: {facts.given} -->"
    if facts.typed:
        yield f"<!-- typed: {facts.typed} -->"
    if facts.unrun:
        yield f"<!-- not run: {facts.unrun} -->"
    yield "```sh"
    yield from facts.example
    yield "```"


def _usage(command: TyperCommand) -> Iterator[str]:
    options = [each for each in command.params if isinstance(each, TyperOption)]
    for option in options:
        if option.required:
            yield f"{option.opts[0]} {_value(option)}".rstrip()
    if any(not option.required for option in options):
        yield "[OPTIONS]"
    for argument in _positional(command):
        yield _place(argument)


def _positional(command: TyperCommand) -> list[TyperArgument]:
    return [each for each in command.params if isinstance(each, TyperArgument)]


def _place(argument: TyperArgument) -> str:
    name = (argument.name or "").upper()
    if argument.metavar:
        return str(argument.metavar)
    return name if argument.required else f"[{name}]"


def _arguments(command: TyperCommand) -> Iterator[str]:
    if arguments := _positional(command):
        yield ""
        yield "## Arguments"
        yield ""
        yield "| argument | meaning |"
        yield "|---|---|"
        for argument in arguments:
            yield f"| {_code(_place(argument))} | {_cell(argument.help or '')} |"


def _options(command: TyperCommand) -> Iterator[str]:
    yield ""
    yield "## Options"
    options = [each for each in command.params if isinstance(each, TyperOption) and _HELP not in each.opts]
    if options:
        yield ""
        yield "| option | meaning |"
        yield "|---|---|"
    for option in options:
        needed = " Required." if option.required else ""
        yield f"| {_code(f'{option.opts[0]} {_value(option)}'.rstrip())} | {_cell(option.help or '')}{needed} |"


def _value(option: TyperOption) -> str:
    if option.is_flag:
        return ""
    if choices := getattr(option.type, "choices", None):
        return "|".join(str(choice) for choice in choices)
    return str(option.metavar or {"integer": "N", "path": "PATH"}.get(option.type.name, (option.name or "").upper()))


def _codes(facts: Facts) -> Iterator[str]:
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    meanings = _meanings()
    for code in sorted({*USUAL, *facts.codes}):
        yield f"| {code} | {meanings[code]} |"
    if facts.codes and set(facts.codes) & set(_OWN_EXITS):
        yield "| any other | that of the command |"


def _meanings() -> dict[int, str]:
    """As the page of errors says it."""
    errors = (DOCS / "errors.md").read_text(encoding="utf-8")
    return {int(code): told for code, told in re.findall(r"^\| (\d+) \| (.+) \|$", errors, re.MULTILINE)} | _OWN_EXITS


def _title(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _prose(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """A pipe ends a cell, and there is no way to write one between backticks that is read alike everywhere."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    folder = DOCS / "commands"
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
