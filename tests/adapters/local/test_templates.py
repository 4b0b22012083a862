"""What came with envctl to begin projects from: in the repository, and in a wheel."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import get_args

import pytest
from hatchling.builders.wheel import WheelBuilder

from envctl.adapters.local.templates import EXCLUDED, REPOSITORY, PackagedTemplates
from envctl.domain.scaffold.templates import TEMPLATES, TemplateName
from tests.documents import parse_document
from tests.programs import SYSTEM_PATH
from tests.scaffold import create_project


def test_template_names_match_the_templates() -> None:
    assert get_args(TemplateName) == tuple(TEMPLATES)


def test_platform_template_equals_the_repository_project() -> None:
    files = PackagedTemplates().load_template("platform")
    assert files["envctl.toml"].data == (REPOSITORY / "envctl.toml").read_bytes()
    assert "environments/common.tfvars" in files


def test_build_artifacts_of_the_repository_are_omitted() -> None:
    found = {
        part
        for path in (*PackagedTemplates().load_shipped("app"), *PackagedTemplates().load_shipped("modules/vpc"))
        for part in path.split("/")
    }
    assert "Dockerfile" in found
    assert found.isdisjoint({"node_modules", "build", "dist", ".terraform", "__pycache__"})


def test_git_ignored_files_of_application_are_omitted() -> None:
    unseen = {line.strip("/") for line in (REPOSITORY / "app" / ".gitignore").read_text().splitlines()}
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert unseen <= EXCLUDED
    assert {f"/app/{name}" for name in unseen} <= set(build["exclude"])


def test_folder_that_was_not_shipped_has_no_files() -> None:
    assert PackagedTemplates().load_shipped("modules/nothing") == {}


def contents(folder: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        os.fspath(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_a_wheel_makes_the_same_projects(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(os.fspath(REPOSITORY)).build(directory=os.fspath(tmp_path), versions=["standard"])
    site = unpacked(Path(wheel), tmp_path / "site")
    for template in TEMPLATES:
        ours = create_project(tmp_path, template, f"{template}-ours")
        done = subprocess.run(
            [sys.executable, "-m", "envctl", "init", "theirs", "--template", template, "--json"],
            cwd=tmp_path,
            env={"PATH": SYSTEM_PATH, "PYTHONPATH": os.fspath(site)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert parse_document(done.stdout)["result"]["template"] == template
        theirs = contents(tmp_path / "theirs")
        named = {
            path: (data.replace(f"{template}-ours".encode(), b"theirs"), runs)
            for path, (data, runs) in contents(ours).items()
        }
        assert theirs == named
        (tmp_path / "theirs").rename(tmp_path / template)


def unpacked(wheel: Path, site: Path) -> Path:
    """With the rights that pip keeps."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        for entry in archive.infolist():
            (site / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    return site
