"""The file of `--page`."""

from pathlib import Path

import pytest

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.lazy_ui import LateObserver
from envctl.domain.errors import OperationFailedError
from envctl.domain.reading.reading import Reading, ReadValue


def reading(name: str) -> Reading:
    return Reading(environment="prod", release="", bound={"plan": name}, settings=(ReadValue(name, "", '"<x>"'),))


def test_page_file_has_all_that_was_confirmed(tmp_path: Path) -> None:
    observer = LateObserver(Options(page=tmp_path / "page.html"))
    for each in (first := reading("first"), second := reading("second")):
        observer.on_reading(each)
    text = (tmp_path / "page.html").read_text()
    assert text.index("first") < text.index(first.digest) < text.index("second") < text.index(second.digest)
    assert ("<x>" in text, text.count("<!DOCTYPE html>"), text.count("<body>")) == (False, 1, 1)


def test_unwritable_page_file_is_told_before_anything_happens(tmp_path: Path) -> None:
    with pytest.raises(OperationFailedError, match="it is not a file"):
        LateObserver(Options(page=tmp_path)).on_reading(reading("first"))
