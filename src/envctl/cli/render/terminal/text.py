"""Safe terminal text: control characters are escaped, and commands stay unbroken for copying."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.wrapping import wrap_text
from envctl.cli.render.text.escapes import escape_text
from envctl.cli.render.text.next_commands import add_sandbox_flag, split_command
from envctl.cli.render.words.tones import Tone
from envctl.domain.errors import Problem

# Styles of tones.
STYLES: dict[Tone, str] = {"good": "green", "warn": "yellow", "bad": "bold red", "": ""}
Part = str | tuple[str, str] | Text  # A tuple has a style.


def to_text(text: str, style: str = "") -> Text:
    return Text(escape_text(text), style)


def join_text(*parts: Part) -> Text:
    """Assemble pieces of text, each with an optional style."""
    pieces = (escape_text(p) if isinstance(p, str) else p for p in parts)
    return Text.assemble(*((escape_text(p[0]), p[1]) if isinstance(p, tuple) else p for p in pieces))


def print_text(out: Console, *parts: Part, indent: int = 0) -> None:
    """Print a text wrapped to the console, with each line indented."""
    for line in wrap_text(join_text(*parts), out.width - indent):
        print_nowrap(out, line, indent=indent)


def print_item(out: Console, *parts: Part, indent: int = 2) -> None:
    """Print a text wrapped, with all lines but the first indented, as an item of a list."""
    for number, line in enumerate(wrap_text(join_text(*parts), out.width - indent)):
        print_nowrap(out, line, indent=indent if number else 0)


def print_warnings(out: Console, messages: Iterable[str], *, indent: int = 2) -> None:
    for message in messages:
        print_item(out, ("! ", "bold yellow"), message, indent=indent)


def print_rest(out: Console, number: int, *, indent: int) -> None:
    """Print the number of items left out, if there are any."""
    if number > 0:
        print_text(out, (f"… and {number} more: --json has them all", "dim"), indent=indent)


def print_nowrap(out: Console, *parts: Part, indent: int = 0) -> None:
    """Print a text without wrapping, to keep it intact when copied."""
    for line in join_text(*parts).split("\n", allow_blank=True):
        out.print(Text(" " * indent).append_text(line), soft_wrap=True)


def print_hint(out: Console, hint: str, indent: int = 0) -> None:
    """Print a command as `next`, and advice as `hint`."""
    if not hint:
        return
    hint = add_sandbox_flag(hint)
    if split_command(hint) == ("", hint):
        print_nowrap(out, ("next: ", "dim"), (hint, "bold"), indent=indent)
    else:
        print_advice(out, "hint: ", hint, indent)


def print_advice(out: Console, lead: str, advice: str, indent: int = 0) -> None:
    """Print advice after `lead`. A command at its end stays unbroken, on its own line if needed."""
    before, command = split_command(advice)
    if not command or indent + cell_len(escape_text(lead + advice)) <= out.width:
        print_text(out, (lead, "dim"), advice, indent=indent)
        return
    print_text(out, (lead, "dim"), before, indent=indent)
    print_nowrap(out, command, indent=indent + 2)


def show_problems(problems: Sequence[Problem], out: Console, word: str, style: str, indent: int = 0) -> None:
    """Print each problem; `word` precedes its code and may be empty."""
    for position, problem in enumerate(problems):
        # A hint shared by consecutive problems is printed once, after the last of them.
        following = problems[position + 1] if position + 1 < len(problems) else None
        hint = "" if following and following.hint == problem.hint else problem.hint
        summary, _, detail = problem.message.partition("\n")
        print_text(out, (f"{word} {problem.code}: ".lstrip(), style), summary, indent=indent)
        if problem.location:
            print_nowrap(out, "at ", (to_typed_path(str(problem.location)), "bold"), indent=indent + 2)
        if detail.strip():
            print_text(out, detail.strip("\n"), indent=indent + 4)
        print_hint(out, hint, indent + 2)
