"""The pipeline of GitLab CI for a project, as text."""

import itertools
import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import WorkflowInputs, is_generated
from envctl.domain.ci.gitlab_pipeline import GENERATED_FILE, MAIN_FILE, includes_generated_file, render_gitlab_pipeline
from tests.gitlab_jobs import parse_jobs

TEXTS = PackagedTemplates().load_workflows("gitlab")
ORDERS = [("dev",), ("dev", "prod"), ("dev", "staging", "prod"), ("dev", "qa", "pre-prod", "prod")]
PUSHED = '$CI_COMMIT_BRANCH == "main" && ($CI_PIPELINE_SOURCE == "push" || $CI_PIPELINE_SOURCE == "web" && $ENVCTL_DRIFT == null)'  # noqa: E501
FOLDERS = {"": "", "infra/shop": "infra/shop/", "my infra: #1": "my infra: #1/"}


def made(order: tuple[str, ...] = ORDERS[2], folder: str = "", **more: Any) -> Mapping[str, str]:
    return render_gitlab_pipeline(TEXTS, WorkflowInputs(order, folder, "ap-northeast-1", "1.2.3", **more))


def jobs(**more: Any) -> dict[str, dict[str, Any]]:
    return parse_jobs(made(**more)[GENERATED_FILE])


def deployments(**more: Any) -> list[dict[str, Any]]:
    return [job for job in jobs(**more).values() if "environment" in job]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_job_promotes_release_from_previous_environment(order: tuple[str, ...]) -> None:
    found = jobs(order=order)
    arrival = f"envctl apply {order[0]}"
    ways = [arrival, *(f"envctl promote {before} {name}" for before, name in itertools.pairwise(order))]
    assert list(found) == ["envctl plan", *ways, "envctl drift"]
    assert [job["environment"]["name"] for job in deployments(order=order)] == list(order)
    # It waits for the stages before it, such as the tests of a team.
    assert "needs" not in found[arrival]
    assert found[arrival]["script"] == [f"{arrival} --yes --junit .envctl/apply.xml"]
    assert found[arrival]["artifacts"]["reports"]["dotenv"] == found[arrival]["variables"]["ENVCTL_DOTENV"]
    for before, way in itertools.pairwise(ways):
        assert found[way]["script"] == [f'{way} --release "$release" --yes --junit .envctl/promote.xml']
        assert set(found[way]["needs"]) == {arrival, before}


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_deployment_jobs_are_serialized_and_never_retried(order: tuple[str, ...]) -> None:
    for job in deployments(order=order):
        assert job["resource_group"] == f"envctl-{job['environment']['name']}"
        assert job["interruptible"] is False
        # What a team has by default, such as another attempt, is not for these.
        assert (job["inherit"]["default"], "retry" in job) == (["tags"], False)


def test_each_job_runs_only_under_its_rules() -> None:
    found = {name: [rule["if"] for rule in job["rules"]] for name, job in jobs().items()}
    plan, drift = found.pop("envctl plan"), found.pop("envctl drift")
    assert plan == [
        (
            '$CI_PIPELINE_SOURCE == "merge_request_event" && '
            "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
        )
    ]
    assert drift == [
        (
            '$ENVCTL_DRIFT && $CI_COMMIT_BRANCH == "main" && '
            '($CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web")'
        )
    ]
    assert list(found.values()) == [[PUSHED]] * 3


def test_only_protected_environments_need_manual_start() -> None:
    found = {job["environment"]["name"]: job["rules"][0].get("when") for job in deployments(protected={"prod"})}
    assert found == {"dev": None, "staging": None, "prod": "manual"}


def test_each_job_assumes_its_role_with_aws_token() -> None:
    found = jobs()
    assert {name: job["variables"]["AWS_ROLE_ARN"] for name, job in found.items()} == {
        "envctl plan": "$ENVCTL_PLAN_ROLE",
        "envctl apply dev": "$ENVCTL_ROLE",
        "envctl promote dev staging": "$ENVCTL_ROLE",
        "envctl promote staging prod": "$ENVCTL_ROLE",
        "envctl drift": "$ENVCTL_DRIFT_ROLE",
    }
    assert all(job["id_tokens"] == {"ENVCTL_AWS_TOKEN": {"aud": "sts.amazonaws.com"}} for job in found.values())
    assert all(job["variables"]["AWS_REGION"] == "ap-northeast-1" for job in found.values())


@pytest.mark.parametrize(("folder", "there"), FOLDERS.items())
def test_project_in_subfolder_runs_and_reports_there(folder: str, there: str) -> None:
    for job in jobs(folder=folder).values():
        assert job["before_script"][0].splitlines()[0] == f"cd {shlex.quote(folder or '.')}"
        reports = job["artifacts"]["reports"].values()
        written = [path for each in reports for path in (each if isinstance(each, list) else [each])]
        assert written
        assert all(path.startswith(f"{there}.envctl/") for path in written)
        told = " ".join(job["script"]) + job["variables"].get("ENVCTL_DOTENV", "")
        assert all(path.removeprefix(there) in told for path in written)


def test_command_prefix_is_used_in_every_job() -> None:
    lines = [line for job in jobs(command="envctl --sandbox").values() for line in job["script"]]
    assert len(lines) == 7
    assert all(line.startswith("envctl --sandbox ") for line in lines)


def test_pipeline_uses_given_version_and_branch() -> None:
    found = jobs(branch="release/1.x")
    assert all("names envctl-promotion 1.2.3" in job["before_script"][0] for job in found.values())
    assert all('== "release/1.x"' in job["rules"][0]["if"] for name, job in found.items() if name != "envctl plan")
    assert found["envctl plan"]["script"][1] == "envctl ci gitlab --check --branch release/1.x"


def test_only_generated_file_is_recognized_as_generated() -> None:
    files = made()
    assert (is_generated(files[GENERATED_FILE]), is_generated(files[MAIN_FILE])) == (True, False)
    assert not any("%{" in text for text in files.values())
    assert includes_generated_file(files)


INCLUDED = {
    "by its name": f"include: {GENERATED_FILE}\n",
    "from the top": f"include:\n  - local: '/{GENERATED_FILE}'\n",
    "in one line": f"include: [{{local: {GENERATED_FILE}}}, other.yml]\n",
    "by a pattern": "include: /.gitlab/*.gitlab-ci.yml\n",
    "by a file between": "include:\n  - local: ci/all.yml\n",
}
NOT_INCLUDED = {
    "nothing": "",
    "another": "include: .gitlab/other.gitlab-ci.yml\n",
    "a comment": f"# include: {GENERATED_FILE}\nstages: [test]  # not {GENERATED_FILE}\n",
    "a file between that is not there": "include: ci/gone.yml\n",
    "each other": "include: ci/loop.yml\n",
}
OTHERS = {"ci/all.yml": f"include:\n- local: /{GENERATED_FILE}\n", "ci/loop.yml": f"include: {MAIN_FILE}\n"}


@pytest.mark.parametrize("text", INCLUDED.values(), ids=INCLUDED)
def test_include_of_generated_file_is_found(text: str) -> None:
    assert includes_generated_file({MAIN_FILE: text, **OTHERS})


@pytest.mark.parametrize("text", NOT_INCLUDED.values(), ids=NOT_INCLUDED)
def test_missing_include_of_generated_file_is_noticed(text: str) -> None:
    assert not includes_generated_file({MAIN_FILE: text, **OTHERS})
