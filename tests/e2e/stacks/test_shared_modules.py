"""Two projects of one repository share a module: each has its own releases, and Terraform finds the same files."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

NET = """
variable "name" { type = string }

module "label" {
  source = "../label"
  name   = var.name
}

resource "terraform_data" "net" { input = "${module.label.text}, ${trimspace(file("${path.module}/note.txt"))}" }
output "text" { value = terraform_data.net.output }
"""
LABEL = 'variable "name" { type = string }\noutput "text" { value = "label of ${var.name}" }\n'
WEB = """
module "net" {
  source = "../../../../modules/net"
  name   = "inner"
}

output "text" { value = module.net.text }
"""
ROOT = """
variable "name" { type = string }

module "net" {
  source = "../../modules/net"
  name   = var.name
}

resource "terraform_data" "api" { input = file("${path.module}/../../shared/conf.json") }
output "text" { value = "${module.net.text} ${terraform_data.api.output}" }
"""


@pytest.fixture
def projects(tmp_path: Path, home: Path) -> tuple[Project, Project]:
    top = Project(tmp_path / "repository", home)
    top.write("modules/net/main.tf", NET)
    top.write("modules/net/note.txt", "first\n")
    top.write("modules/label/main.tf", LABEL)
    top.write(".gitignore", ".envctl/\n.terraform.lock.hcl\n")
    for name in ("shop", "blog"):
        stacks = {"net": 'module = "../../modules/net"', "web": ""}
        top.write(f"projects/{name}/envctl.toml", render_project(name, stacks, ("dev", "prod"), gates={"prod": OPEN}))
        top.write(f"projects/{name}/modules/web/main.tf", WEB)
        top.write(f"projects/{name}/environments/common.tfvars", f'name = "{name}"\n')
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
        subprocess.run(["git", *author, *words], cwd=top.root, check=True)
    return replace(top, root=top.root / "projects/shop"), replace(top, root=top.root / "projects/blog")


def test_change_of_shared_module_is_one_in_each_project(projects: tuple[Project, Project]) -> None:
    shop, blog = projects
    for project in projects:
        project.run_checked("apply", "dev", "--yes")
        assert "no changes" in project.run_checked("plan", "dev").out
    assert shop.run_checked("output", "dev", "net.text").out == "label of shop, first\n"
    (shop.root / "../../modules/net/note.txt").write_text("second\n")
    for project in projects:
        explained = project.run_checked("plan", "dev", "--explain").out
        assert "../../modules/net (stack net)" in explained
        assert "note.txt" in explained
    # Each project takes it when it is applied there.
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked("promote", "dev", "prod", "--yes")
    assert shop.run_checked("output", "prod", "web.text").out == "label of inner, second\n"
    assert blog.run_checked("output", "dev", "net.text").out == "label of blog, first\n"


@pytest.mark.night
def test_error_in_shared_module_is_located(projects: tuple[Project, Project]) -> None:
    shop, _ = projects
    (shop.root / "../../modules/label/main.tf").write_text('variable "name" {}\noutput "text" { value = nothing.at }\n')
    ran = shop.run("plan", "dev")
    assert ran.code == 1
    assert "at ../../modules/label/main.tf:2" in ran.err
    # From the folder of the shared module no project is found.
    ran = replace(shop, root=shop.root / "modules/web").run("plan", "dev")
    assert "at ../../../../modules/label/main.tf:2" in ran.err


@pytest.mark.night
def test_root_beside_project_finds_its_files(projects: tuple[Project, Project]) -> None:
    shop, _ = projects
    shop.write("../../stacks/api/main.tf", ROOT)
    shop.write("../../shared/conf.json", "{}")
    project_file = (shop.root / "envctl.toml").read_text()
    shop.write("envctl.toml", f'{project_file}\n[stacks.api]\nroot = "../../stacks/api"\n')
    shop.run_checked("apply", "dev", "--yes")
    assert shop.run_checked("output", "dev", "api.text").out == "label of shop, first {}\n"
    shop.write("../../shared/conf.json", "[]")
    explained = shop.run_checked("plan", "dev", "--explain").out
    assert "conf.json" in explained
    shop.run_checked("promote", "dev", "prod", "--yes")
    assert shop.run_checked("output", "prod", "api.text").out == "label of shop, first {}\n"
    shop.write("../../stacks/api/main.tf", f'{ROOT}output "wrong" {{ value = nothing.at }}\n')
    assert "at ../../stacks/api/main.tf:" in shop.run("plan", "dev").err
