"""envctl where kube-api-emulator is not installed: it works, and refuses stacks of objects with the line to type."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.cli.entry import run

OBJECTS = """
[stacks.pages]
kind = "kubernetes"
path = "pages"
namespace = "shop"
cluster = "shop"
"""
PAGE = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: page }\ndata: { color: green }\n"
IMPORT_ALL = """
import importlib, pkgutil, sys, envctl
# A package that can't be imported.
sys.modules[sys.argv[1]] = None
for module in pkgutil.walk_packages(envctl.__path__, "envctl."):
    if not module.name.startswith(("envctl.templates", "envctl.__main__")):
        importlib.import_module(module.name)
"""


@pytest.fixture
def without_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("kube_api_emulator.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kube_api_emulator", None)


@pytest.fixture
def objects(project: Path) -> Path:
    file = project / "envctl.toml"
    file.write_text(file.read_text() + OBJECTS)
    (project / "pages").mkdir()
    (project / "pages" / "page.yaml").write_text(PAGE)
    return project


@pytest.mark.parametrize("package", ["kube_api_emulator", "aws_api_emulator"])
def test_all_of_envctl_can_be_imported(package: str) -> None:
    command = [sys.executable, "-c", IMPORT_ALL, package]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("without_emulator")
def test_project_without_objects_is_valid(project: Path) -> None:
    assert run(["validate"]) == 0


@pytest.mark.usefixtures("without_emulator")
@pytest.mark.parametrize("command", ["validate", "render dev", "plan dev", "apply dev --yes", "settings dev"])
def test_stacks_of_objects_are_refused(objects: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    capsys.readouterr()
    code = run(["--json", *command.split()])
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (code, problem["code"]) == (78, "E614")
    assert (
        problem["message"] == "stacks of Kubernetes objects need the package kube-api-emulator, which is not installed"
    )
    assert f"{sys.executable} -m pip install " in problem["hint"]
    assert problem["hint"].endswith("packages/kube-api-emulator")


@pytest.mark.usefixtures("without_emulator")
@pytest.mark.parametrize("command", ["status", "history", "why dev", "ledger verify"])
def test_history_is_read_all_the_same(objects: Path, command: str) -> None:
    assert run(command.split()) in (0, 3, 4)


@pytest.mark.usefixtures("without_emulator")
def test_doctor_names_the_line_to_type(objects: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["--json", "doctor"])
    sections = json.loads(capsys.readouterr().out)["result"]["sections"]
    [settings] = [each for section in sections for each in section["findings"] if each["name"] == "settings"]
    assert (settings["verdict"], "-m pip install " in settings["mend"]) == ("bad", True)
