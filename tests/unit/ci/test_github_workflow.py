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
def test_each_job_promotes_release_from_previous_environment(order: tuple[str, ...]) -> None:
    found = read(made(order)[DEPLOY])["jobs"]
    assert (tuple(found), tuple(job["environment"] for job in found.values())) == (order, order)
    entry, *others = order
    assert found[entry]["steps"][-1]["run"] == f"envctl apply {entry} --yes"
    for before, name in zip(order, others, strict=False):
        last, needs = found[name]["steps"][-1], found[name]["needs"]
        assert last["run"] == f'envctl promote {before} {name} --release "$RELEASE" --yes'
        assert last["env"]["RELEASE"] == f"${{{{ needs.{entry}.outputs.release }}}}"
        assert {entry, before} == ({needs} if isinstance(needs, str) else set(needs))


def test_plan_is_shown_before_reviewers_approve() -> None:
    found = read(made(reviewed=("prod",))[DEPLOY])["jobs"]
    assert tuple(found) == ("dev", "staging", "plan-prod", "prod")
    plan, prod = found["plan-prod"], found["prod"]
    assert "environment" not in plan, "it would wait for them before they have seen anything"
    assert plan["steps"][-1]["run"] == 'envctl why prod --plan --release "$RELEASE"'
    assert set(prod["needs"]) == {"dev", "staging", "plan-prod"}
    recorded, promoted = prod["steps"][-2:]
    told = 'envctl approve prod --reviewers --release "$RELEASE" --plan "$PLAN" --attempt "$ATTEMPT" --after "$REVIEWS"'
    assert recorded["env"]["REVIEWS"] == "${{ needs.plan-prod.outputs.reviews }}"
    assert plan["permissions"]["actions"] == "read", "it counts the reviews before this plan"
    assert (recorded["run"], recorded["env"]["PLAN"]) == (told, "${{ needs.plan-prod.outputs.plan }}")
    assert promoted["run"].startswith("envctl promote staging prod ")
    assert prod["permissions"]["actions"] == "read"
    assert "actions" not in found["staging"]["permissions"]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_deployment_jobs_are_never_cancelled(order: tuple[str, ...]) -> None:
    for job in read(made(order)[DEPLOY])["jobs"].values():
        assert job["concurrency"]["cancel-in-progress"] is False
        assert job["concurrency"]["group"] == f"envctl-{job['environment']}"


def test_jobs_have_least_permissions() -> None:
    files = made()
    for text in files.values():
        assert read(text)["permissions"] == {}
    rights = [tuple(right for right, how in job["permissions"].items() if how == "write") for job in jobs(files)]
    assert rights == [("id-token", "pull-requests"), *[("id-token",)] * 3, ("id-token", "issues")]
    assert all(job["permissions"]["contents"] == "read" for job in jobs(files))


def test_checkout_action_is_pinned_and_persists_no_credentials() -> None:
    used = [step for step in steps(made()) if "uses" in step]
    assert len(used) == 5
    for step in used:
        name, _, version = step["uses"].partition("@")
        assert (name, len(version)) == ("actions/checkout", 40)
        assert step["with"]["persist-credentials"] is False


def test_no_script_interpolates_expressions() -> None:
    for step in steps(made()):
        assert "${{" not in step.get("run", "")


def test_project_in_subfolder_runs_there() -> None:
    for folder, there in {"": ".", "infra/shop": "infra/shop", "my infra: #1": "my infra: #1"}.items():
        for text in made(folder=folder).values():
            assert read(text)["defaults"]["run"]["working-directory"] == there


def test_command_prefix_is_used_in_every_step() -> None:
    runs = [step["run"] for step in steps(made(command="envctl --sandbox")) if "run" in step]
    ours = [run for run in runs if run.startswith("envctl ")]
    assert len(ours) == 7
    assert all(run.startswith("envctl --sandbox ") for run in ours)


def test_workflow_uses_given_version_and_branch() -> None:
    files = made(branch="release/1.x")
    # YAML takes the key "on" for a yes.
    assert read(files[DEPLOY])[True]["push"]["branches"] == ["release/1.x"]  # type: ignore[index]
    assert all("names envctl-promotion 1.2.3" in text for text in files.values())


def test_workflow_checks_itself_for_its_branch() -> None:
    checks = {branch: steps(made(branch=branch))[4]["run"] for branch in ("main", "release/1.x")}
    assert checks == {
        "main": "envctl ci github --check",
        "release/1.x": "envctl ci github --check --branch release/1.x",
    }


def test_generated_file_is_recognized() -> None:
    assert all(is_generated(text) for text in made().values())
    assert not is_generated("name: mine\n")
    assert not any("%{" in text for text in made().values())
