"""Shell completion: prints candidates and completion scripts. On any failure it prints no candidates."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

# Private to Typer, pinned to a minor version: its public API would load rich for every word.
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

from envctl.cli.options.global_options import FLAGS, VALUE_OPTIONS, move_global_options_first

if TYPE_CHECKING:
    from typer._click.shell_completion import CompletionItem, ShellComplete

COMPLETE_VARIABLE = "_ENVCTL_COMPLETE"
PROGRAM = "envctl"
# zsh evaluates candidates: help texts must not contain its special characters.
_ZSH_ESCAPES = str.maketrans(dict.fromkeys('"`$\\', "") | {"'": "\N{RIGHT SINGLE QUOTATION MARK}", ":": r"\\:"})


def print_completions(instruction: str) -> int:
    """Print the candidates for an `instruction` like `complete_bash`. Return the exit code 0; only fish reads it."""
    shell = SHELLS.get(instruction.removeprefix("complete_"))
    with suppress(Exception):
        if shell is not None:
            text = shell(None, {}, PROGRAM, COMPLETE_VARIABLE).complete()  # type: ignore[arg-type]
            sys.stdout.write(f"{text}\n" if text else "")
            sys.stdout.flush()
    return 0


def render_completion_script(shell: str) -> str:
    """Return the script that enables completion in a shell."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell)


class _CompletionMixin:
    """Mixin for global options at any position; imports the module of the given command only."""

    def get_completions(self, args: list[str], incomplete: str) -> "list[CompletionItem]":
        import typer

        from envctl.cli.app import build_app, find_command
        from envctl.cli.command_table import COMMANDS

        if args and args[-1] in VALUE_OPTIONS:
            # Shells complete paths themselves.
            return []
        words = move_global_options_first(args)
        command = find_command(words)
        self.cli = typer.main.get_command(build_app([command] if command in COMMANDS else COMMANDS))
        found: list[CompletionItem] = super().get_completions(words, incomplete)  # type: ignore[misc]
        return found + (_complete_global_options(words, incomplete) if command and "--" not in words else [])


class _Bash(_CompletionMixin, BashComplete):
    pass


class _Zsh(_CompletionMixin, ZshComplete):
    def format_completion(self, item: "CompletionItem") -> str:
        help_text = (item.help or "").translate(_ZSH_ESCAPES)
        return f'"{item.value}":"{help_text}"' if help_text else f'"{item.value}"'


class _Fish(_CompletionMixin, FishComplete):
    def format_completion(self, item: "CompletionItem") -> str:
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


SHELLS: "dict[str, type[ShellComplete]]" = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def _complete_global_options(words: list[str], incomplete: str) -> "list[CompletionItem]":
    from typer._click.shell_completion import CompletionItem

    if not incomplete.startswith("-"):
        return []
    matching = {name: text for name, text in (FLAGS | VALUE_OPTIONS).items() if name.startswith(incomplete)}
    return [CompletionItem(name, help=text) for name, text in matching.items() if name not in words]
