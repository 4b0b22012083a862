"""The verdicts of `envctl doctor`, with its findings by section, and of `envctl validate`."""

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words.doctor import summarize_findings
from envctl.cli.render.words.one_line import format_validation
from envctl.cli.render.words.settings import SETTINGS_PATHS_HINT
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor.doctor import Doctor
from envctl.usecases.inspect.settings import ValidationResult

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


def render_validation(valid: ValidationResult) -> str:
    word, _, extent = format_validation(valid).partition(": ")
    unread = [f"- {md.code(path)} is not read: {SETTINGS_PATHS_HINT}" for path in valid.unread]
    remarks = [f"- {md.escape(remark)}" for remark in valid.remarks]
    return md.render_page(f"## {md.OK} {word}", capitalize(md.escape(extent)), "\n".join([*unread, *remarks]))
