"""The verdict of `envctl doctor`."""

from collections import Counter

from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.tones import Tone
from envctl.usecases.inspect.doctor.doctor import Doctor


def summarize_findings(doctor: Doctor) -> tuple[Tone, str]:
    counts = Counter(finding.verdict for section in doctor.sections for finding in section.findings)
    parts = [
        format_count(counts["bad"], "problem") if counts["bad"] else "",
        format_count(counts["warn"], "warning") if counts["warn"] else "",
        f"{counts['unseen']} not checked" if counts["unseen"] else "",
    ]
    summary = ", ".join(filter(None, parts))
    if counts["bad"]:
        return "bad", f"Not ready: {summary}."
    return ("warn", f"Ready: {summary}.") if summary else ("good", "Ready.")
