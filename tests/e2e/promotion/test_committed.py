"""Eight ways to bring a file past git into a release: each is named by the ledger, and no promotion takes it."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import PreparedProjects, Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

TOML = render_project("small", {"base": ""}, ("dev", "prod"), gates={"prod": f"{OPEN}\ncommitted = true"})
CODE = 'resource "terraform_data" "one" {\n  input = 1\n}\n'
SMUGGLED = CODE.replace("1", "2")
MAIN, NEW = "modules/base/main.tf", "modules/base/more.tf"


def git(project: Project, *words: str) -> None:
    subprocess.run(["git", *words], cwd=project.root, check=True, capture_output=True, env=project.build_environment())


def write_small(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", TOML)
    project.write(MAIN, CODE)
    project.write(".gitignore", ".envctl/\nmore.*\n")
    git(project, "init", "-q")
    git(project, "config", "user.email", "ann@example.com")
    git(project, "config", "user.name", "Ann")
    project.run_checked("lock-providers")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "one")
    return project


def set_flag(flag: str) -> Callable[[Project], Project]:
    def smuggle(project: Project) -> Project:
        git(project, "update-index", flag, MAIN)
        project.write(MAIN, SMUGGLED)
        return project

    return smuggle


def configure(*words: str) -> Callable[[Project], Project]:
    def smuggle(project: Project) -> Project:
        git(project, "config", *words)
        project.write(MAIN, SMUGGLED)
        return project

    return smuggle


def ignore(project: Project) -> Project:
    project.write(NEW, SMUGGLED.replace("one", "two"))
    return project


def exclude(project: Project) -> Project:
    project.write(".git/info/exclude", "extra.*\n")
    project.write("modules/base/extra.tf", SMUGGLED.replace("one", "two"))
    return project


def filter_content(project: Project) -> Project:
    project.write("clean", CODE)
    git(project, "config", "filter.hide.clean", f"cat {project.root}/clean; touch {project.root}/ran")
    project.write(".git/info/attributes", "*.tf filter=hide\n")
    project.write(MAIN, SMUGGLED)
    return project


def use_clean_copy(project: Project) -> Project:
    copy = project.root.with_name("copy")
    git(project, "clone", "-q", ".", os.fspath(copy))
    project.write(MAIN, SMUGGLED)
    return replace(project, extra={"GIT_DIR": os.fspath(copy / ".git"), "GIT_WORK_TREE": os.fspath(copy)})


WAYS: dict[str, tuple[Callable[[Project], Project], str]] = {
    "assumed unchanged": (set_flag("--assume-unchanged"), MAIN),
    "skipped in the working tree": (set_flag("--skip-worktree"), MAIN),
    "ignored": (ignore, NEW),
    "excluded in the clone": (exclude, "modules/base/extra.tf"),
    "hidden by a filter": (filter_content, MAIN),
    "hidden by a monitor": (configure("core.fsmonitor", "true"), MAIN),
    "another working tree": (configure("core.worktree", "/"), MAIN),
    "a clean copy by variables": (use_clean_copy, MAIN),
}


@pytest.fixture
def small(prepared: PreparedProjects) -> Project:
    return prepared.restore(write_small)


def test_committed_release_is_promoted(small: Project) -> None:
    small.run_checked("apply", "dev", "--yes")
    small.run_checked("promote", "dev", "prod", "--yes")


@pytest.mark.parametrize(("smuggle", "file"), keep_by_day(WAYS, "ignored", "hidden by a filter"))
def test_smuggled_file_reaches_no_prod(small: Project, smuggle: Callable[[Project], Project], file: str) -> None:
    project = smuggle(small)
    told = project.run_checked("apply", "dev", "--yes")
    assert f"is not as its commit: {file} (" in " ".join(told.err.split())
    refused = project.run("promote", "dev", "prod", "--yes", "--json")
    (problem,) = refused.document["problems"]
    assert (refused.code, problem["code"]) == (3, "G206")
    assert file in problem["message"]
    assert not (project.root / ".envctl/state/prod").exists()
    assert not (project.root / "ran").exists()
