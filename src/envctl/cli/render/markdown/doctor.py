"""The verdict of `envctl doctor` as heading, and its findings as on the console."""

from envctl.cli.render.console.inspect import doctor as console
from envctl.cli.render.markdown.page import markup as md
from envctl.usecases.inspect.doctor.doctor import Doctor

_MARKS = {"bold red": md.FAIL, "yellow": md.WARN, "green": md.OK}


def render_doctor(doctor: Doctor) -> str:
    text, style = console.summarize_findings(doctor)
    findings = md.render_console_output(lambda out: console.show_sections(doctor, out))
    return md.render_page(f"## {_MARKS[style]} {md.escape(text)}", findings)
