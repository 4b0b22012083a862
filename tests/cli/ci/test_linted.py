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
import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import WorkflowInputs, render_github_workflows
from envctl.domain.ci.gitlab_pipeline import MAIN_FILE, GitlabInputs, render_gitlab_pipeline
from envctl.domain.config.ci_gitlab import GitlabCi
from envctl.domain.config.ci_package import parse_package
from tests.gitlab_jobs import parse_jobs, split_documents

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


GITLAB_SHAPES: dict[str, dict[str, object]] = {
    "plain": {},
    "one of two projects": {"prefix": "billing", "environments": {"prod": "live"}, "paths": ["billing/**/*"]},
    "own runners": {
        "tags": ["aws: prod"],
        "timeouts": {"plan": "90m"},
        "variables": {"NO": "no"},
        "before_script": ['echo "a: b"'],
        "runner_credentials": True,
    },
}


@pytest.mark.parametrize("shape", GITLAB_SHAPES)
def test_those_of_gitlab_are_what_its_schema_says(tmp_path: Path, shape: str) -> None:
    files = []
    settings = GitlabCi.model_validate(GITLAB_SHAPES[shape])
    package = parse_package(f"envctl-promotion==1.0#sha256={'a' * 64}")
    orders = (*ORDERS, ("no", "on", "null"))
    for number, (order, folder) in enumerate(itertools.product(orders, ("", "infra/shop", "my infra: #1"))):
        site = GitlabInputs(
            order, folder, "ap-northeast-1", "release/1.x", settings, package, ("modules/**/*",), protected={"prod"}
        )
        for path, text in render_gitlab_pipeline(PackagedTemplates().load_workflows("gitlab"), site).items():
            # GitLab reads a file with inputs as two documents. The schema knows nothing of what hidden jobs hold.
            documents = [*split_documents(text), *([] if path == MAIN_FILE else [yaml.dump(parse_jobs(text))])]
            for part, document in enumerate(documents):
                files.append(tmp_path / f"{number}" / f"{part}" / path)
                files[-1].parent.mkdir(parents=True, exist_ok=True)
                files[-1].write_text(document)
    check = ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci")
    done = looked_at(tmp_path, *check, *map(str, files))
    assert done.returncode == 0, done.stdout
    spoiled = next(file for file in files if "/2/" in f"{file}" and "interruptible: false" in file.read_text())
    spoiled.write_text(spoiled.read_text().replace("interruptible: false", "interruptible: by_hand"))
    assert looked_at(tmp_path, *check, f"{spoiled}").returncode == 1
