"""A store in a folder that is not there has no entries: a validation loads nothing of it."""

from pathlib import Path

import pytest

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.container import WiredPorts

PROJECT = """
[project]
name = "shop"
[store]
url = "{}"
[pipeline]
order = ["dev"]
[environments.dev]
[stacks.web]
module = "m"
"""


@pytest.mark.parametrize(
    ("url", "given", "found"),
    [
        ("file://.envctl/store", "", False),
        ("file://there", "", True),
        ("file://.envctl/store", "file://there", True),
        ("file://there", "file://gone", False),
        ("s3://acme-store", "", True),
    ],
)
def test_missing_folder_is_no_store(tmp_path: Path, url: str, given: str, *, found: bool) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "envctl.toml").write_text(PROJECT.format(url))
    assert WiredPorts(Options(project=tmp_path, store=given)).has_store is found


def test_store_in_the_way_is_left_to_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "envctl.toml").write_text(PROJECT.format("file://there"))
    wired = WiredPorts(Options(project=tmp_path))
    assert wired.project.store.url == "file://there"
    monkeypatch.setattr(Path, "stat", refuse)
    assert wired.has_store
