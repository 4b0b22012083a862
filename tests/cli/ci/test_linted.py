"""What `envctl ci` writes, and what others take from here, as those see it who look at such files for a living:
not one finding.
"""

import itertools
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import WorkflowInputs, render_github_workflows
from envctl.domain.ci.gitlab_pipeline import render_gitlab_pipeline

ORDERS = [("dev",), ("dev", "staging", "prod")]
PROGRAMS = Path(sys.executable).parent
TOP = Path(__file__).parents[3]


@pytest.fixture(params=ORDERS, ids="-".join)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    # The one that takes approvals of GitHub, too.
    site = WorkflowInputs(request.param, "infra/shop", "ap-northeast-1", "1.2.3", reviewed=request.param[2:])
    for path, text in render_github_workflows(PackagedTemplates().load_workflows("github"), site).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    # Without one actionlint does not know where workflows begin.
    (tmp_path / ".git").mkdir()
    return tmp_path


def looked_at(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program, *words = command
    return subprocess.run(
        [PROGRAMS / program, *words], cwd=repository, capture_output=True, text=True, timeout=60, check=False
    )


def workflows(repository: Path) -> Sequence[str]:
    return sorted(f"{file}" for file in (repository / ".github" / "workflows").iterdir())


def spoil(repository: Path, old: str, new: str, where: str = ".github/workflows/envctl-plan.yml") -> None:
    file = repository / where
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_actionlint_has_nothing_to_say(repository: Path) -> None:
    done = looked_at(repository, "actionlint")
    assert (done.returncode, done.stdout) == (0, "")
    spoil(repository, "runs-on:", "run-on:")
    assert looked_at(repository, "actionlint").returncode == 1


def test_zizmor_has_no_finding(repository: Path) -> None:
    done = looked_at(repository, "zizmor", "--offline", "--persona", "regular", ".github")
    assert (done.returncode, "No findings to report" in done.stdout + done.stderr) == (0, True), done.stdout
    spoil(repository, "run: envctl validate", "run: echo ${{ github.event.pull_request.title }}")
    assert looked_at(repository, "zizmor", "--offline", ".github").returncode != 0


def test_they_are_what_the_schema_says(repository: Path) -> None:
    check = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = looked_at(repository, *check, *workflows(repository))
    assert done.returncode == 0, done.stdout
    spoil(repository, "timeout-minutes: 60", "timeout: 60")
    assert looked_at(repository, *check, *workflows(repository)).returncode == 1


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A folder with what others take from the top of this repository."""
    for name in ("action.yml", "Dockerfile"):
        shutil.copy(TOP / name, tmp_path / name)
    return tmp_path


def test_zizmor_has_no_finding_in_the_action(taken: Path) -> None:
    look = ("zizmor", "--offline", "--persona", "pedantic", "action.yml")
    done = looked_at(taken, *look)
    assert (done.returncode, "No findings to report" in done.stdout + done.stderr) == (0, True), done.stdout
    spoil(taken, '"$ENVCTL_ACTION_PYTHON" -I', "${{ inputs.python }} -I", "action.yml")
    assert looked_at(taken, *look).returncode != 0


def test_the_action_is_what_the_schema_says(taken: Path) -> None:
    check = ("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")
    done = looked_at(taken, *check)
    assert done.returncode == 0, done.stdout
    spoil(taken, "shell: bash", "shel: bash", "action.yml")
    assert looked_at(taken, *check).returncode == 1


def test_hadolint_has_nothing_to_say(taken: Path) -> None:
    done = looked_at(taken, "hadolint", "--no-color", "--failure-threshold=style", "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")
    spoil(taken, "WORKDIR /work", "WORKDIR work", "Dockerfile")
    assert looked_at(taken, "hadolint", "Dockerfile").returncode == 1


def test_those_of_gitlab_are_what_its_schema_says(tmp_path: Path) -> None:
    files = []
    for number, (order, folder) in enumerate(itertools.product(ORDERS, ("", "infra/shop", "my infra: #1"))):
        site = WorkflowInputs(order, folder, "ap-northeast-1", "1.2.3", "release/1.x", protected={"prod"})
        for path, text in render_gitlab_pipeline(PackagedTemplates().load_workflows("gitlab"), site).items():
            files.append(tmp_path / f"{number}" / path)
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            files[-1].write_text(text)
    check = ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci")
    done = looked_at(tmp_path, *check, *map(str, files))
    assert done.returncode == 0, done.stdout
    text = files[-2].read_text()
    assert "when: manual" in text
    files[-2].write_text(text.replace("when: manual", "when: by_hand"))
    assert looked_at(tmp_path, *check, f"{files[-2]}").returncode == 1
