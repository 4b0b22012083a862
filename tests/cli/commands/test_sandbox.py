"""`envctl sandbox down` as it is typed, while a command works in the sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.adapters.workspace.work_folder import WorkFolder
from envctl.adapters.workspace.workspace import DirectoryWorkspace, require_idle
from envctl.cli.entry import run

pytestmark = pytest.mark.sandbox


@pytest.fixture
def home(project: Path) -> Iterator[Path]:
    """The folder of a running sandbox. It has no embedded AWS, which takes most of the time of a start."""
    home = project / ".envctl" / "sandbox"
    sandbox = Sandbox(home, endpoint_url="http://127.0.0.1:1")
    sandbox.start()
    yield home
    sandbox.stop()


def test_sandbox_is_not_stopped_under_a_command(project: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    workspace = DirectoryWorkspace(project, WorkFolder(home, require_idle), "")
    with workspace.lock_environment("dev", "envctl apply dev by ann"):
        assert run(["sandbox", "down"]) == 75
        said = capfd.readouterr().err
        assert "error E308: envctl apply dev by ann (process" in said
        assert "wait until it ends and try again" in said
        assert Sandbox(home).find_running()
    work = workspace.root
    assert (work / "dev").is_dir()
    assert run(["sandbox", "down"]) == 0
    assert not Sandbox(home).find_running()
    assert not work.parent.exists()
