"""The sandbox that a command finds or starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.cli.wiring.readers import ProjectFileReader
from envctl.cli.wiring.sandbox import EmbeddedAws
from envctl.domain.config.project import Project
from tests.adapters.sandbox.conftest import with_tiny_mirror

pytestmark = pytest.mark.sandbox
PROJECT = """
[project]
name = "shop"
[pipeline]
order = ["dev"]
[environments.dev]
account_id = "111111111111"
region = "ap-northeast-1"
[stacks.network]
module = "modules/vpc"
"""


@pytest.fixture
def stopped_start(tmp_path: Path) -> Iterator[Path]:
    """A project whose first command was stopped after the start of the server, and before the provider was unpacked."""
    home = with_tiny_mirror(tmp_path / ".envctl" / "sandbox")
    sandbox = Sandbox(home)
    sandbox.start().terraform_rc.unlink()
    yield tmp_path
    sandbox.stop()


def test_stopped_start_is_completed_by_the_next_command(stopped_start: Path) -> None:
    def load_project() -> Project:
        return ProjectFileReader(sandbox=True).parse_project(PROJECT.encode())

    found = EmbeddedAws(stopped_start, load_project, print).running_sandbox
    assert str(found.terraform_rc.with_name("mirror")) in found.terraform_rc.read_text()
