"""What was found when something was looked at: a mark and a name in columns, what is there, and what would mend it."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.next_commands import parted, to_type
from envctl.cli.render.terminal.text import advised, joined, one_line, padded, say, widest
from envctl.cli.render.terminal.wrapping import wrapped
from envctl.domain.findings import Finding

MARKS = {"good": ("✓", "green"), "warn": ("!", "bold yellow"), "bad": ("✗", "bold red"), "unseen": ("?", "yellow")}
INDENT = 2
MOST = 18
# Below that, what was seen stands on a line of its own rather than in a column of few letters.
LEAST = 30


def show_findings(findings: Sequence[Finding], out: Console, width: int = 0) -> None:
    """`width` is that of the names, where they stand in one column with those of other lists."""
    names = width or name_width(findings)
    for finding in findings:
        _show(finding, out, names)


def name_width(findings: Sequence[Finding]) -> int:
    return widest((finding.name for finding in findings), MOST)


def _show(finding: Finding, out: Console, names: int) -> None:
    lead = joined(" " * INDENT, MARKS[finding.verdict], f" {padded(finding.name, names)}  ")
    room = out.width - lead.cell_len
    column = lead.cell_len if room >= LEAST else INDENT + 2
    lines = wrapped(Text(one_line(finding.seen)), out.width - column)
    if room >= LEAST:
        say(out, lead.append_text(lines[0]))
        lines = lines[1:]
    else:
        lead.rstrip()
        say(out, lead)
    for line in lines:
        say(out, line, column)
    _mend(finding.mend, out, column)


def _mend(mend: str, out: Console, column: int) -> None:
    if not mend:
        return
    mend = to_type(mend)
    word = "next: " if parted(mend) == ("", mend) else "mend: "
    advised(out, joined((word, "dim")), mend, column)
