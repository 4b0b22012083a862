"""A project whose provider writes down what Terraform asks of it, and waits where it is asked to."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.adapters.terraform.warm.conftest import install_tally, is_running, list_keepers
from tests.e2e.conftest import Project, wait_until
from tests.e2e.project_text import render_project

CODE = """
terraform {
  required_providers {
    tally = { source = "acme/tally" }
  }
}

variable "behave" {
  type = string
}

resource "tally_mark" "this" {
  behave = var.behave
}
"""


@dataclass(frozen=True)
class Marked(Project):
    """A project with one stack, whose provider waits where it is asked to."""

    @property
    def go(self) -> Path:
        return self.home / "go"

    @property
    def lines(self) -> list[str]:
        log = Path(self.extra["TALLY"])
        return log.read_text().splitlines() if log.exists() else []

    @property
    def providers(self) -> list[int]:
        return [int(line.split()[-1]) for line in self.lines if line.startswith("launch")]

    def count(self, start: str) -> int:
        return len([line for line in self.lines if line.startswith(start)])

    def find_victim(self, name: str, envctl: int) -> int:
        provider = self.providers[-1]
        if name == "keeper":
            return int(Path(f"/proc/{provider}/stat").read_text().rpartition(")")[2].split()[1])
        if name == "terraform":
            return int((self.root / ".envctl/work/dev/web/.running").read_text())
        return provider if name == "provider" else envctl

    def require_nothing_left(self) -> None:
        wait_until(lambda: not any(map(is_running, self.providers)), seconds=2)
        wait_until(lambda: not list_keepers(self.root), seconds=2)

    def read_state(self) -> list[str]:
        file = self.root / ".envctl/state/dev/web.tfstate"
        document = json.loads((file.exists() and file.read_text()) or "{}")
        return [f"{each['type']}.{each['name']}" for each in document.get("resources", [])]


@pytest.fixture
def marked(tmp_path: Path, home: Path) -> Marked:
    (tmp_path / "tally").mkdir()
    project = Marked(tmp_path / "marked", home)
    project.write("envctl.toml", render_project("marked", {"web": ""}, ["dev"]))
    project.write("modules/web/main.tf", CODE)
    return replace(project, extra=install_tally(tmp_path / "tally"))
