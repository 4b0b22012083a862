"""Terraform runs outside of the project, and what an earlier envctl left in the project is taken over."""

import json
import stat
from pathlib import Path

import pytest

from tests.e2e.conftest import PreparedProjects, Project
from tests.e2e.project_text import render_project

pytestmark = pytest.mark.terraform

TOML = render_project("tiny", {"base": "", "web": 'inputs = { size = "base.size" }'}, ("dev",))
BASE = """
resource "terraform_data" "one" {
  input = [for level in range(1, 12) : fileexists("${join("", [for each in range(level) : "../"])}secret.txt")]
}

output "size" {
  value = length(terraform_data.one.input)
}
"""
WEB = """
variable "size" {
  type = number
}

resource "terraform_data" "one" {
  input = var.size
}
"""


def apply_tiny(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", BASE)
    project.write("modules/web/main.tf", WEB)
    project.write("secret.txt", "of the working tree")
    project.run_checked("--yes", "apply", "dev")
    return project


@pytest.fixture
def in_dev(prepared: PreparedProjects) -> Project:
    """It runs in dev."""
    return prepared.restore(apply_tiny)


def make_old(project: Project) -> Path:
    """Leave it as an earlier envctl did: the folder is in the project, and states are beside it."""
    link = project.root / ".envctl" / "work"
    work = link.resolve()
    link.unlink()
    work.rename(link)
    (project.root / ".envctl" / "clone").unlink()
    for file in (*link.rglob("main.tf.json"), *link.rglob(".terraform/terraform.tfstate")):
        file.write_text(file.read_text().replace(f"{project.root}/.envctl/", "../../../"))
    return link


def read_state(project: Project, stack: str = "base") -> dict[str, object]:
    found: dict[str, object] = json.loads((project.root / f".envctl/state/dev/{stack}.tfstate").read_bytes())
    return found


def test_no_file_of_the_tree_is_above(in_dev: Project) -> None:
    work = (in_dev.root / ".envctl" / "work").resolve()
    assert work.is_relative_to(in_dev.home / ".cache" / "envctl")
    assert stat.S_IMODE(work.parent.stat().st_mode) == 0o700
    assert read_state(in_dev)["outputs"] == {"size": {"value": 11, "type": "number"}}
    assert "true" not in json.dumps(read_state(in_dev)["resources"])


def test_folder_of_an_earlier_envctl_plans_the_same(in_dev: Project) -> None:
    link = make_old(in_dev)
    assert in_dev.run("plan", "dev", "--detailed-exitcode").code == 0
    assert link.is_symlink()
    assert in_dev.run_checked("--yes", "apply", "dev").code == 0


def test_unsaved_state_in_the_old_folder_is_recovered(in_dev: Project) -> None:
    state = read_state(in_dev)
    unsaved = make_old(in_dev) / "dev" / "base" / "errored.tfstate"
    unsaved.write_text(json.dumps({**state, "serial": int(str(state["serial"])) + 5}))
    refused = in_dev.run("--yes", "apply", "dev", "--json")
    assert refused.codes == ["E313"]
    told = in_dev.run_checked("--yes", "recover", "dev")
    assert "the unsaved state of base is now saved" in told.out + told.err
    assert int(str(read_state(in_dev)["serial"])) >= int(str(state["serial"])) + 5
    assert in_dev.run("plan", "dev", "--detailed-exitcode").code == 0


def test_read_only_look_leaves_the_old_folder(in_dev: Project) -> None:
    link = make_old(in_dev)
    in_dev.run_checked("status")
    assert not link.is_symlink()


def test_moved_clone_plans_the_same(in_dev: Project) -> None:
    moved = Project(in_dev.root.with_name("elsewhere"), in_dev.home)
    in_dev.root.rename(moved.root)
    assert moved.run("plan", "dev", "--detailed-exitcode").code == 0
    moved.root.rename(in_dev.root)
