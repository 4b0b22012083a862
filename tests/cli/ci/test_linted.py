"""What `envctl ci` writes, and what others take from here, as those see it who look at such files for a living:
not one finding.
"""

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.gitlab_pipeline import MAIN_FILE, GitlabInputs, render_gitlab_pipeline
from envctl.domain.config.ci.gitlab import GitlabCi
from envctl.domain.config.ci_package import parse_package
from tests.gitlab_jobs import parse_jobs, split_documents

ORDERS = [("dev",), ("dev", "staging", "prod")]
PROGRAMS = Path(sys.executable).parent
TOP = Path(__file__).parents[3]


def looked_at(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program, *words = command
    return subprocess.run(
        [PROGRAMS / program, *words], cwd=repository, capture_output=True, text=True, timeout=60, check=False
    )


def spoil(repository: Path, old: str, new: str, where: str) -> None:
    file = repository / where
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


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
        "after_script": ['case "$envctl_result" in drift | failed) echo "a: b" ;; esac'],
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
            order=order,
            folder=folder,
            region="ap-northeast-1",
            branch="release/1.x",
            settings=settings,
            package=package,
            watched=("modules/**/*",),
            protected={"prod"},
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
