"""What Terraform says of a rendered value is told at the line where people wrote it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envctl.cli.wiring.rendered_lines import locate_rendered_value
from envctl.domain.errors import Location
from tests.documents import parse_document

PROJECT = """[project]
name = "shop"
[pipeline]
order = ["dev"]
[environments.dev]
[environments.tools]
pipeline = false
[stacks.base]
module = "modules/base"
[stacks.tool]
module = "modules/base"
environments = ["tools"]
[artifacts]
app = { variable = "version_text", kind = "string" }
"""
# A condition with a function that envctl does not evaluate.
RULE = """  validation {
    condition     = base64encode("a") == "a" && var.NAME != null
    error_message = "NAME is never right."
  }
"""
COMMON, DEV = "environments/common.tfvars", "environments/dev/terraform.tfvars"


def write_project(root: Path, refused: str) -> None:
    """Write a project in which Terraform refuses the value of one variable."""
    variables = ("size", "names", "project", "version_text")
    blocks = [
        f'variable "{name}" {{\n{RULE.replace("NAME", name) if name == refused else ""}}}\n' for name in variables
    ]
    files = {
        "envctl.toml": PROJECT,
        "modules/base/main.tf": "".join(blocks) + 'resource "terraform_data" "this" {}\n',
        COMMON: '# shared\nsize = 1\nnames = [\n  "a",\n]\n',
        DEV: 'names = ["b"]\nversion_text = "1"\n',
        "environments/tools/terraform.tfvars": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def plan(root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "envctl", "plan", "dev", "--json"],
        cwd=root,
        env={"PATH": os.environ["PATH"], "HOME": os.fspath(root)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (problem,) = parse_document(done.stdout)["problems"]
    assert isinstance(problem, dict)
    return problem


PLACES = {"size": f"{COMMON}:2", "names": f"{DEV}:1", "project": "envctl.toml:2", "version_text": f"{DEV}:2"}


@pytest.mark.terraform
@pytest.mark.parametrize(("name", "place"), PLACES.items())
def test_value_refused_by_terraform_names_its_line(tmp_path: Path, name: str, place: str) -> None:
    write_project(tmp_path, name)
    problem = plan(tmp_path)
    assert (problem["code"], f"{problem['file']}:{problem['line']}") == ("E305", place)
    assert f"{name} is never right." in problem["message"]
    assert " at modules/base/main.tf:" in problem["message"]


def test_line_behind_a_rendered_value_is_found(tmp_path: Path) -> None:
    write_project(tmp_path, "")

    def locate(*path: str | int, environment: str = "dev") -> Location | None:
        return locate_rendered_value(
            lambda name: (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None, environment, path
        )

    assert locate("module", "base", "names", 0) == Location(DEV, 1)
    assert locate("module", "base", "source") == Location("envctl.toml", 9)
    assert locate("module", "base", "environment") == Location("envctl.toml", 5)
    assert locate("module", "base", "unknown") is None
    assert locate("module", "tool", "size", environment="tools") is None, "a standalone environment has no common file"
    assert locate("module", "tool", "version_text", environment="tools") == Location("envctl.toml", 14)
    assert locate("output", "x") is None
    (tmp_path / "environments/dev/base.tfvars").write_text('\nsize = 2\nenvironment = "d"\n')
    assert locate("module", "base", "size") == Location("environments/dev/base.tfvars", 2)
    assert locate("module", "base", "environment") == Location("environments/dev/base.tfvars", 3)
    project = (tmp_path / "envctl.toml").read_text()
    (tmp_path / "envctl.toml").write_text(project.replace("[artifacts]", "[stacks.base.set]\nnames = []\n[artifacts]"))
    assert locate("module", "base", "names", 0) == Location("envctl.toml", 14)
    (tmp_path / "envctl.toml").write_text(f'{project}[settings]\nfiles = ["{{env}}.tfvars.json"]\n')
    (tmp_path / "dev.tfvars.json").write_text('{\n"names": []}')
    assert locate("module", "base", "names", 0) == Location("dev.tfvars.json", 2)
    (tmp_path / "envctl.toml").write_text(project)
    (tmp_path / DEV).write_text("names = [")
    assert locate("module", "base", "names") == Location(COMMON, 3), "an unreadable file hides no other"
