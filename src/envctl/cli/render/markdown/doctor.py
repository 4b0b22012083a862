"""The verdict of `envctl doctor`, and its findings by section."""

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.words.doctor import summarize_findings
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor.doctor import Doctor

_MARKS = {"good": md.OK, "warn": md.WARN, "bad": md.FAIL, "unseen": md.NEUTRAL}


def render_doctor(doctor: Doctor) -> str:
    tone, verdict = summarize_findings(doctor)
    sections = (
        f"### {md.escape(section.name)}\n\n"
        + md.render_table(("", "check", "found"), map(_render_finding, section.findings))
        for section in doctor.sections
    )
    return md.render_page(f"## {md.MARKS[tone]} {md.escape(verdict)}", *sections)


def _render_finding(finding: Finding) -> tuple[str, str, str]:
    fix = f"<br>next: {md.format_hint_cell(finding.mend)}" if finding.mend else ""
    return _MARKS[finding.verdict], md.escape(finding.name), f"{md.escape(finding.seen)}{fix}"
