"""Findings of a check: a verdict mark, a name, the observation and a fix."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import join_text, print_advice, print_text
from envctl.cli.render.terminal.wrapping import wrap_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.next_commands import add_sandbox_flag, split_command
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.domain.findings import Finding

MARKS = {"good": ("✓", "green"), "warn": ("!", "bold yellow"), "bad": ("✗", "bold red"), "unseen": ("?", "yellow")}
INDENT = 2
MAX_NAME_WIDTH = 18
# With less room, the observation gets its own line instead of a narrow column.
MIN_TEXT_WIDTH = 30


def show_findings(findings: Sequence[Finding], out: Console, width: int = 0) -> None:
    """Print one entry per finding. `width` aligns the names with those of other lists; 0 measures them."""
    names = width or measure_name_width(findings)
    for finding in findings:
        _show_finding(finding, out, names)


def measure_name_width(findings: Sequence[Finding]) -> int:
    return measure_width((finding.name for finding in findings), MAX_NAME_WIDTH)


def _show_finding(finding: Finding, out: Console, names: int) -> None:
    lead = join_text(" " * INDENT, MARKS[finding.verdict], f" {pad_text(finding.name, names)}  ")
    room = out.width - lead.cell_len
    column = lead.cell_len if room >= MIN_TEXT_WIDTH else INDENT + 2
    lines = wrap_text(Text(to_one_line(finding.seen)), out.width - column)
    if room >= MIN_TEXT_WIDTH:
        print_text(out, lead.append_text(lines[0]))
        lines = lines[1:]
    else:
        lead.rstrip()
        print_text(out, lead)
    for line in lines:
        print_text(out, line, indent=column)
    if finding.mend:
        fix = add_sandbox_flag(finding.mend)
        print_advice(out, "next: " if split_command(fix) == ("", fix) else "fix: ", fix, column)
