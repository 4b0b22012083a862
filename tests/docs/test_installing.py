"""What the pages install from a clone of the repository, with packages from their index, and that it runs then."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from envctl import __version__
from tests.cli.ci.test_pre_commit import FILES, FOLDERS, LEFT_OUT
from tests.docs.blocks import ROOT, blocks, pages
from tests.docs.places import Place
from tests.docs.running import Shell

BLOCKS = {
    page.relative_to(ROOT).as_posix(): block for page in pages() for block in blocks(page) if "apart" in block.marks
}
# One that runs the tests may have said it in a file, and the test has another home.
SETTINGS = Path.home() / ".config" / "pip" / "pip.conf"
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def index() -> dict[str, str]:
    """How this machine reaches its packages."""
    told = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name in CERTIFICATES}
    return {**({"PIP_CONFIG_FILE": os.fspath(SETTINGS)} if SETTINGS.exists() else {}), **told}


@dataclass(frozen=True)
class Clone:
    """A clone of this repository, with the environment of somebody's project activated, in which nothing is yet."""

    shell: Shell

    def types(self, page: str) -> None:
        self.shell.runs(BLOCKS[page], {})

    def says(self, command: str, ends_with: int = 0) -> str:
        code, printed = self.shell.types(command)
        assert code == ends_with, printed
        return printed


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    root = tmp_path / "envctl"
    root.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, root)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=LEFT_OUT)
    environment = tmp_path / "project-venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=120)
    shell = Shell(Place(root, tmp_path, extra=index()), tmp_path / "shell")
    # Neither the envctl nor the Python that the tests run with.
    shell.environment["PATH"] = f"{environment / 'bin'}:/usr/bin:/bin"
    return Clone(shell)


@pytest.mark.index
@pytest.mark.night
@pytest.mark.slow
@pytest.mark.terraform
def test_what_the_pages_install_runs(clone: Clone, tmp_path: Path) -> None:
    clone.types("docs/aws.md")
    assert clone.says("command -v envctl") == f"{tmp_path / 'project-venv' / 'bin' / 'envctl'}\n"
    assert clone.says("envctl --version") == f"envctl {__version__}\n"
    assert "the embedded Terraform" in json.dumps(json.loads(clone.says("envctl doctor --json 2>/dev/null", 1)))
    assert "E501" in clone.says("envctl sandbox up", 78)

    clone.types("docs/start.md")
    assert clone.says("command -v envctl") == f"{tmp_path / '.envctl-venv' / 'bin' / 'envctl'}\n"

    # Into the one that is activated by now.
    clone.types("docs/sandbox.md")
    assert clone.says("envctl --version") == f"envctl {__version__}\n"
    try:
        assert "http://127.0.0.1:" in clone.says("envctl sandbox up")
    finally:
        clone.says("envctl sandbox down")


def test_no_block_that_installs_is_left_over() -> None:
    assert BLOCKS.keys() == {"docs/aws.md", "docs/start.md", "docs/sandbox.md"}
