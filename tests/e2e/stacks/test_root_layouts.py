"""Layouts of repositories with root modules, in which other folders hold each other: on real Terraform."""

from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import Project
from tests.e2e.stacks.test_roots import PROJECT, find_state, run_plainly
from tests.module_registry import serve_registry

pytestmark = pytest.mark.terraform

SITE = """
variable "name" {
  type = string
}

resource "terraform_data" "site" {
  input = "${var.name} ${file("${path.module}/motd/a.txt")}"
}
"""
CALL = """
variable "name" {
  type = string
}

module "site" {
  source = "%s"
  name   = var.name
}
"""


def write_layout(project: Project, module: str, root: str, source: str) -> None:
    """A root module in a folder of the module that it calls, with a local state and settings of its own."""
    project.write("envctl.toml", PROJECT.replace("stacks/web", root))
    project.write(f"{module}/main.tf", SITE)
    project.write(f"{module}/motd/a.txt", "hello")
    project.write(f"{root}/main.tf", CALL % source)
    for name in ("dev", "staging", "prod"):
        project.write(f"environments/{name}/terraform.tfvars", f'name = "{name}"\n')
    run_plainly(project, "init", folder=root)
    run_plainly(project, "apply", "-auto-approve", "-var=name=dev", folder=root)
    state = find_state(project, "dev")
    state.parent.mkdir(parents=True)
    state.write_bytes((project.root / root / "terraform.tfstate").read_bytes())


@pytest.mark.parametrize(
    ("module", "root", "source"),
    keep_by_day(
        [(".", "examples/complete", "../../"), ("infra", "infra/live", "../"), ("infra", "infra/live/x", "../..")],
        (".", "examples/complete", "../../"),
    ),
)
def test_module_may_hold_the_root_that_calls_it(
    tmp_path: Path, home: Path, module: str, root: str, source: str
) -> None:
    project = Project(tmp_path / "site", home)
    write_layout(project, module, root, source)
    plan = project.run_checked("plan", "dev")
    assert "web: no changes" in plan.out, plan.out
    folder = project.root / ".envctl/work/dev/web"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    code = {path for path in found if ".terraform/" not in path}
    assert not [path for path in code if path.startswith("environments/") or path.endswith((".tfstate", ".toml"))]


LABEL = """
module "label" {
  source  = "%s"
  version = "1.0.0"
}

resource "terraform_data" "built" {
  input = fileexists("${path.module}/.terraform/built/a.zip")
}
"""


def test_module_around_the_root_may_call_remote_ones(tmp_path: Path, home: Path) -> None:
    """Its release can be read again: it is promoted. No release has a file of Terraform's own folder."""
    with serve_registry() as server:
        label = server.publish_module("cloudposse/label/null", "1.0.0", {"main.tf": ""})
        project = Project(tmp_path / "site", home, {"TF_CLI_CONFIG_FILE": str(server.write_cli_config(tmp_path))})
        project.write("envctl.toml", PROJECT.replace("stacks/web", "examples/complete"))
        project.write("main.tf", SITE + LABEL % label)
        project.write("motd/a.txt", "hello")
        project.write("examples/complete/main.tf", CALL % "../../" + LABEL % label)
        for name in ("dev", "staging", "prod"):
            project.write(f"environments/{name}/terraform.tfvars", f'name = "{name}"\n')
        project.run_checked("apply", "dev", "--yes")
        project.run_checked("promote", "dev", "staging", "--yes")
        project.run_checked("drift")


def test_settings_in_the_root_never_travel_with_a_module(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "site", home)
    write_layout(project, "infra", "infra/live", "../")
    project.write("infra/live/terraform.tfvars", 'name = "dev"\n')
    files = 'files = ["infra/live/terraform.tfvars", "environments/{env}/terraform.tfvars"]'
    project.write("envctl.toml", f"{PROJECT.replace('stacks/web', 'infra/live')}\n[settings]\n{files}\n")
    project.run_checked("plan", "dev")
    assert not list((project.root / ".envctl/work/dev/web").rglob("terraform.tfvars"))


@pytest.mark.parametrize(
    "path", keep_by_day([".config/a.txt", "environments/a.json", "tests/a.txt", "examples/.a"], "environments/a.json")
)
def test_file_that_the_code_reads_travels_from_anywhere(tmp_path: Path, home: Path, path: str) -> None:
    project = Project(tmp_path / "site", home)
    project.write("envctl.toml", PROJECT.replace("stacks/web", "."))
    project.write("main.tf", f'resource "terraform_data" "a" {{\n  input = file("${{path.module}}/{path}")\n}}\n')
    project.write(path, "read")
    assert "1 to create" in project.run_checked("plan", "dev").out
    assert (project.root / ".envctl/work/dev/web" / path).read_text() == "read"


SETS = """
variable "name" {
  type = string
}

module "inner" {
  source = "./inner"
}

resource "terraform_data" "sets" {
  for_each = fileset(path.module, "*.json")
  input    = "${each.value} ${var.name}"
}

resource "terraform_data" "all" {
  input = [fileset(path.module, "**/*.json"), fileset(".", "{*.yaml,*.txt}"), module.inner.set]
}
"""


@pytest.mark.parametrize("root", keep_by_day(["live/web", "."], "live/web"))
def test_sets_of_files_are_those_of_plain_terraform(tmp_path: Path, home: Path, root: str) -> None:
    project = Project(tmp_path / "site", home)
    project.write("envctl.toml", PROJECT.replace("stacks/web", root))
    for name in ("dev", "staging", "prod"):
        project.write(f"environments/{name}/terraform.tfvars", f'name = "{name}"\n')
    folder = "" if root == "." else f"{root}/"
    for path, text in {"main.tf": SETS, "a.json": "1", "b.json": "2", "x.yaml": "", "deep/c.json": "3"}.items():
        project.write(f"{folder}{path}", text)
    if folder:
        project.write(f"{folder}tests/fixtures/e.json", "5")
    project.write(f"{folder}inner/main.tf", 'output "set" {\n  value = fileset(path.root, "*.json")\n}\n')
    run_plainly(project, "init", folder=root)
    run_plainly(project, "apply", "-auto-approve", "-var=name=dev", folder=root)
    state = find_state(project, "dev")
    state.parent.mkdir(parents=True)
    state.write_bytes((project.root / root / "terraform.tfstate").read_bytes())
    for _ in range(2):
        plan = project.run_checked("plan", "dev")
        assert "web: no changes" in plan.out, plan.out
    project.write(f"{folder}d.json", "4")
    assert "1 to create, 1 to update" in project.run_checked("plan", "dev").out
