"""The label of a release, on one line."""

from datetime import UTC, datetime, timedelta

import pytest

from envctl.domain.release_label import ReleaseLabel, format_label, format_label_or_id

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ID = "f86ebee01234" + "0" * 52
SUBJECT = "Trace logs, longer retention"
LABELS = {
    "all that is known": (
        ReleaseLabel(ID, "c0ffee", False, SUBJECT, 42, NOW - timedelta(hours=2)),
        'f86ebee01234 · "Trace logs, longer retention" · #42 · 2 h',
    ),
    "no request": (ReleaseLabel(ID, subject=SUBJECT), f'f86ebee01234 · "{SUBJECT}"'),
    "no subject": (ReleaseLabel(ID, request=42), "f86ebee01234 · #42"),
    "the id alone, as before": (ReleaseLabel(ID), "f86ebee01234"),
    "uncommitted changes": (ReleaseLabel(ID, "c0ffee", True, SUBJECT), f'f86ebee01234 · "{SUBJECT}"+'),
    "just made": (ReleaseLabel(ID, created_at=NOW), "f86ebee01234 · just now"),
    "days old": (ReleaseLabel(ID, created_at=NOW - timedelta(days=3, hours=5)), "f86ebee01234 · 3 d"),
}


@pytest.mark.parametrize(("label", "text"), LABELS.values(), ids=LABELS)
def test_label_says(label: ReleaseLabel, text: str) -> None:
    assert format_label(label, NOW) == text


def test_age_is_left_out_without_a_time() -> None:
    assert format_label(ReleaseLabel(ID, created_at=NOW)) == "f86ebee01234"


def test_unknown_release_is_shown_by_its_id() -> None:
    assert format_label_or_id(None, ID) == "f86ebee01234"
