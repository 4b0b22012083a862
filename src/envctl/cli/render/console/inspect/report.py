"""Written HTML reports: path and extent."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_nowrap, print_text
from envctl.cli.render.text.counting import format_count
from envctl.cli.results import ReportFile


def show_report(report: ReportFile, out: Console) -> None:
    print_nowrap(out, "Wrote ", (report.path, "bold"))
    shown = (
        format_count(report.environments, "environment"),
        format_count(report.releases, "release"),
        format_count(report.deployments, "deployment"),
    )
    print_text(
        out, f"{', '.join(shown)}, {-(-report.size // 1000)} kB. Open it in any browser: it loads no other files."
    )
