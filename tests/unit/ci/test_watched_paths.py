"""The paths whose changes start jobs."""

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.ci.watched_paths import list_watched_paths

PROJECT = """{settings}
[project]
name = "shop"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
[environments.prod]

[stacks.web]
module = "modules/web"
"""
USUAL = ("envctl.toml", ".terraform.lock.hcl", "environments/**/*", "modules/**/*")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param([], (), id="the usual places"),
        pytest.param(
            ["config/{env}.tfvars", "config/{env}/{stack}.tfvars"], ("config/**/*",), id="a folder of settings"
        ),
        pytest.param(["{project}/{env}.tfvars"], ("shop/**/*",), id="a folder named as the project"),
        pytest.param(["common.tfvars"], ("common.tfvars",), id="a file at the top"),
        pytest.param(["{stack}/{env}.tfvars.json"], ("*/*.tfvars.json",), id="a folder for each stack"),
    ],
)
def test_settings_files_start_jobs(files: list[str], wanted: tuple[str, ...]) -> None:
    listed = ", ".join(f'"{path}"' for path in files)
    text = PROJECT.format(settings=f"[settings]\nfiles = [{listed}]" if files else "")
    assert set(list_watched_paths(load_project(text.encode()), "", ())) == {*USUAL, *wanted}
