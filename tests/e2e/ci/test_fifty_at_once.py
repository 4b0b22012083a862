"""Many people at once, each with a working directory of their own, on one store and one state: one deployment runs."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.documents import parse_document
from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

MANY, BY_DAY = 50, 6
BASE = """
variable "made" {
  type = string
}

resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "echo made >> ${var.made}"
  }
}
"""
# Somebody else was faster, is at it, or holds the state; or it is done already.
CLEAR_ANSWERS = {(4, "G109"), (75, "E306"), (0, "up to date")}


def a_project(root: Path, home: Path, backend: str) -> Project:
    project = Project(root, home)
    store = f"file://{home}/store" if backend == "local" else "s3://crowd-envctl-store/envctl"
    where = f'[store]\nurl = "{store}"\n\n[state]\nbackend = "{backend}"\n'
    project.write(
        "envctl.toml", render_project("crowd", {"base": ""}, ["dev", "staging"], gates={"staging": OPEN}, more=where)
    )
    project.write("modules/base/main.tf", BASE)
    for environment in ("dev", "staging"):
        project.write(f"environments/{environment}/terraform.tfvars", f'made = "{home}/made-in-{environment}"\n')
    return project


def crowd(first: Project, folder: Path, size: int) -> list[Project]:
    """Copies of a project, each on a machine of its own, that share store, state and, where there is one, sandbox."""
    people = []
    for number in range(size):
        person = replace(first, root=folder / f"{number}")
        shutil.copytree(first.root, person.root, symlinks=True, ignore=shutil.ignore_patterns("work", "cache"))
        held = person.root / ".envctl" / "sandbox" / "server.lock"
        if held.exists():
            # That the sandbox lives is told by who holds this very file.
            held.unlink()
            held.symlink_to(first.root / ".envctl" / "sandbox" / "server.lock")
        people.append(person)
    return people


def all_at_once(people: Sequence[Project], *words: str) -> list[tuple[int, dict[str, Any]]]:
    running = [
        subprocess.Popen(
            person.build_command(*words, "--yes", "--json"),
            cwd=person.root,
            env=person.build_environment(GIT_AUTHOR_EMAIL=f"{person.root.name}@example.com"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for person in people
    ]
    ended = [process.communicate(timeout=600) for process in running]
    assert not any("Traceback" in err for _, err in ended)
    return [(process.returncode, parse_document(out)) for process, (out, _) in zip(running, ended, strict=True)]


def told(code: int, document: dict[str, Any]) -> tuple[int, str]:
    if document["ok"]:
        return code, "up to date" if document["result"]["up_to_date"] else "deployed"
    return code, str(document["problems"][0]["code"])


# By day, tests/contract/test_appends.py and tests/usecases/ledger/test_ledger_races.py write at once.
@pytest.mark.night
@pytest.mark.parametrize("backend", ["s3", "local"])
def test_one_of_many_concurrent_deployments_runs(
    backend: str, tmp_path: Path, home: Path, request: pytest.FixtureRequest
) -> None:
    first = a_project(tmp_path / "first", home, backend)
    sandbox = ("--sandbox",) if backend == "s3" else ()
    if sandbox:
        request.addfinalizer(lambda: first.run("sandbox", "down"))
        first.run_checked("sandbox", "up")
        first.run_checked(*sandbox, "status")
    else:
        (home / "state").mkdir()
        (first.root / ".envctl").mkdir()
        (first.root / ".envctl" / "state").symlink_to(home / "state")
    people = crowd(first, tmp_path, MANY)
    for environment, words in (("dev", ("apply", "dev")), ("staging", ("promote", "dev", "staging"))):
        answers = Counter(told(*answer) for answer in all_at_once(people, *sandbox, *words))
        assert answers[0, "deployed"] == 1, answers
        assert set(answers) <= CLEAR_ANSWERS | {(0, "deployed")}, answers
        assert (home / f"made-in-{environment}").read_text().split() == ["made"]
        entries = first.run_checked(*sandbox, "history", environment, "--json").document["result"]["entries"]
        assert [entry["event"]["kind"] for entry in entries] == [
            "verification passed",
            "deployment succeeded",
            "deployment started",
        ]
    assert first.run_checked(*sandbox, "ledger", "verify").code == 0
    assert os.fspath(home) not in first.run_checked(*sandbox, "status").out
