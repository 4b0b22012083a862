"""The pipeline of GitLab CI for a project, as text."""

import dataclasses
import itertools
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.gitlab_pipeline import (
    MAIN_FILE,
    GitlabInputs,
    find_pipeline_path,
    includes_pipeline,
    passes_inputs,
    render_gitlab_pipeline,
)
from envctl.domain.ci.pins import GITLAB_IMAGE
from envctl.domain.config.ci.gitlab import GitlabCi
from envctl.domain.config.ci_package import parse_package
from tests.gitlab_jobs import RefusedInputError, parse_jobs, split_documents
from tests.programs import SYSTEM_PATH

TEXTS = PackagedTemplates().load_workflows("gitlab")
ORDERS = [("dev",), ("dev", "prod"), ("dev", "staging", "prod"), ("dev", "qa", "pre-prod", "prod")]
WITHOUT_ENVCTL = ("envctl fork", "envctl note", "envctl unprotected")
"""Jobs without envctl."""
ODD_NAMES = ("no", "on", "null", "plan", "drift")
GENERATED_FILE = find_pipeline_path("envctl")
ON_MAIN = '$CI_COMMIT_BRANCH == "main" && $CI_COMMIT_REF_PROTECTED == "true"'
FOLDERS = {"": "", "infra/shop": "infra/shop/", "my infra: #1": "my infra: #1/"}
PACKAGE = parse_package(f"git+https://git.example.com/acme/envctl@{'a' * 40}")
ROLE = "arn:aws:iam::444444444444:role/envctl-ci-"
SITE = GitlabInputs(order=ORDERS[2], folder="", region="ap-northeast-1", branch="main", package=PACKAGE)


def made(*, settings: dict[str, Any] | None = None, **more: Any) -> Mapping[str, str]:
    site = dataclasses.replace(SITE, settings=GitlabCi.model_validate(settings or {}), **more)
    return render_gitlab_pipeline(TEXTS, site)


def text(**more: Any) -> str:
    prefix = (more.get("settings") or {}).get("prefix", "envctl")
    return made(**more)[find_pipeline_path(prefix)]


def jobs(inputs: Mapping[str, str] | None = None, **more: Any) -> dict[str, dict[str, Any]]:
    return parse_jobs(text(**more), inputs)


def deployments(**more: Any) -> list[dict[str, Any]]:
    found = {name: job for name, job in jobs(**more).items() if "environment" in job and " operate " not in name}
    return [job for job in found.values() if "action" not in job["environment"]]


def told(job: Mapping[str, Any]) -> str:
    return "\n".join([*job.get("before_script", []), *job["script"]])


@pytest.mark.parametrize("order", [*ORDERS, ODD_NAMES], ids="-".join)
def test_each_job_promotes_release_from_previous_environment(order: tuple[str, ...]) -> None:
    found = jobs(order=order)
    arrival = f"envctl apply {order[0]}"
    ways = [arrival, *(f"envctl promote {before} {name}" for before, name in itertools.pairwise(order))]
    words = ["envctl plan", "envctl fork", "envctl note", "envctl unprotected"]
    assert list(found) == [*words, *ways, "envctl drift", *(f"envctl operate {name}" for name in order)]
    assert [job["environment"]["name"] for job in deployments(order=order)] == list(order)
    # It waits for the stages before it, such as the tests of a team.
    assert "needs" not in found[arrival]
    assert found[arrival]["script"][-1] == f"exec {arrival} --yes --junit .envctl/apply.xml"
    assert found[arrival]["artifacts"]["reports"]["dotenv"] == ".envctl/outcome.env"
    for before, way in itertools.pairwise(ways):
        files = "--junit .envctl/promote.xml --page .envctl/page.html"
        # A warm provider has a socket, which programs of the tree could use.
        command = way.replace("envctl ", "envctl --no-warm ") if way.endswith(f" {order[-1]}") else way
        assert found[way]["script"][-1] == f'exec {command} --release "$release" --yes {files}'
        assert found[way]["artifacts"]["paths"] == [".envctl/page.html"]
        assert (found[way]["artifacts"]["access"], found[way]["artifacts"]["when"]) == ("developer", "always")
        assert set(found[way]["needs"]) == {arrival, before}


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_deployment_jobs_are_serialized_and_never_retried(order: tuple[str, ...]) -> None:
    for job in deployments(order=order):
        assert job["resource_group"] == f"envctl-{job['environment']['name']}"
        assert job["interruptible"] is False
        # What a team has by default, such as another attempt, is not for these.
        assert (job["inherit"]["default"], "retry" in job) == (["tags"], False)
        # Refused for now is a warning, and every other end but 0 is a failure.
        assert job["allow_failure"] == {"exit_codes": [4]}


def test_each_job_runs_only_under_its_rules() -> None:
    found = {name: [rule["if"] for rule in job["rules"]] for name, job in jobs().items()}
    merge_request = '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID'
    assert found["envctl plan"] == [f"{merge_request} == $CI_MERGE_REQUEST_PROJECT_ID"]
    assert found["envctl fork"] == [f"{merge_request} != $CI_MERGE_REQUEST_PROJECT_ID"]
    by_hand = f'$CI_PIPELINE_SOURCE == "web" && {ON_MAIN}'
    for name in ("envctl apply dev", "envctl promote dev staging", "envctl promote staging prod"):
        assert found[name] == [
            f'$CI_PIPELINE_SOURCE == "push" && {ON_MAIN}',
            f'{by_hand} && $ENVCTL_DRIFT == null && "deploy" == "deploy"',
        ]
    assert found["envctl drift"] == [
        (
            f'($CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web") && {ON_MAIN} && '
            '($ENVCTL_DRIFT || "deploy" == "drift")'
        )
    ]
    assert found["envctl operate prod"] == [
        f'{by_hand} && "-" == "prod" && "deploy" != "deploy" && "deploy" != "drift" && "deploy" != "none"'
    ]


def named_roles(**more: Any) -> dict[str, str]:
    lines = {name: line for name, job in jobs(**more).items() for line in job["script"] if "AWS_ROLE_ARN=" in line}
    assert all(line.startswith("export AWS_REGION=ap-northeast-1 AWS_ROLE_ARN=") for line in lines.values())
    return {name: line.partition("AWS_ROLE_ARN=")[2] for name, line in lines.items()}


def test_role_of_branch_is_only_for_protected_branches() -> None:
    named = named_roles()
    for name, job in jobs().items():
        assert (name in named) == ("id_tokens" in job) == (name not in WITHOUT_ENVCTL), name
        if name in named and name != "envctl plan":
            assert all('$CI_COMMIT_REF_PROTECTED == "true"' in rule["if"] for rule in job["rules"]), name
    assert all(job["id_tokens"] == {"ENVCTL_AWS_TOKEN": {"aud": "sts.amazonaws.com"}} for job in deployments())


def test_note_is_posted_without_code_of_the_branch() -> None:
    found = jobs(watched=("modules/**/*",), folder="my infra: #1", settings={"before_script": [". ci/env.sh"]})
    plan, note = found["envctl plan"], found["envctl note"]
    assert note["variables"] == {"GIT_STRATEGY": {"value": "none", "expand": False}}
    assert not {"before_script", "after_script", "id_tokens", "cache", "artifacts", "retry"} & set(note)
    assert note["image"] == plan["image"]
    (script,) = note["script"]
    assert [line.split()[-4:] for line in script.splitlines() if "python" in line] == [
        ["python3", "-I", "-", "<<'PYTHON'"]
    ]
    # Variables of the branch could say which GitLab gets the token.
    assert list(plan["artifacts"]["reports"]) == ["junit"]
    assert plan["artifacts"]["expire_in"] == "1 week"
    # The note also follows a failed plan. Where one is missing, GitLab makes no pipeline.
    assert note["needs"] == ["envctl plan"]
    (rule,), (own,) = plan["rules"], note["rules"]
    train = ' && $CI_MERGE_REQUEST_EVENT_TYPE != "merge_train"'
    assert own == {**rule, "if": f"{rule['if']}{train}", "when": "always"}
    assert note["allow_failure"] is True


def test_token_of_notes_is_for_one_job() -> None:
    found = jobs()
    own = {"name": "envctl-note", "action": "access"}
    assert [name for name, job in found.items() if job.get("environment") == own] == ["envctl note"]
    assert jobs(settings={"prefix": "billing"})["billing note"]["environment"]["name"] == "billing-note"


def test_plan_leaves_its_note_for_this_pipeline_alone() -> None:
    """A runner can keep a folder, with the files of another pipeline."""
    found = jobs(folder="my infra: #1")
    files = [f".envctl/{name}-$CI_PIPELINE_ID" for name in ("comment", "planned")]
    files[0] += ".md"
    assert found["envctl plan"]["artifacts"]["paths"] == [f"my infra: #1/{file}" for file in files]
    script = told(found["envctl plan"])
    assert f'export ENVCTL_COMMENT_FILE="{files[0]}"' in script
    assert f'test "$code" != 0 || touch "{files[1]}"' in script
    assert f"TEXT='my infra: #1'/\"{files[0]}\" FOLDER=my%20infra%3A%20%231 " in found["envctl note"]["script"][0]
    assert f"test -e 'my infra: #1'/\"{files[1]}\"" in found["envctl note"]["script"][0]


def test_only_protected_environments_need_manual_start() -> None:
    found = jobs(protected={"dev", "prod"})
    manual = {name for name, job in found.items() if {rule.get("when") for rule in job["rules"]} == {"manual"}}
    # What is merged goes to the first one.
    assert manual == {"envctl promote staging prod", "envctl operate prod"}
    assert not any("manual" in rule.values() for name in set(found) - manual for rule in found[name]["rules"])


def test_variables_name_roles_by_default() -> None:
    named = named_roles()
    assert named["envctl plan"] == '"${ENVCTL_PLAN_ROLE:-}" ENVCTL_ROLE_VARIABLE=ENVCTL_PLAN_ROLE'
    assert named["envctl drift"] == '"${ENVCTL_DRIFT_ROLE:-}" ENVCTL_ROLE_VARIABLE=ENVCTL_DRIFT_ROLE'
    wanted = "\"${ENVCTL_ROLE:-}\" ENVCTL_ROLE_VARIABLE='ENVCTL_ROLE in prod'"
    assert named["envctl promote staging prod"] == named["envctl operate prod"] == wanted


def test_roles_of_project_file_need_no_variable() -> None:
    roles = {name: f"{ROLE}{name}" for name in ("plan", "drift", *ORDERS[2])}
    assert named_roles(settings={"roles": roles}) == {
        "envctl plan": f"{ROLE}plan",
        "envctl apply dev": f"{ROLE}dev",
        "envctl promote dev staging": f"{ROLE}staging",
        "envctl promote staging prod": f"{ROLE}prod",
        "envctl drift": f"{ROLE}drift",
        **{f"envctl operate {name}": f"{ROLE}{name}" for name in ORDERS[2]},
    }
    assert "_ROLE:-" not in text(settings={"roles": roles})


@pytest.mark.parametrize("more", [{"settings": {"runner_credentials": True}}, {"command": "envctl --sandbox"}])
def test_jobs_without_roles_get_no_token(more: dict[str, Any]) -> None:
    assert "id_tokens" not in text(**more)
    assert named_roles(**more) == {}
    # The keys are those of the runner.
    assert "unset AWS_" not in text(**more)


def test_jobs_install_envctl_by_hash_into_own_folder() -> None:
    found = jobs()["envctl plan"]["before_script"]
    assert len(found) == 1
    assert '--requirement "$CI_PROJECT_DIR/.gitlab/envctl/requirements.txt"' in found[0]
    assert "command -v envctl" not in text()
    assert "ENVCTL_PACKAGE" not in text()


def test_program_of_image_replaces_installation() -> None:
    image = f"registry.example.com/envctl:1.0@sha256:{'b' * 64}"
    found = jobs(settings={"image": image, "program": "/opt/envctl/bin/envctl"}, package=None)
    for job in found.values():
        # The entry point of the image is envctl itself.
        assert job["image"] == {"name": image, "entrypoint": [""]}
        assert "pip install" not in told(job)
    assert 'ln -s /opt/envctl/bin/envctl "$envctl_home/bin/envctl"' in told(found["envctl plan"])


def test_default_image_is_pinned_by_digest() -> None:
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-trixie@sha256:[0-9a-f]{64}", GITLAB_IMAGE)
    assert {job["image"]["name"] for job in jobs().values()} == {GITLAB_IMAGE}


@pytest.mark.parametrize(("folder", "there"), FOLDERS.items())
def test_project_in_subfolder_runs_and_reports_there(folder: str, there: str) -> None:
    for name, job in jobs(folder=folder).items():
        if name in WITHOUT_ENVCTL:
            continue
        assert f"cd {shlex.quote(folder or '.')}" in job["before_script"][0].splitlines()
        reports = job["artifacts"]["reports"].values()
        written = [path for each in reports for path in (each if isinstance(each, list) else [each])]
        assert written
        assert all(path.startswith(f"{there}.envctl/") for path in written)
        named = "\n".join([*job["script"], *job["after_script"]])
        assert all(path.removeprefix(there) in named for path in written)


def test_command_prefix_is_used_in_every_job() -> None:
    found = [line for job in jobs(command="envctl --sandbox").values() for line in told(job).splitlines()]
    started = [line.strip() for line in found if re.match(r" *(exec )?envctl ", line)]
    assert len(started) == 9
    assert all(line.removeprefix("exec ").startswith("envctl --sandbox ") for line in started)


def test_last_command_of_each_job_gets_its_signals() -> None:
    for name, job in jobs().items():
        # A plan holds nothing, and has more to do after it.
        if "id_tokens" in job and name != "envctl plan":
            assert job["script"][-1].rstrip().splitlines()[-1].lstrip().startswith("exec envctl "), name


def test_pipeline_uses_given_branch() -> None:
    found = jobs(branch="release/1.x", options=" --branch release/1.x")
    pushed = [job for name, job in found.items() if name not in ("envctl plan", "envctl fork", "envctl note")]
    assert all('== "release/1.x"' in job["rules"][0]["if"] for job in pushed)
    assert "envctl ci gitlab --check --branch release/1.x ||" in told(found["envctl plan"])


def test_changes_elsewhere_start_no_job() -> None:
    paths = ("envctl.toml", "modules/**/*")
    found = jobs(watched=paths)
    for name in ("envctl plan", "envctl fork", "envctl note", "envctl apply dev", "envctl promote staging prod"):
        assert found[name]["rules"][0]["changes"] == list(paths)
    # A person who starts a pipeline, and the schedule, mean it.
    by_hand = [rule for job in found.values() for rule in job["rules"] if '"push"' not in rule["if"]]
    assert all("changes" not in rule for rule in by_hand if "merge_request_event" not in rule["if"])


def test_prefix_separates_two_projects() -> None:
    found = jobs(settings={"prefix": "billing"}, folder="billing")
    assert all(name.startswith("billing ") for name in found)
    assert [job["environment"]["name"] for job in deployments(settings={"prefix": "billing"})] == [
        "billing/dev",
        "billing/staging",
        "billing/prod",
    ]
    groups = {job["resource_group"] for job in found.values() if "resource_group" in job}
    assert all(group.startswith("billing-") for group in groups)
    both = {
        **yaml.safe_load(split_documents(text())[1]),
        **yaml.safe_load(split_documents(text(settings={"prefix": "billing"}))[1]),
    }
    assert len(both) == 2 * len(yaml.safe_load(split_documents(text())[1]))
    assert '/.gitlab/billing/build.txt"' in told(found["billing plan"])


def test_settings_shape_every_job() -> None:
    settings = {
        "tags": ["aws: prod", "no"],
        "stage": "ship it",
        "timeouts": {"plan": "90m", "drift": "2h"},
        "variables": {"TF_LOG": "$(touch x) ${HOME} %PATH%", "NO": "no"},
        "before_script": ['echo "a: b" # c'],
        "after_script": ["echo 'done'"],
        "environments": {"prod": "live"},
        "schedule_variable": "NIGHTLY",
    }
    found = jobs(settings=settings)
    for name, job in found.items():
        assert (job["tags"], job["inherit"]["default"], job["stage"]) == (["aws: prod", "no"], [], "ship it")
        if name in WITHOUT_ENVCTL:
            continue
        assert job["variables"]["TF_LOG"] == {"value": "$(touch x) ${HOME} %PATH%", "expand": False}
        assert job["variables"]["NO"]["value"] == "no"
        assert job["before_script"][0] == 'echo "a: b" # c'
        assert "echo 'done'" in job["after_script"]
    assert [found[f"envctl {name}"]["timeout"] for name in ("plan", "drift", "apply dev")] == [
        "90 minutes",
        "2 hours",
        "3 hours",
    ]
    assert found["envctl promote staging prod"]["environment"]["name"] == "live"
    assert "($NIGHTLY ||" in found["envctl drift"]["rules"][0]["if"]


# How jobs end: the status that GitLab gives, what envctl left (nothing, where it did not come so far), and the result.
ENDS = {
    "success": ("success", "done", "done"),
    "drift": ("failed", "changes", "drift"),
    "a refusal": ("failed", "refused", "refused"),
    "a promotion that waits": ("failed", "refused_for_now", "refused"),
    "a failure": ("failed", "failed", "failed"),
    "a failed installation": ("failed", None, "failed"),
    "a job that ran out of time": ("timedout", None, "failed"),
    "a cancelled job": ("canceled", "interrupted", "canceled"),
    "a later command failed": ("failed", "done", "failed"),
}


@pytest.mark.parametrize(("status", "reason", "result"), ENDS.values(), ids=ENDS)
def test_lines_after_a_job_know_its_result(tmp_path: Path, status: str, reason: str | None, result: str) -> None:
    settings = {"after_script": ["sh -c 'echo \"it is $envctl_result\"'"]}
    folder = tmp_path / "my infra: #1"
    folder.mkdir()
    for name, job in jobs(settings=settings, folder=folder.name).items():
        if name in WITHOUT_ENVCTL:
            continue
        assert job["variables"]["ENVCTL_DOTENV"] == {"value": ".envctl/outcome.env", "expand": False}
        shutil.rmtree(folder / ".envctl", ignore_errors=True)
        if reason:
            (folder / ".envctl").mkdir()
            (folder / ".envctl" / "outcome.env").write_text(f"exit_code=1\nreason={reason}\n")
        done = subprocess.run(
            ["bash", "-c", "set -eo pipefail\n" + "\n".join(job["after_script"])],
            cwd=tmp_path,
            env={"PATH": SYSTEM_PATH, "CI_PROJECT_DIR": f"{tmp_path}", "CI_JOB_STATUS": status, "CI_JOB_ID": "7"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"it is {result}"), (name, done.stderr)


def test_pipeline_without_such_a_line_stays_as_it_is() -> None:
    for settings in ({}, {"after_script": ["echo 'done'"]}):
        assert "envctl_result" not in text(settings=settings)
        assert all("ENVCTL_DOTENV" not in job.get("variables", {}) for job in jobs(settings=settings).values())


OPERATIONS = {
    "promote": "promote staging prod --yes",
    "promote-partial": 'promote staging prod --yes ${ENVCTL_RELEASE:+"--release=$ENVCTL_RELEASE"} --partial',
    "rollback": "rollback prod --yes",
    "recover": "recover prod --yes",
    "unlock": "unlock prod --yes",
    "fix-drift": "drift prod --fix --yes",
    "recover-import": "recover prod --yes --import=reported",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_is_a_job_of_its_environment(operation: str) -> None:
    chosen = {"operation": operation, "environment": "prod", "release": "#42", "reason": "vom Chef: läuft's?"}
    job = jobs(chosen)["envctl operate prod"]
    assert {name: each["value"] for name, each in job["variables"].items()} == {
        "GIT_DEPTH": "0",
        "ENVCTL_OPERATION": operation,
        "ENVCTL_RELEASE": "#42",
        "ENVCTL_REASON": "vom Chef: läuft's?",
    }
    assert all(each["expand"] is False for each in job["variables"].values())
    assert f"{operation}) set -- {OPERATIONS[operation]}" in job["script"][-1]
    assert job["resource_group"] == "envctl-prod"


def test_first_environment_takes_no_promotion() -> None:
    assert "promote)" not in jobs()["envctl operate dev"]["script"][-1]


HOSTILE = {
    "a command": "$(touch x)",
    "a variable": "${HOME}",
    "a line end": "a\nb",
    "a quote": 'a" b: "c',
    "an option": "--yes",
    "a backslash": "a\\x24",
    "an input": "$[[ inputs.reason ]]",
    "a percent sign": "%PATH%",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["operation", "environment", "release"])
def test_gitlab_refuses_hostile_inputs(name: str, value: str) -> None:
    with pytest.raises(RefusedInputError):
        jobs({name: value})


@pytest.mark.parametrize("value", [each for each in HOSTILE.values() if each != "--yes"])
def test_gitlab_refuses_reasons_that_break_out(value: str) -> None:
    with pytest.raises(RefusedInputError):
        jobs({"reason": value})


def test_main_file_passes_inputs_on() -> None:
    files = made()
    header, rest = split_documents(files[MAIN_FILE])
    own = yaml.safe_load(split_documents(files[GENERATED_FILE])[0])["spec"]
    assert yaml.safe_load(header)["spec"] == own
    (included,) = yaml.safe_load(rest)["include"]
    assert included == {
        "local": GENERATED_FILE,
        "inputs": {name: f"$[[ inputs.{name} ]]" for name in own["inputs"]},
    }
    assert includes_pipeline(files, GENERATED_FILE)
    assert not any("%{" in each for each in files.values())


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


PASSED = f"  - local: /{GENERATED_FILE}\n    inputs:\n      operation: x\n"
OTHER = "  - local: .gitlab/b.gitlab-ci.yml\n    inputs:\n      operation: x\n"
PASSING = {
    "one entry": (f"include:\n{PASSED}", True),
    "the second entry": (f"include:\n{OTHER}{PASSED}", True),
    "inputs first": (f"include:\n  - inputs: {{ operation: x }}\n    local: {GENERATED_FILE}\n", True),
    "another entry": (f"include:\n{OTHER}  - local: {GENERATED_FILE}\n", False),
    "the entry after": (f"include:\n  - local: {GENERATED_FILE}\n{OTHER}", False),
    "another key": (f"include: {GENERATED_FILE}\nspec:\n  operation: x\n", False),
}


@pytest.mark.parametrize(("text", "passes"), PASSING.values(), ids=PASSING)
def test_inputs_count_in_the_entry_of_the_file(text: str, passes: bool) -> None:
    assert passes_inputs([text], GENERATED_FILE) is passes


@pytest.mark.parametrize("text", INCLUDED.values(), ids=INCLUDED)
def test_include_of_generated_file_is_found(text: str) -> None:
    assert includes_pipeline({MAIN_FILE: text, **OTHERS}, GENERATED_FILE)


@pytest.mark.parametrize("text", NOT_INCLUDED.values(), ids=NOT_INCLUDED)
def test_missing_include_of_generated_file_is_noticed(text: str) -> None:
    assert not includes_pipeline({MAIN_FILE: text, **OTHERS}, GENERATED_FILE)


def test_jobs_unset_secret_values_of_other_environments() -> None:
    values = {"dev": ("DB_PASSWORD",), "prod": ("DB_PASSWORD", "PROD_TOKEN")}
    found = jobs(secret_variables=values)
    unset = {
        name: line.split()[1:] for name, job in found.items() for line in job["script"] if line.startswith("unset ")
    }
    assert unset == {
        "envctl plan": ["DB_PASSWORD", "PROD_TOKEN"],
        "envctl apply dev": ["PROD_TOKEN"],
        "envctl promote dev staging": ["DB_PASSWORD", "PROD_TOKEN"],
        "envctl operate dev": ["PROD_TOKEN"],
        "envctl operate staging": ["DB_PASSWORD", "PROD_TOKEN"],
    }
