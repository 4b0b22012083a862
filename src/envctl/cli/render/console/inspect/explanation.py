"""The meaning of a code."""

import re

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words.explanation import format_exit_codes
from envctl.usecases.inspect.explain import Explanation

# Outside of code, which is a part of its own.
_BOLD = re.compile(r"(`[^`]*`)|\*\*")


def show_explanation(explanation: Explanation, out: Console) -> None:
    print_text(out, (f"{explanation.code} {explanation.title}", "bold"), f", {format_exit_codes(explanation)}")
    print_nowrap(out)
    _show_text(explanation.text, out)
    for section in explanation.sections:
        print_nowrap(out)
        print_text(out, (section.title, "bold"))
        print_nowrap(out)
        _show_text(section.text, out)


def _show_text(text: str, out: Console) -> None:
    """Print Markdown as text: code is indented, and never wrapped."""
    is_code = False
    for line in add_sandbox_flag(text).split("\n"):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif is_code or line.startswith("|"):
            print_nowrap(out, line, indent=4 if is_code else 0)
        elif line.startswith("#"):
            print_text(out, (line.lstrip("# "), "bold"))
        else:
            print_item(out, _BOLD.sub(r"\1", line), indent=2 if line.startswith("- ") else 0)
