"""What GitHub Actions is told besides: on the real command line, and word by word."""

from pathlib import Path

import pytest

from envctl.cli.boundary import run_guarded
from envctl.cli.ci import detect_job
from envctl.cli.ci.github import MAX_ANNOTATIONS, GithubJob
from envctl.cli.entry import run
from envctl.cli.options.global_options import Options
from envctl.cli.options.wait_ok import WAIT_OK
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, Problem
from envctl.domain.guards import Refusal, RefusedError
from tests.cli.ci.runner_log import RunnerLog
from tests.cli.render.samples.refusals import REFUSED_FOR_NOW
from tests.fakes.project_files import write_project


class Step:
    """What a step of a job has left behind."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self.variables = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": f"{folder}"}
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            self.variables[name] = f"{folder / name}"
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)

    def run(self, *words: str) -> int:
        code = run([*words])
        said = self._capsys.readouterr()
        self.out, self.log = said.out, said.err.splitlines()
        return code

    @property
    def commands(self) -> list[str]:
        """What the runner takes."""
        return RunnerLog().read("\n".join(self.log)).taken

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.read("GITHUB_OUTPUT").splitlines())

    @property
    def summary(self) -> str:
        return self.read("GITHUB_STEP_SUMMARY")

    def read(self, name: str) -> str:
        file = self._folder / name
        return file.read_text() if file.exists() else ""


@pytest.fixture
def step(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Step:
    return Step(project, monkeypatch, capsys)


def spoil(project: Path) -> None:
    """One setting that no module declares, in its second line."""
    file = project / "environments" / "dev" / "terraform.tfvars"
    file.write_text(f"\nno_such_setting = 1\n{file.read_text()}")


def test_a_wrong_setting_is_marked_on_its_line(step: Step, project: Path) -> None:
    spoil(project)
    assert step.run("validate") == 78
    (annotation,) = step.commands
    assert annotation.startswith("::error title=E")
    assert ",file=environments/dev/terraform.tfvars,line=2::" in annotation
    assert "no_such_setting" in annotation
    assert step.outputs["exit_code"] == "78"
    assert step.outputs["reason"] == "configuration"
    assert step.outputs["problems"] == annotation.partition("title=")[2].partition(",")[0]
    assert "no_such_setting" in step.summary


def test_annotation_path_includes_the_project_subfolder(
    step: Step, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = project / "infra" / "shop"
    write_project(inner)
    spoil(inner)
    step.run("validate", "--project", "infra/shop")
    assert "file=infra/shop/environments/dev/terraform.tfvars," in step.commands[0]
    monkeypatch.chdir(inner)
    step.run("validate")
    assert "file=infra/shop/environments/dev/terraform.tfvars," in step.commands[0]
    monkeypatch.setenv("GITHUB_WORKSPACE", "/somewhere/else")
    step.run("validate")
    assert "file=environments/dev/terraform.tfvars," in step.commands[0]


def test_success_writes_a_short_output(step: Step) -> None:
    assert step.run("validate") == 0
    assert step.commands == []
    assert step.summary == ""
    told = {"exit_code": "0", "reason": "done", "problems": "", "release": "", "changes": ""}
    told |= {"plan": "", "reviews": ""}
    assert step.outputs == told


def test_result_is_written_to_the_step_summary(step: Step) -> None:
    assert step.run("why", "staging") == 0
    assert step.summary.startswith("## ")
    assert "G102" in step.summary
    assert step.run("promote", "dev", "staging", "--yes") == 3
    assert step.outputs["reason"] == "refused"
    assert step.outputs["problems"].startswith("G102")
    assert any(line.startswith("::error title=G102::") for line in step.commands)
    assert step.summary.count("## ") > 1


def test_markdown_on_stdout_replaces_the_summary(step: Step, project: Path) -> None:
    step.run("why", "staging", "--markdown")
    assert step.out.startswith("## ")
    assert step.summary == ""
    spoil(project)
    step.run("validate", "--markdown")
    assert step.summary == ""
    assert len(step.commands) == 1


def test_json_document_on_stdout_stays_unchanged(step: Step, project: Path) -> None:
    spoil(project)
    assert step.run("validate", "--json") == 78
    assert step.out.startswith("{")
    assert "::" not in step.out.splitlines()[0]
    assert len(step.commands) == 1


@pytest.mark.parametrize("words", [("--no-ci", "validate"), ("validate", "--no-ci")])
def test_integration_can_be_disabled(step: Step, project: Path, words: tuple[str, ...]) -> None:
    spoil(project)
    assert step.run(*words) == 78
    assert (step.commands, step.outputs, step.summary) == ([], {}, "")


def test_unwritable_github_files_change_nothing(step: Step, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", f"{project}")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert step.run("validate") == 0
    assert step.log == []


def test_nothing_is_written_outside_of_a_job() -> None:
    assert detect_job(Options(), {}) is None
    assert detect_job(Options(), {"CI": "true", "GITHUB_ACTIONS": "false"}) is None
    assert detect_job(Options(no_ci=True), {"GITHUB_ACTIONS": "true", "GITLAB_CI": "true"}) is None


def ended(capsys: pytest.CaptureFixture[str], error: EnvctlError) -> list[str]:
    GithubJob(Options(), {}).publish_result("validate", None, error, 78)
    return capsys.readouterr().err.splitlines()


def refuse_for_now(
    step: Step, capsys: pytest.CaptureFixture[str], *, wait_ok: bool, error: EnvctlError = REFUSED_FOR_NOW
) -> int:
    def command() -> None:
        WAIT_OK.set(wait_ok)
        raise error

    code = run_guarded(command, ["promote", "staging", "prod"])
    step.log = capsys.readouterr().err.splitlines()
    return code


def test_refusal_for_now_fails_the_job(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse_for_now(step, capsys, wait_ok=False) == 4
    assert step.commands[0].startswith("::error title=G106::")


def test_refusal_for_now_is_a_notice_with_wait_ok(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse_for_now(step, capsys, wait_ok=True) == 0
    assert step.commands[0].startswith("::notice title=G106::")
    assert (step.outputs["exit_code"], step.outputs["reason"]) == ("4", "refused for now")


def test_wait_ok_does_not_cover_an_unfinished_deployment(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    """A killed job must stay red until it was recovered."""
    busy = Refusal(GuardCode.BUSY, message="an apply is unfinished", hint="envctl recover prod", for_now=True)
    for refusals in ((busy,), (*REFUSED_FOR_NOW.refusals, busy)):
        assert refuse_for_now(step, capsys, wait_ok=True, error=RefusedError(refusals)) == 4
        assert all(line.startswith("::error ") for line in step.commands)
        assert "envctl recover prod" in step.commands[-1]
    assert "envctl recover prod" in step.summary


def test_wait_ok_changes_no_other_exit_code(step: Step) -> None:
    assert step.run("promote", "dev", "staging", "--yes", "--wait-ok") == 3
    assert step.outputs["reason"] == "refused"
    assert step.commands[0].startswith("::error ")
    assert step.run("drift", "--wait-ok") == 64


HOSTILE = "100% of a\r\nb::error::c,d:e"


def test_hostile_text_stays_in_its_annotation(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("E203", HOSTILE, HOSTILE, Location(f"a,b:{HOSTILE}", 7))
    (line,) = ended(capsys, ConfigurationError(problem))
    data = "100%25 of a%0D%0Ab::error::c,d:e"
    assert line == (
        "::error title=E203,file=a%2Cb%3A100%25 of a%0D%0Ab%3A%3Aerror%3A%3Ac%2Cd%3Ae,line=7::" + f"{data}%0A{data}"
    )


@pytest.mark.parametrize(
    ("problems", "last"), [(MAX_ANNOTATIONS, "nr 9"), (MAX_ANNOTATIONS + 1, "and 2 more"), (50, "and 41 more")]
)
def test_annotations_are_limited_and_the_rest_counted(
    problems: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ended(capsys, ConfigurationError(*(Problem("E203", f"nr {number}") for number in range(problems))))
    assert len(told) == MAX_ANNOTATIONS
    assert last in told[-1]


def test_every_secret_line_is_masked_once_unless_short(capsys: pytest.CaptureFixture[str]) -> None:
    job = GithubJob(Options(), {})
    job.mask_values(["hunter2", "-----BEGIN-----\n  50%\nMIIE\n", "abc", ""])
    job.mask_values(["hunter2"])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["::add-mask::-----BEGIN-----", "::add-mask::MIIE", "::add-mask::hunter2"]
