"""What a doctor says: a row for each thing that was looked at, and what it comes to."""

from collections import Counter

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.findings import name_width, show_findings
from envctl.cli.render.terminal.text import plain, say
from envctl.usecases.inspect.doctor.doctor import Doctor


def show_doctor(found: Doctor, out: Console) -> None:
    width = name_width([finding for section in found.sections for finding in section.findings])
    for section in found.sections:
        say(out, plain(section.name, "bold"))
        show_findings(section.findings, out, width)
    out.print()
    text, style = conclusion(found)
    say(out, plain(text, style))


def conclusion(found: Doctor) -> tuple[str, str]:
    counts = Counter(finding.verdict for section in found.sections for finding in section.findings)
    parts = [
        f"{counts['bad']} bad" if counts["bad"] else "",
        counted(counts["warn"], "warning") if counts["warn"] else "",
        f"{counts['unseen']} not looked at" if counts["unseen"] else "",
    ]
    told = ", ".join(filter(None, parts))
    if counts["bad"]:
        return f"Not ready: {told}.", "bold red"
    return (f"Nothing is bad: {told}." if told else "All is well."), "yellow" if told else "green"
