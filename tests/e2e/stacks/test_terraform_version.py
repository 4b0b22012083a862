"""An exact version of Terraform in envctl.toml is compared, and each deployment records the program that it ran."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.stacks.test_lost_state import TOML


@pytest.mark.parametrize("operator", ["", "= "])
def test_exact_version_refuses_another_terraform(operator: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    project = Project(tmp_path / "tiny", tmp_path / "home")
    project.write("envctl.toml", TOML)
    for name in ("base", "bare"):
        project.write(f"modules/{name}/main.tf", 'resource "terraform_data" "one" {}\n')
    project.run_checked("--yes", "apply", "dev")
    last = json.loads(project.run_checked("ledger", "export", "--format", "jsonl").out.splitlines()[-1])
    program, _, version = last["program"].partition(" ")
    assert program == "Terraform" and version[0].isdigit(), last
    project.write("envctl.toml", f'{TOML}\n[terraform]\nversion = "{operator}{version}"\n')
    project.run_checked("--yes", "apply", "dev")
    project.write("envctl.toml", f'{TOML}\n[terraform]\nversion = "{operator}1.2.3"\n')
    refused = project.run("plan", "dev")
    shown = " ".join(f"{refused.out} {refused.err}".split())
    assert refused.code != 0
    assert f"1.2.3: Terraform {version} is installed" in shown
