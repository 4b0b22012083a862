"""A report that was written: where it is, and what is in it."""

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import joined, say, whole
from envctl.cli.results import ReportWritten

KILO = 1000


def show_written(report: ReportWritten, out: Console) -> None:
    whole(out, joined("Wrote ", (report.path, "bold")))
    shown = (
        counted(report.environments, "environment"),
        counted(report.releases, "release"),
        counted(report.deployments, "deployment"),
    )
    say(out, f"{', '.join(shown)}, {-(-report.size // KILO)} kB. Open it in any browser: it loads nothing.")
