"""A state whose resources another ledger made is not taken over unseen: real Terraform, state and store on disk."""

import shutil

import pytest

from tests.e2e.conftest import LOCAL_PROJECT, Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

WAIVABLE = '[environments.dev.gates]\nwaivable = ["known_state"]\n'


def lose_store(project: Project) -> None:
    """The ledger begins anew on a machine that has seen nothing of the one before."""
    shutil.rmtree(project.root / ".envctl" / "store")
    (project.root / ".envctl" / "witness.json").unlink()


def answered(project: Project, *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the messages by their codes."""
    document = project.run(*words, "--json").document
    return document["exit_code"], {problem["code"]: problem["message"] for problem in document["problems"]}


def test_state_of_another_store_needs_break_glass(small_in_dev: Project) -> None:
    states = small_in_dev.read_files()
    lose_store(small_in_dev)
    for change in ("", 'resource "terraform_data" "more" {}\n'):
        with (small_in_dev.root / "modules/base/main.tf").open("a") as module:
            module.write(change)
        code, said = answered(small_in_dev, "apply", "dev", "--yes")
        assert (code, list(said)) == (3, ["G304"])
        # A change of its upstream lets the other stack wait.
        others = "" if change else " and top (2 resources)"
        assert f"base (1 resource){others} in dev hold" in said["G304"]
    assert {name: data for name, data in small_in_dev.read_files().items() if name.endswith("tfstate")} == {
        name: data for name, data in states.items() if name.endswith("tfstate")
    }
    assert "never deployed by this ledger" in small_in_dev.run_checked("plan", "dev").out
    code, said = answered(small_in_dev, "apply", "dev", "--yes", "--break-glass", "the store was lost")
    assert (code, list(said)) == (3, ["G304"])
    assert "dev does not list it as waivable" in said["G304"]

    small_in_dev.write("envctl.toml", f"{LOCAL_PROJECT}\n{WAIVABLE}")
    assert (
        "BREAK-GLASS in dev"
        in small_in_dev.run_checked("apply", "dev", "--yes", "--break-glass", "the store was lost").out
    )
    assert "never deployed there" not in small_in_dev.run_checked("plan", "dev").out
    small_in_dev.run_checked("apply", "dev", "--yes")


@pytest.mark.night
def test_environment_of_another_name_is_refused(small_in_staging: Project) -> None:
    small_in_staging.write("envctl.toml", LOCAL_PROJECT.replace("staging", "stage"))
    for folder in ("environments", ".envctl/state"):
        (small_in_staging.root / folder / "staging").rename(small_in_staging.root / folder / "stage")
    code, said = answered(small_in_staging, "promote", "dev", "stage", "--yes")
    assert (code, list(said)) == (3, ["G304"])
    assert "base (1 resource) and top (2 resources) in stage" in said["G304"]
    small_in_staging.write("envctl.toml", LOCAL_PROJECT)
    for folder in ("environments", ".envctl/state"):
        (small_in_staging.root / folder / "stage").rename(small_in_staging.root / folder / "staging")
    assert "Nothing to do" in small_in_staging.run_checked("promote", "dev", "staging", "--yes").out
