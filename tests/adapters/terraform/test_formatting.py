"""The Formatter port over real Terraform: what comes back, and what is left of it."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
from envctl.adapters.terraform.formatting import TerraformFormatter
from envctl.domain.errors import ConfigurationError, OperationFailedError, UsageError

UGLY = {
    "environments/prod/terraform.tfvars": b'name="shop"\ncount = 3\n',
    "modules/web/main.tf": b'variable "x" {\ntype=string\n}\n',
    "modules/web/tests/-list.tftest.hcl": b'run "x" {\ncommand=plan\n}\n',
    "modules/web/tests/m.tfmock.hcl": b'mock_resource "x" {\ndefaults={}\n}\n',
    "modules/.hidden/a b.tf": b"locals {\na=1\n}\n",
    "modules/web/fine.tf": b"locals {\n  a = 1\n}\n",
}
PRETTY = {
    "environments/prod/terraform.tfvars": b'name  = "shop"\ncount = 3\n',
    "modules/web/main.tf": b'variable "x" {\n  type = string\n}\n',
    "modules/web/tests/-list.tftest.hcl": b'run "x" {\n  command = plan\n}\n',
    "modules/web/tests/m.tfmock.hcl": b'mock_resource "x" {\n  defaults = {}\n}\n',
    "modules/.hidden/a b.tf": b"locals {\n  a = 1\n}\n",
    "modules/web/fine.tf": b"locals {\n  a = 1\n}\n",
}


@pytest.fixture
def inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "tmp"))
    return {"PATH": os.fspath(tmp_path / "bin"), "HOME": os.fspath(tmp_path)}


@pytest.fixture
def formatter(tmp_path: Path, inherited: dict[str, str]) -> TerraformFormatter:
    return TerraformFormatter(tmp_path, lambda: inherited, EnvironmentFilter(print))


def saying(root: Path, script: str) -> None:
    program = root / "bin" / "terraform"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.terraform
def test_files_of_all_kinds_are_formatted(
    tmp_path: Path, formatter: TerraformFormatter, inherited: dict[str, str]
) -> None:
    inherited |= {"TF_CLI_ARGS_fmt": "-no-color", "TF_DATA_DIR": "/nowhere", "TF_WORKSPACE": "other"}
    assert formatter.format_files("", UGLY) == PRETTY
    assert formatter.format_files("", PRETTY) == PRETTY
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(("name", "flag"), [("TF_CLI_ARGS_fmt", "-write=false"), ("TF_CLI_ARGS", "-check")])
def test_flags_of_fmt_are_refused(
    name: str, flag: str, formatter: TerraformFormatter, inherited: dict[str, str], tmp_path: Path
) -> None:
    saying(tmp_path, "exit 0")
    inherited[name] = flag
    with pytest.raises(UsageError) as raised:
        formatter.format_files("", UGLY)
    assert [problem.code for problem in raised.value.problems] == ["E040"]


@pytest.mark.terraform
def test_unparsable_file_is_reported_without_its_text(tmp_path: Path, formatter: TerraformFormatter) -> None:
    wrong = {
        **UGLY,
        "environments/dev/terraform.tfvars": b'a = 1\npassword = "hunter2" oops\n',
        "environments/staging/terraform.tfvars": b"a = 1\na = 2\n",
        "modules/web/latin.tf": b'locals {\n  a = "\xff"\n}\n',
    }
    with pytest.raises(ConfigurationError) as raised:
        formatter.format_files("", wrong)
    found = [(problem.code, str(problem.location)) for problem in raised.value.problems]
    settings = [("E201", f"environments/{name}/terraform.tfvars:2") for name in ("dev", "staging")]
    assert found[:2] == settings
    assert set(found[2:]) == {("E201", "modules/web/latin.tf:2")}
    told = " ".join(f"{problem.message} {problem.hint}" for problem in raised.value.problems)
    assert "set on line 1." in told
    assert "hunter2" not in told
    assert "oops" not in told
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.terraform
def test_many_files_are_formatted_by_one_process(formatter: TerraformFormatter, tmp_path: Path) -> None:
    many = {f"environments/e{number}/terraform.tfvars": b"a=1\n" for number in range(1000)}
    assert set(formatter.format_files("", many).values()) == {b"a = 1\n"}


SCRIPTS = {
    "says why not": ("echo 'exec format error' >&2; exit 1", "exec format error"),
    "says nothing": ("exit 3", "it ended with 3"),
    "says what is no error in a file": ("printf 'Error: No disk\\n\\nThere is none.\\n' >&2; exit 1", "Error: No disk"),
}


@pytest.mark.parametrize(("script", "said"), SCRIPTS.values(), ids=SCRIPTS)
def test_failing_formatter_is_reported(tmp_path: Path, formatter: TerraformFormatter, script: str, said: str) -> None:
    saying(tmp_path, script)
    with pytest.raises(OperationFailedError) as raised:
        formatter.format_files("", UGLY)
    assert [problem.message for problem in raised.value.problems] == [f"terraform fmt failed: {said}"]


def test_formatter_that_never_ends_is_stopped(tmp_path: Path, inherited: Mapping[str, str]) -> None:
    saying(tmp_path, "exec /bin/sleep 60")
    with pytest.raises(OperationFailedError, match="no output for too long"):
        TerraformFormatter(tmp_path, lambda: inherited, EnvironmentFilter(print), patience=0.3).format_files("", UGLY)


def test_formatter_runs_once_without_version_check(tmp_path: Path, formatter: TerraformFormatter) -> None:
    saying(tmp_path, f'echo "$CHECKPOINT_DISABLE $*" >> {tmp_path}/asked')
    assert formatter.format_files("", UGLY) == UGLY
    assert (tmp_path / "asked").read_text() == "1 fmt -list=false -no-color\n"


def test_unwritable_temporary_folder_is_reported(tmp_path: Path, formatter: TerraformFormatter) -> None:
    (tmp_path / "tmp").rmdir()
    with pytest.raises(OperationFailedError, match="E406"):
        formatter.format_files("", UGLY)
