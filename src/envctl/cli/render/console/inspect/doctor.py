"""Results of `envctl doctor`: a verdict, and the findings by section."""

from collections import Counter

from rich.console import Console

from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.findings import measure_name_width, show_findings
from envctl.cli.render.terminal.text import print_text
from envctl.usecases.inspect.doctor.doctor import Doctor


def show_doctor(doctor: Doctor, out: Console) -> None:
    print_text(out, summarize_findings(doctor))
    out.print()
    show_sections(doctor, out)


def show_sections(doctor: Doctor, out: Console) -> None:
    width = measure_name_width([finding for section in doctor.sections for finding in section.findings])
    for section in doctor.sections:
        print_text(out, (section.name, "bold"))
        show_findings(section.findings, out, width)


def summarize_findings(doctor: Doctor) -> tuple[str, str]:
    counts = Counter(finding.verdict for section in doctor.sections for finding in section.findings)
    parts = [
        format_count(counts["bad"], "problem") if counts["bad"] else "",
        format_count(counts["warn"], "warning") if counts["warn"] else "",
        f"{counts['unseen']} not checked" if counts["unseen"] else "",
    ]
    summary = ", ".join(filter(None, parts))
    if counts["bad"]:
        return f"Not ready: {summary}.", "bold red"
    return (f"Ready: {summary}." if summary else "Ready."), "yellow" if summary else "green"
