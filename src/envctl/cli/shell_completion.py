"""Answers a shell that completes a command line. Whatever goes wrong there, it answers nothing and says no word."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

# Private to Typer, whose minor version is pinned: its own answers would load rich for every word.
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

from envctl.cli.options.global_options import FLAGS, VALUED, hoist

if TYPE_CHECKING:
    from typer._click.shell_completion import CompletionItem, ShellComplete

VARIABLE = "_ENVCTL_COMPLETE"
PROGRAM = "envctl"
# zsh evaluates what it is offered, and so a help text must hold nothing that means something to it.
_EVALUATED = str.maketrans(dict.fromkeys('"`$\\', "") | {"'": "\N{RIGHT SINGLE QUOTATION MARK}", ":": r"\\:"})


def answer(instruction: str) -> int:
    """`instruction` is like `complete_bash`. The exit code means something to fish alone."""
    shell = SHELLS.get(instruction.removeprefix("complete_"))
    with suppress(Exception):
        if shell is not None:
            _write(shell(None, {}, PROGRAM, VARIABLE).complete())  # type: ignore[arg-type]
    return 0


def script(shell: str) -> str:
    """What the shell has to read to ask for completions."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell)


class _Ours:
    """Takes the options of all commands wherever they stand, and imports the module of one command alone."""

    def get_completions(self, args: list[str], incomplete: str) -> "list[CompletionItem]":
        import typer

        from envctl.cli.app import application, command_in

        if args and args[-1] in VALUED:
            # A folder, of which shells know more.
            return []
        words = hoist(args)
        command = command_in(words)
        self.cli = typer.main.get_command(application(command))
        found: list[CompletionItem] = super().get_completions(words, incomplete)  # type: ignore[misc]
        return found + (_flags(words, incomplete) if command and "--" not in words else [])


class _Bash(_Ours, BashComplete):
    pass


class _Zsh(_Ours, ZshComplete):
    def format_completion(self, item: "CompletionItem") -> str:
        help_text = (item.help or "").translate(_EVALUATED)
        return f'"{item.value}":"{help_text}"' if help_text else f'"{item.value}"'


class _Fish(_Ours, FishComplete):
    def format_completion(self, item: "CompletionItem") -> str:
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


SHELLS: "dict[str, type[ShellComplete]]" = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def _flags(words: list[str], incomplete: str) -> "list[CompletionItem]":
    from typer._click.shell_completion import CompletionItem

    if not incomplete.startswith("-"):
        return []
    told: dict[str, Any] = {**FLAGS, **VALUED}
    return [CompletionItem(flag, help=told[flag]) for flag in told if flag.startswith(incomplete) and flag not in words]


def _write(text: str) -> None:
    if text:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
