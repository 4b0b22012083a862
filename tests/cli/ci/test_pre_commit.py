"""The hooks that others take from here: installed by pre-commit itself, and run by it on files that are committed."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.programs import SYSTEM_PATH
from tests.scaffold import create_project

TOP = Path(__file__).parents[3]
MANIFEST = TOP / ".pre-commit-hooks.yaml"
HOOKS = [hook["id"] for hook in yaml.safe_load(MANIFEST.read_text())]
# All that a wheel is made of.
FILES = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "envctl.toml",
    "hatch_build.py",
    "requirements-build.lock",
    "requirements-run.lock",
    MANIFEST.name,
)
FOLDERS = (
    "src",
    "app",
    "docs",
    "environments",
    "modules",
    "packages/aws-api-emulator/src",
    "packages/kube-api-emulator",
)
LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "node_modules", ".envctl", ".terraform", "build", "dist", "secrets", ".*_cache"
)
PROD = "environments/prod/terraform.tfvars"
PROGRAMS = Path(sys.executable).parent


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def committed(folder: Path) -> str:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Hooks:
    """A repository with envctl as it lies here, at one commit, and where pre-commit installs what it takes of it."""

    repository: Path
    commit: str
    home: Path

    def run(self, project: Path, *more: str, **settings: object) -> "subprocess.CompletedProcess[str]":
        """On all files of a project, with all hooks; `settings` are for each of them."""
        hooks = [{"id": name, **settings} for name in HOOKS]
        config = {"repos": [{"repo": os.fspath(self.repository), "rev": self.commit, "hooks": hooks}]}
        (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        git(project, "add", "--all")
        return subprocess.run(
            [PROGRAMS / "pre-commit", "run", "--all-files", "--color=never", *more],
            cwd=project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Nothing is fetched: what envctl needs, and what builds it, lies where these tests have it from."""
        return {
            "PATH": SYSTEM_PATH,
            "HOME": os.fspath(self.home),
            "PRE_COMMIT_HOME": os.fspath(self.home / "pre-commit"),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            # Thus pip spells that nothing is to be built apart.
            "PIP_NO_BUILD_ISOLATION": "0",
        }


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    folder = tmp_path_factory.mktemp("hooks")
    repository = folder / "envctl"
    repository.mkdir()
    for name in FILES:
        shutil.copy(TOP / name, repository / name)
    for name in FOLDERS:
        shutil.copytree(TOP / name, repository / name, ignore=LEFT_OUT)
    return Hooks(repository, committed(repository), folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = create_project(tmp_path)
    git(root, "init", "--quiet")
    return root


def add(file: Path, line: str) -> None:
    file.write_text(f"{file.read_text()}{line}\n")


def outcomes(said: str) -> dict[str, str]:
    lines = [line for line in said.splitlines() if line.startswith("envctl ") and "..." in line]
    return {line.partition(".")[0].replace(" ", "-"): line.rpartition(".")[2] for line in lines}


def test_hook_manifest_is_valid() -> None:
    subprocess.run([PROGRAMS / "pre-commit", "validate-manifest", MANIFEST], check=True, timeout=60)
    assert HOOKS == ["envctl-validate", "envctl-settings", "envctl-fmt"]


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.terraform
def test_a_project_in_order_passes(hooks: Hooks, project: Path) -> None:
    done = hooks.run(project)
    assert outcomes(done.stdout) == dict.fromkeys(HOOKS, "Passed"), done.stdout + done.stderr
    for package in ("envctl/cli", "kube_api_emulator/schemas"):
        assert list(hooks.home.glob(f"pre-commit/repo*/py_env-*/lib/python*/site-packages/{package}")), package
    # What the hooks leave behind is no change of the project.
    assert git(project, "status", "--porcelain", "--untracked-files=normal") == git(project, "status", "--porcelain")


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.terraform
def test_wrong_setting_is_reported_with_line_and_redacted(hooks: Hooks, project: Path) -> None:
    variables = project / "modules" / "vpc" / "variables.tf"
    add(variables, 'variable "key" {\n  type      = list(string)\n  default   = []\n  sensitive = true\n}')
    line = (project / PROD).read_text().count("\n") + 1
    add(project / PROD, 'key="hunter2"')
    done = hooks.run(project, "--verbose")
    assert outcomes(done.stdout) == dict.fromkeys(HOOKS, "Failed"), done.stdout + done.stderr
    assert done.returncode == 1
    assert done.stdout.count(f"at {PROD}:{line}") == 2
    assert done.stdout.count("error E204: key") == 2
    assert "hunter2" not in done.stdout + done.stderr
    # It was formatted meanwhile, and is only wrong now.
    again = outcomes(hooks.run(project).stdout)
    assert again == {"envctl-validate": "Failed", "envctl-settings": "Failed", "envctl-fmt": "Passed"}


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.terraform
def test_project_in_subfolder_is_checked_and_formatted(hooks: Hooks, project: Path) -> None:
    (project.parent / "repository").mkdir()
    top = project.rename(project.parent / "repository" / "infra").parent
    shutil.rmtree(top / "infra" / ".git")
    git(top, "init", "--quiet")
    add(top / "infra" / PROD, "\nnmae=1")
    done = hooks.run(top, args=["--project", "infra"])
    assert outcomes(done.stdout) == dict.fromkeys(HOOKS, "Failed"), done.stdout + done.stderr
    assert done.stdout.count("error E203: nmae is not a setting") == 2
    assert (top / "infra" / PROD).read_text().endswith("nmae = 1\n")
