"""Real Terraform, whose state is deleted: `destroy` forgets nothing in silence."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import render_project

pytestmark = pytest.mark.terraform

TOML = render_project("tiny", {"base": "", "bare": ""}, ["dev", "staging"])


@pytest.fixture
def tiny(tmp_path: Path) -> Project:
    (tmp_path / "home").mkdir()
    project = Project(tmp_path / "tiny", tmp_path / "home")
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", 'resource "terraform_data" "one" {}\n')
    project.write("modules/bare/main.tf", 'resource "terraform_data" "none" {\n  count = 0\n}\n')
    project.run_checked("--yes", "apply", "dev")
    return project


def test_lost_state_is_given_up_only_by_option(tiny: Project) -> None:
    state = tiny.root / ".envctl/state/dev/base.tfstate"
    kept = state.read_bytes()
    for lose in (state.unlink, lambda: state.write_bytes(b"")):
        lose()
        ran = tiny.run("--yes", "--json", "destroy", "dev")
        assert (ran.code, ran.codes) == (1, ["E371"])
        message = ran.document["problems"][0]["message"]
        assert "base in dev" in message
        assert "bare" not in message
    state.write_bytes(kept)
    tiny.run_checked("plan", "dev", "--detailed-exitcode")
    state.unlink()
    ran = tiny.run_checked("--yes", "--json", "destroy", "dev", "--state-lost")
    assert ran.document["result"]["lost"] == ["base"]
    assert "resources of base may remain" in tiny.run_checked("status").out.replace("\n", " ")
    assert "resources of base may remain" in tiny.run_checked("history", "dev").out.replace("\n", " ")
    tiny.run_checked("--yes", "apply", "dev")
    assert "may remain" not in tiny.run_checked("status").out
    ran = tiny.run_checked("--yes", "--json", "destroy", "dev")
    assert ran.document["result"]["lost"] == []
