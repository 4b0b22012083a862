"""The workflows of a project, as text."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import WorkflowInputs, is_generated, render_github_workflows

TEXTS = PackagedTemplates().load_workflows("github")
ORDERS = [("dev",), ("dev", "prod"), ("dev", "staging", "prod"), ("dev", "qa", "pre-prod", "prod")]
DEPLOY = ".github/workflows/envctl-deploy.yml"


def made(order: tuple[str, ...] = ORDERS[2], folder: str = "", **more: Any) -> Mapping[str, str]:
    return render_github_workflows(TEXTS, WorkflowInputs(order, folder, "ap-northeast-1", "1.2.3", **more))


def read(text: str) -> dict[str, Any]:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def jobs(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [job for text in files.values() for job in read(text).get("jobs", {}).values()]


def steps(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [step for job in jobs(files) for step in job["steps"]]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_environment_is_reached_from_the_one_before_by_the_same_release(order: tuple[str, ...]) -> None:
    found = read(made(order)[DEPLOY])["jobs"]
    assert tuple(found) == order
    assert tuple(job["environment"] for job in found.values()) == order
    entry, *others = order
    assert found[entry]["steps"][-1]["run"] == f"envctl apply {entry} --yes"
    for before, name in zip(order, others, strict=False):
        last, needs = found[name]["steps"][-1], found[name]["needs"]
        assert last["run"] == f'envctl promote {before} {name} --release "$RELEASE" --yes'
        assert last["env"]["RELEASE"] == f"${{{{ needs.{entry}.outputs.release }}}}"
        assert {entry, before} == ({needs} if isinstance(needs, str) else set(needs))


def test_reviewers_see_the_plan_that_they_approve() -> None:
    found = read(made(reviewed=("prod",))[DEPLOY])["jobs"]
    assert tuple(found) == ("dev", "staging", "plan-prod", "prod")
    plan, prod = found["plan-prod"], found["prod"]
    assert "environment" not in plan, "it would wait for them before they have seen anything"
    assert plan["steps"][-1]["run"] == 'envctl why prod --plan --release "$RELEASE"'
    assert set(prod["needs"]) == {"dev", "staging", "plan-prod"}
    recorded, promoted = prod["steps"][-2:]
    told = 'envctl approve prod --reviewers --release "$RELEASE" --plan "$PLAN" --attempt "$ATTEMPT"'
    assert recorded["run"] == told
    assert recorded["env"]["PLAN"] == "${{ needs.plan-prod.outputs.plan }}"
    assert promoted["run"].startswith("envctl promote staging prod ")
    assert prod["permissions"]["actions"] == "read"
    assert "actions" not in found["staging"]["permissions"]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_nothing_that_deploys_is_cancelled(order: tuple[str, ...]) -> None:
    for job in read(made(order)[DEPLOY])["jobs"].values():
        assert job["concurrency"]["cancel-in-progress"] is False
        assert job["concurrency"]["group"] == f"envctl-{job['environment']}"


def test_no_job_may_more_than_it_needs() -> None:
    files = made()
    for text in files.values():
        assert read(text)["permissions"] == {}
    rights = [tuple(right for right, how in job["permissions"].items() if how == "write") for job in jobs(files)]
    assert rights == [("id-token", "pull-requests"), *[("id-token",)] * 3, ("id-token", "issues")]
    assert all(job["permissions"]["contents"] == "read" for job in jobs(files))


def test_what_is_not_of_the_project_is_pinned_and_keeps_no_credentials() -> None:
    used = [step for step in steps(made()) if "uses" in step]
    assert len(used) == 5
    for step in used:
        name, _, version = step["uses"].partition("@")
        assert (name, len(version)) == ("actions/checkout", 40)
        assert step["with"]["persist-credentials"] is False


def test_no_step_puts_what_others_wrote_into_a_script() -> None:
    for step in steps(made()):
        assert "${{" not in step.get("run", "")


def test_a_project_that_is_a_folder_works_there() -> None:
    for folder, there in {"": ".", "infra/shop": "infra/shop", "my infra: #1": "my infra: #1"}.items():
        for text in made(folder=folder).values():
            assert read(text)["defaults"]["run"]["working-directory"] == there


def test_every_command_has_what_it_is_to_have_in_front() -> None:
    runs = [step["run"] for step in steps(made(command="envctl --sandbox")) if "run" in step]
    ours = [run for run in runs if run.startswith("envctl ")]
    assert len(ours) == 7
    assert all(run.startswith("envctl --sandbox ") for run in ours)


def test_the_version_and_the_branch_are_those_that_were_asked_for() -> None:
    files = made(branch="release/1.x")
    # YAML takes the key "on" for a yes.
    assert read(files[DEPLOY])[True]["push"]["branches"] == ["release/1.x"]  # type: ignore[index]
    assert all("where envctl 1.2.3 comes from" in text for text in files.values())


def test_they_check_that_they_are_as_they_would_be_written_for_this_branch() -> None:
    checks = {branch: steps(made(branch=branch))[4]["run"] for branch in ("main", "release/1.x")}
    assert checks == {
        "main": "envctl ci github --check",
        "release/1.x": "envctl ci github --check --branch release/1.x",
    }


def test_what_envctl_wrote_is_known_again() -> None:
    assert all(is_generated(text) for text in made().values())
    assert not is_generated("name: mine\n")
    assert not any("%{" in text for text in made().values())
