"""Labels of releases within a number of terminal cells."""

from dataclasses import replace
from datetime import datetime

from rich.cells import cell_len

from envctl.cli.render.text.escapes import escape_text
from envctl.cli.render.text.widths import cut_end
from envctl.domain.release_label import ReleaseLabel, format_label

MIN_SUBJECT_CELLS = 8


def fit_label(label: ReleaseLabel, room: int, now: datetime | None = None) -> str:
    """Return the label with its subject cut to `room` cells; without the subject if hardly any of it would be left."""
    label = replace(label, subject=escape_text(label.subject))
    text = format_label(label, now)
    subject_room = cell_len(label.subject) - (cell_len(text) - room)
    if subject_room >= cell_len(label.subject):
        return text
    subject = cut_end(label.subject, subject_room) if subject_room >= MIN_SUBJECT_CELLS else ""
    return format_label(replace(label, subject=subject), now)
