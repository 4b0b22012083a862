"""Text of any result on any console."""

from importlib import import_module

from rich.console import Console

from envctl.cli.command_table import find_result_type
from envctl.cli.render.terminal.text import print_nowrap
from envctl.cli.render.words.one_line import render_one_line


def render_result(result: object, out: Console) -> None:
    row = find_result_type(result)
    if row is None:
        show_document(result, out)
        return
    module, _, function = row.console.rpartition(".")
    getattr(import_module(f"envctl.cli.render.console.{module}"), function)(result, out)


def show_one_line(result: object, out: Console) -> None:
    print_nowrap(out, render_one_line(result) or "")


def show_document(result: object, out: Console) -> None:
    """Print the result as JSON: it has no text for people."""
    import json

    from envctl.cli.render.json.document import to_json

    print_nowrap(out, json.dumps(to_json(result), ensure_ascii=False, indent=2))
