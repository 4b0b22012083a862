"""A project with its signed ledger, store and states, as an earlier envctl of 0.1.0 left them on a disk."""

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]
SAVED = Path(__file__).parent / "data" / "signed_project.tar.gz"
ENTRIES = 16
HEAD = "220985eb8f8708008d3a4d048525095b5cf454a62d4825caae4af01cc8d6313a"


@pytest.fixture
def saved(tmp_path: Path, home: Path) -> Project:
    """dev is one release ahead of staging and prod, and prod is locked. Nothing of AWS is there."""
    root = tmp_path / "small"
    with tarfile.open(SAVED) as tar:
        tar.extractall(root, filter="data")
    return Project(root, home)


def read_store(project: Project) -> dict[str, bytes]:
    top = project.root / ".envctl" / "store"
    return {file.relative_to(top).as_posix(): file.read_bytes() for file in top.rglob("*") if file.is_file()}


def test_saved_ledger_is_verified_without_aws(saved: Project) -> None:
    before = read_store(saved)
    found = saved.run_checked("ledger", "verify", "--json").document["result"]
    assert (found["entries"], found["head"], found["signed"]) == (ENTRIES, HEAD, ["dev", "staging", "prod"])
    status = saved.run_checked("status", "--json").document["result"]
    seen = {each["environment"]: each["present"] for each in status["environments"]}
    releases = {name: each["current"]["release"] for name, each in seen.items()}
    assert releases["staging"] == releases["prod"] != releases["dev"]
    assert [name for name, each in seen.items() if each["lock"]] == ["prod"]
    history = saved.run_checked("history", "--json").document["result"]["entries"]
    assert [entry["seq"] for entry in history] == list(range(ENTRIES, 0, -1))
    assert read_store(saved) == before


def test_saved_project_goes_on_with_new_keys(saved: Project, sandbox: RunningSandbox) -> None:
    before = read_store(saved)
    config = saved.home / "aws-config"
    config.write_text(
        "[profile shop-approver]\nrole_arn = arn:aws:iam::333333333333:role/ApproverRole\n"
        "credential_source = Environment\n"
    )
    project = replace(saved, extra={**sandbox.build_child_variables(), "AWS_CONFIG_FILE": str(config)})
    # The KMS of this test has other keys: they are pinned beside the old ones.
    project.run_checked("ledger", "keys", "--create", "--add")
    promoted = project.run_checked("promote", "dev", "staging", "--yes", "--json").document["result"]
    assert promoted["deployment"]["outcome"] == "succeeded"
    assert promoted["deployment"]["changed"] == 1
    project.run_checked("unlock", "prod")
    found = project.run_checked("ledger", "verify", "--json").document["result"]
    assert found["entries"] > ENTRIES
    after = read_store(project)
    assert {key: after[key] for key in before} == before
