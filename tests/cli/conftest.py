"""A small project on disk, in which commands are typed."""

from pathlib import Path

import pytest

from tests.fakes.project_files import write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
