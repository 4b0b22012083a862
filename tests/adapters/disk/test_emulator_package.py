"""The line that installs kube-api-emulator, by the way that envctl itself was installed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.disk.emulator_package import choose_source
from envctl.domain.config.ci_package import KUBERNETES_FOLDER

ROOT = Path(__file__).parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIT = {"url": "https://github.com/acme/envctl", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
UNKNOWN = f"kube-api-emulator @ git+https://HOST/OWNER/envctl@COMMIT#subdirectory={KUBERNETES_FOLDER}"


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        pytest.param(
            {"url": "file:///src/envctl", "dir_info": {"editable": True}},
            f"/src/envctl/{KUBERNETES_FOLDER}",
            id="an editable clone",
        ),
        pytest.param({"url": "file:///src/envctl", "dir_info": {}}, f"/src/envctl/{KUBERNETES_FOLDER}", id="a clone"),
        pytest.param(
            GIT,
            f"kube-api-emulator @ git+https://github.com/acme/envctl@{COMMIT}#subdirectory={KUBERNETES_FOLDER}",
            id="a commit: the same one",
        ),
        pytest.param({}, UNKNOWN, id="a package index, which does not have it"),
        pytest.param(
            {"url": "https://host/envctl.whl", "archive_info": {}}, UNKNOWN, id="a wheel, which does not hold it"
        ),
    ],
)
def test_source_is_that_of_envctl(origin: Mapping[str, Any], source: str) -> None:
    assert choose_source(origin) == source


def test_repository_has_the_package_there() -> None:
    assert (ROOT / KUBERNETES_FOLDER / "pyproject.toml").is_file()


def test_server_of_clusters_is_not_used() -> None:
    texts = [file.read_text() for file in (ROOT / "src" / "envctl").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"import kube_api_\w+|kube_api_emulator\.\w+", text)}
    assert used == {"kube_api_emulator.schemas", "kube_api_emulator.versions"}
