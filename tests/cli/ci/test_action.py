"""The action: what its steps do on a runner, and that nothing of what it is given is taken for more than words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.cli.ci.composite import TOP, Ran, Runner, installed

PROD = "environments/prod/terraform.tfvars"


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runner")
    installed(folder)
    return folder


@pytest.fixture
def runner(project: Path, temporary: Path) -> Runner:
    return Runner(project, temporary)


def use(runner: Runner, command: str, **more: str) -> Ran:
    return runner.use(command=command, python=sys.executable, **more)


def test_command_runs_and_sets_step_outputs(runner: Runner) -> None:
    done = use(runner, "validate")
    assert done.code == 0, done.log
    assert "Valid: 3 environments" in done.log
    assert done.outputs == {
        "exit_code": "0",
        "reason": "done",
        "problems": "",
        "release": "",
        "changes": "",
        "plan": "",
    }
    # What is there is not installed a second time.
    assert done.groups == []


def test_wrong_setting_fails_the_step_with_annotation(runner: Runner, project: Path) -> None:
    (project / PROD).write_text('cidr = "10.30.0.0/16"\nsise = 3\n')
    done = use(runner, "validate --settings")
    assert (done.code, done.outputs["reason"], done.outputs["problems"]) == (78, "configuration", "E203")
    (annotation,) = done.annotations
    assert annotation.startswith(f"::error title=E203,file={PROD},line=2::sise is not a setting")


def test_refusal_fails_the_job(runner: Runner) -> None:
    done = use(runner, "promote dev staging --yes")
    assert (done.code, done.outputs["exit_code"], done.outputs["reason"]) == (3, "3", "refused")


def test_multi_line_command_is_joined_and_quotes_respected(runner: Runner) -> None:
    done = use(runner, "lock prod\n  --reason 'it is \"late\" & I am off'\n")
    assert done.code == 0, done.log
    assert 'it is "late" & I am off' in done.log


HARMLESS = {
    "a command in a command": "validate $(touch pwned)",
    "a command behind a command": "validate; touch pwned",
    "a pipe": "validate | tee pwned",
    "a variable": "validate $HOME",
    "an expression of the runner's": "validate ${{ github.token }}",
    "Python": 'validate \'__import__("os").system("touch pwned")\'',
}


# By day a shell that would read the words, and a Python that would.
@pytest.mark.parametrize("command", keep_by_day(HARMLESS, "a command in a command", "Python"))
def test_command_is_not_interpreted_by_shell(runner: Runner, project: Path, command: str) -> None:
    done = use(runner, command)
    assert done.code == 64
    assert not list(project.rglob("pwned"))
    assert os.fspath(runner.temporary) not in "".join(done.annotations)


NO_COMMANDS = {
    "a quote that does not end": ("validate 'prod", "no closing quotation"),
    "nothing": ("  \n", "there is no command"),
}


@pytest.mark.parametrize(("command", "told"), NO_COMMANDS.values(), ids=NO_COMMANDS)
def test_invalid_command_is_reported(runner: Runner, command: str, told: str) -> None:
    done = use(runner, command)
    assert (done.code, len(done.annotations)) == (64, 1)
    assert told in done.annotations[0]


def test_the_project_may_lie_in_a_folder(runner: Runner, project: Path) -> None:
    runner.workspace = project.parent
    assert use(runner, "validate", working_directory=project.name).code == 0
    assert use(runner, f"--project {project.name} validate").code == 0


def test_project_code_is_not_imported_as_envctl(runner: Runner, project: Path) -> None:
    for name in ("envctl", "shlex", "typer"):
        (project / f"{name}.py").write_text("raise SystemExit('pwned')")
    runner.variables["PYTHONPATH"] = os.fspath(project)
    done = use(runner, "validate")
    assert done.code == 0, done.log


def test_missing_python_is_reported(runner: Runner) -> None:
    done = runner.use(command="validate", python="python3.99")
    assert (done.code, len(done.annotations)) == (1, 1)
    assert "is not on this runner" in done.annotations[0]


def test_windows_runner_is_refused(runner: Runner) -> None:
    runner.variables["RUNNER_OS"] = "Windows"
    done = use(runner, "validate")
    assert done.code == 1
    assert done.annotations == ["::error title=envctl::envctl runs on Linux and macOS, and not on Windows"]


def test_old_python_is_refused() -> None:
    code = f"""
import runpy, sys
sys.version_info = (3, 9, 2)
runpy.run_path({os.fspath(TOP / "action" / "install.py")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=envctl::envctl needs Python 3.11 or newer, and this one is 3.9: ")


@pytest.mark.slow
def test_failed_installation_is_not_marked_as_installed(runner: Runner, tmp_path: Path) -> None:
    runner.temporary = tmp_path / "temporary"
    runner.temporary.mkdir()
    # Nobody answers there.
    index = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    runner.variables |= index
    done = use(runner, "validate")
    assert (done.code, done.groups) == (1, ["Install envctl"])
    assert "the packages of requirements-build.lock can't be installed" in done.annotations[-1]
    assert not list(runner.temporary.rglob(".installed"))
