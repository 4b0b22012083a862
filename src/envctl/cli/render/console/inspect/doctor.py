"""Results of `envctl doctor`: a verdict, and the findings by section."""

from rich.console import Console

from envctl.cli.render.terminal.findings import measure_name_width, show_findings
from envctl.cli.render.terminal.text import STYLES, print_text
from envctl.cli.render.words.doctor import summarize_findings
from envctl.usecases.inspect.doctor.doctor import Doctor


def show_doctor(doctor: Doctor, out: Console) -> None:
    tone, verdict = summarize_findings(doctor)
    print_text(out, (verdict, STYLES[tone]))
    out.print()
    show_sections(doctor, out)


def show_sections(doctor: Doctor, out: Console) -> None:
    width = measure_name_width([finding for section in doctor.sections for finding in section.findings])
    for section in doctor.sections:
        print_text(out, (section.name, "bold"))
        show_findings(section.findings, out, width)
