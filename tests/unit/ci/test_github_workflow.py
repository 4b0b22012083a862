"""The workflows of a project, as text."""

import itertools
from collections.abc import Mapping
from functools import partial
from operator import eq
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import render_github_workflows
from envctl.domain.ci.pins import DOWNLOAD_ACTION, UPLOAD_ACTION
from envctl.domain.ci.workflow_inputs import WorkflowInputs
from envctl.domain.config.ci.github import GithubCi, JobKind
from envctl.domain.config.ci_package import PackageSource

TEXTS = PackagedTemplates().load_workflows("github")
ORDERS = [("dev",), ("dev", "prod"), ("dev", "staging", "prod"), ("dev", "qa", "pre-prod", "prod")]
NAMES = ("plan", "deploy", "drift", "operate")
PACKAGE = PackageSource("git", "git+https://github.com/acme/envctl", "0123456789abcdef0123456789abcdef01234567")
ENVCTL = 'exec "$RUNNER_TEMP/envctl/bin/python" -I -m envctl'
# A warm provider has a socket, which programs of the tree could use.
AS_PROD = f"{ENVCTL} --no-warm"
ROLES = {name: f"arn:aws:iam::444444444444:role/{name}" for name in ("plan", "drift", "dev", "staging", "prod")}
PAGE = "$RUNNER_TEMP/envctl-page-prod-$GITHUB_RUN_ATTEMPT.html"
ON_MAIN = "github.ref == 'refs/heads/main'"


def made(order: tuple[str, ...] = ORDERS[2], folder: str = "", github: Any = None, **more: Any) -> Mapping[str, str]:
    settings = GithubCi.model_validate(github or {})
    site = WorkflowInputs(order=order, folder=folder, region="ap-northeast-1", package=PACKAGE, github=settings, **more)
    return render_github_workflows(TEXTS, site)


def read(text: str) -> dict[Any, Any]:
    document = yaml.load(text, yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document


def workflow(name: str, *arguments: Any, prefix: str = "envctl", **more: Any) -> dict[Any, Any]:
    return read(made(*arguments, **more)[f".github/workflows/{prefix}-{name}.yml"])


def jobs(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {f"{path}:{name}": job for path, text in files.items() for name, job in read(text)["jobs"].items()}


def steps(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [step for job in jobs(files).values() for step in job["steps"]]


def main_step(job: dict[str, Any]) -> dict[str, Any]:
    (found,) = (step for step in job["steps"] if step.get("id") == "envctl")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_job_promotes_release_from_previous_environment(order: tuple[str, ...]) -> None:
    found = workflow("deploy", order)["jobs"]
    assert tuple(found) == tuple(f"deploy-{name}" for name in order)
    assert tuple(job["environment"] for job in found.values()) == order
    entry, *_ = order
    assert main_step(found[f"deploy-{entry}"])["run"] == f"{ENVCTL} apply {entry} --yes --wait-ok"
    for before, name in itertools.pairwise(order):
        job = found[f"deploy-{name}"]
        last, needs = main_step(job), job["needs"]
        envctl = AS_PROD if name == order[-1] else ENVCTL
        assert last["run"] == f'{envctl} promote {before} {name} --release "$RELEASE" --yes --wait-ok'
        assert last["env"]["RELEASE"] == f"${{{{ needs.deploy-{entry}.outputs.release }}}}"
        assert {f"deploy-{entry}", f"deploy-{before}"} == ({needs} if isinstance(needs, str) else set(needs))
        assert job["if"] == f"{ON_MAIN} && needs.deploy-{before}.outputs.reason == 'done'"


def test_plan_is_shown_before_reviewers_approve() -> None:
    found = workflow("deploy", reviewed=("prod",))["jobs"]
    assert tuple(found) == ("deploy-dev", "deploy-staging", "plan-prod", "deploy-prod")
    plan, prod = found["plan-prod"], found["deploy-prod"]
    assert "environment" not in plan, "it would wait for them before they have seen anything"
    assert main_step(plan)["run"] == f'{AS_PROD} why prod --plan --release "$RELEASE" --page "{PAGE}"'
    assert set(prod["needs"]) == {"deploy-dev", "deploy-staging", "plan-prod"}
    assert prod["if"] == f"{ON_MAIN} && needs.plan-prod.outputs.changes != 'false'", "reviewers are asked about nothing"
    (recorded,) = (step for step in prod["steps"] if " approve " in step.get("run", ""))
    told = (
        f'{ENVCTL} approve prod --reviewers --release "$RELEASE" --plan "$PLAN" --attempt "$ATTEMPT" --after "$REVIEWS"'
    )
    assert (recorded["run"], recorded["env"]["PLAN"]) == (told, "${{ needs.plan-prod.outputs.plan }}")
    assert prod["steps"].index(recorded) < prod["steps"].index(main_step(prod))
    assert prod["permissions"]["actions"] == "read"
    assert "actions" not in found["deploy-staging"]["permissions"]


def test_unchanged_environment_passes_release_on() -> None:
    """The next one can only get what this one runs."""
    found = workflow("deploy", reviewed=("staging", "prod"))["jobs"]
    assert found["deploy-staging"]["if"] == f"{ON_MAIN} && needs.plan-staging.outputs.plan != ''"
    assert found["deploy-prod"]["if"] == f"{ON_MAIN} && needs.plan-prod.outputs.changes != 'false'"


@pytest.mark.parametrize("site", [{"reviewed": ("prod",)}, {"protected": ("prod",)}], ids=str)
def test_unanswered_review_holds_no_other_run(site: dict[str, Any]) -> None:
    found = workflow("deploy", **site)["jobs"]
    assert found["deploy-prod"]["concurrency"]["group"] == "envctl-deploy-prod-${{ github.run_id }}"
    assert found["deploy-staging"]["concurrency"] == {
        "group": "envctl-deploy-staging",
        "queue": "max",
        "cancel-in-progress": False,
    }


def test_plan_of_a_pull_request_cancels_no_deployment() -> None:
    plans = workflow("plan")["concurrency"]["group"].partition("$")[0]
    assert plans == "envctl-plan-"
    for name in ("deploy", "operate"):
        found = workflow(name, ("dev", "plan-12"))["jobs"]
        assert not any(job["concurrency"]["group"].startswith(plans) for job in found.values())


def test_old_github_gets_no_queue() -> None:
    assert all("queue:" not in text for text in made(github={"queue": False}, reviewed=("prod",)).values())


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_deployment_jobs_are_never_cancelled(order: tuple[str, ...]) -> None:
    for name in ("deploy", "operate"):
        for job in workflow(name, order)["jobs"].values():
            assert job["concurrency"]["cancel-in-progress"] is False
            assert job["concurrency"]["group"] == f"envctl-deploy-{job['environment']}"


def test_jobs_have_least_permissions() -> None:
    files = made(reviewed=("prod",))
    assert all(read(text)["permissions"] == {} for text in files.values())
    found = {name.rpartition("/")[2]: job["permissions"] for name, job in jobs(files).items()}
    writes = {name: {right for right, how in job.items() if how == "write"} for name, job in found.items()}
    assert writes.pop("envctl-plan.yml:comment") == {"pull-requests"}
    assert writes.pop("envctl-plan.yml:fork") == set()
    assert writes.pop("envctl-drift.yml:drift") == {"id-token", "issues"}
    assert set(map(frozenset, writes.values())) == {frozenset({"id-token"})}
    assert found["envctl-plan.yml:fork"] == {}
    assert found["envctl-plan.yml:comment"] == {"pull-requests": "write"}


def test_only_job_of_pull_requests_runs_outside_the_branch() -> None:
    """Every other role writes: also a workflow started by hand on a feature branch gets none."""
    for name, job in jobs(made(reviewed=("prod",))).items():
        if "envctl-plan.yml" not in name:
            assert job["if"].startswith(ON_MAIN), name
    assert main_step(workflow("plan")["jobs"]["plan"])["env"]["AWS_ROLE_ARN"] == "${{ vars.ENVCTL_PLAN_ROLE }}"


def test_steps_with_forge_token_are_those_that_ask_the_forge() -> None:
    files = made(reviewed=("prod",))
    asking = {
        step["run"].removeprefix(AS_PROD).removeprefix(ENVCTL).split()[0]
        for step in steps(files)
        if "${{ github.token }}" in step.get("env", {}).values()
    }
    assert asking == {"apply", "approve", "why", "drift", "export", "ci", "case"}
    operate = workflow("operate", reviewed=("prod",))["jobs"]
    assert ["GITHUB_TOKEN" in main_step(job)["env"] for job in operate.values()] == [False, False, True, False]


def test_checkout_action_is_pinned_and_persists_no_credentials() -> None:
    used = [step for step in steps(made()) if "actions/checkout@" in step.get("uses", "")]
    assert len(used) == len(jobs(made())) - len(("comment", "fork"))
    for step in used:
        name, _, version = step["uses"].partition("@")
        assert (name, len(version)) == ("actions/checkout", 40)
        assert step["with"]["persist-credentials"] is False


def test_jobs_that_plan_for_reviewers_keep_the_page() -> None:
    for name in ("deploy", "operate"):
        plan = workflow(name, reviewed=("prod",))["jobs"]["plan-prod"]
        kept, named = plan["steps"][-2:]
        assert PAGE in main_step(plan)["run"]
        assert kept["uses"] == UPLOAD_ACTION.partition(" #")[0]
        assert kept["with"] == {
            "path": "${{ runner.temp }}/envctl-page-prod-${{ github.run_attempt }}.html",
            "archive": False,
            "if-no-files-found": "ignore",
            "retention-days": 90,
        }
        assert (kept["continue-on-error"], "!cancelled()" in kept["if"]) == (True, True), "a plan without it counts"
        assert named["env"] == {"PAGE": f"${{{{ steps.{kept['id']}.outputs.artifact-url }}}}"}
        assert "$GITHUB_STEP_SUMMARY" in named["run"]
    assert not any("page" in step.get("id", "") for step in steps(made())), "nobody else reads it"


def test_comment_is_posted_without_code_of_the_branch() -> None:
    found = workflow("plan")["jobs"]
    get, post = found["comment"]["steps"]
    (handed,) = (step for step in found["plan"]["steps"] if step["name"] == "Hand the comment on")
    assert (handed["uses"], get["uses"]) == tuple(each.partition(" #")[0] for each in (UPLOAD_ACTION, DOWNLOAD_ACTION))
    # The name of the artifact holds in a second attempt of either job.
    file = handed["with"]["path"].rpartition("/")[2]
    assert file == "envctl-comment-${{ github.run_attempt }}.md"
    assert found["plan"]["outputs"]["attempt"] == "${{ github.run_attempt }}"
    name = file.replace("github.run_attempt", "needs.plan.outputs.attempt")
    assert get["with"]["name"] == name
    assert post["env"]["TEXT"] == f"{get['with']['path']}/{name}"
    assert main_step(found["plan"])["env"]["ENVCTL_COMMENT_FILE"] == handed["with"]["path"]
    # One step asks for tags, with a token that reads; the step that runs code of the branch has none.
    asking = [step["name"] for step in found["plan"]["steps"] if "${{ github.token }}" in step.get("env", {}).values()]
    assert asking == ["Workflows are current"]
    # Attributes of the event are words of GitHub: numbers and hashes.
    assert {post["env"][each] for each in ("PULL_REQUEST", "COMMIT")} == {
        "${{ github.event.pull_request.number }}",
        "${{ github.event.pull_request.head.sha }}",
    }


def test_no_script_interpolates_expressions() -> None:
    for step in steps(made(reviewed=("prod",))):
        assert "${{" not in step.get("run", "")


def test_envctl_replaces_the_shell_and_gets_its_signals() -> None:
    ran = [step["run"] for step in steps(made(reviewed=("prod",))) if "-m envctl" in step.get("run", "")]
    assert len(ran) == 14
    assert all(run.strip().splitlines()[-1].startswith(f"{ENVCTL} ") for run in ran)


def test_no_variable_decides_what_runs() -> None:
    for text in made(reviewed=("prod",)).values():
        assert "ENVCTL_PACKAGE" not in text
        assert "command -v" not in text
    variables = {text for step in steps(made(github={"roles": ROLES})) for text in step.get("env", {}).values()}
    assert not any("vars." in text for text in variables)
    assert set(ROLES.values()) <= variables


def test_missing_role_ends_job_with_what_to_set_up() -> None:
    for user, job in {
        "dev": workflow("deploy")["jobs"]["deploy-dev"],
        "plan": workflow("plan")["jobs"]["plan"],
    }.items():
        (step,) = (step for step in job["steps"] if step["name"] == "A role is missing")
        variable = "ENVCTL_PLAN_ROLE" if user == "plan" else "ENVCTL_ROLE"
        assert step["if"].endswith(f"vars.{variable} == ''")
        assert step["run"].endswith("exit 78\n")
        assert all(each in step["run"] for each in ("ENVCTL_DRIFT_ROLE", "dev, staging, prod", "[ci.github] roles"))
        assert job["steps"].index(step) == 1, "before anything is installed"
    assert not any(step["name"] == "A role is missing" for step in steps(made(github={"roles": ROLES})))


def test_merge_queue_validates_without_a_role() -> None:
    found = workflow("plan")
    assert set(found[True]) == {"pull_request", "merge_group"}
    job = found["jobs"]["plan"]
    assert "merge_group" in job["if"]
    assert [step["name"] for step in job["steps"] if "== 'pull_request'" not in step.get("if", "")] == [
        "Check out the repository",
        "Install envctl",
        "Validate",
        "Workflows are current",
    ]
    assert "== 'pull_request'" in found["jobs"]["comment"]["if"]


def test_fork_gets_a_word_and_nothing_else() -> None:
    (step,) = workflow("plan")["jobs"]["fork"]["steps"]
    assert "A fork gets no role and no plan" in step["run"]
    assert set(step) == {"name", "working-directory", "run"}


def test_project_in_subfolder_runs_there() -> None:
    for folder, there in {"": ".", "infra/shop": "infra/shop", "my infra: #1": "my infra: #1"}.items():
        for text in made(folder=folder).values():
            assert read(text)["defaults"]["run"]["working-directory"] == there


def test_push_outside_of_the_project_starts_nothing() -> None:
    push = workflow("deploy", folder="infra/shop", paths=("envctl.toml", "modules/**"))[True]["push"]
    assert push["paths"] == [
        "infra/shop/envctl.toml",
        "infra/shop/modules/**",
        ".github/workflows/envctl-*.yml",
        ".github/envctl/**",
    ]
    assert "paths" not in workflow("plan")[True], "a required check would wait for ever"


def test_command_options_are_used_in_every_step() -> None:
    ours = [step["run"] for step in steps(made(command="envctl --sandbox")) if "-m envctl" in step.get("run", "")]
    assert all(f"{ENVCTL} --sandbox " in run for run in ours)
    assert not any(step["name"] == "A role is missing" for step in steps(made(command="envctl --sandbox")))


def test_workflow_checks_itself_for_its_branch() -> None:
    def check(**more: Any) -> str:
        found = next(
            s for s in workflow("plan", **more)["jobs"]["plan"]["steps"] if s["name"] == "Workflows are current"
        )
        return str(found["run"])

    assert check() == f"{ENVCTL} ci github --check"
    assert check(branch="release/1.x") == f"{ENVCTL} ci github --check --branch release/1.x"
    assert check(branch="trunk", github={"branch": "trunk"}) == f"{ENVCTL} ci github --check"


@pytest.mark.parametrize("names", [("no", "on", "null"), ("on", "plan-on", "deploy-on"), ("true", "y", "off")])
def test_environment_may_have_any_name(names: tuple[str, ...]) -> None:
    files = made(names, reviewed=names[1:])
    deploy = workflow("deploy", names, reviewed=names[1:])["jobs"]
    deployed = [job["environment"] for job in deploy.values() if "environment" in job]
    assert deployed == list(names)
    assert len(deploy) == 2 * len(names) - 1, "two jobs have one id"
    assert workflow("operate", names)[True]["workflow_dispatch"]["inputs"]["environment"]["options"] == list(names)
    assert not any("%{" in text for text in files.values())


def test_two_projects_share_no_name() -> None:
    ours = made(reviewed=("prod",))
    theirs = made(github={"prefix": "billing"}, folder="billing", reviewed=("prod",))
    assert not set(ours) & set(theirs)
    for key in ("name", "group"):
        assert not _values(ours, key) & _values(theirs, key) - {step["name"] for step in steps(ours)}, (
            f"one {key} for both"
        )
    assert all("$RUNNER_TEMP/billing/" in text for text in theirs.values())


def _values(files: Mapping[str, str], key: str) -> set[str]:
    found: set[str] = set()
    waiting: list[Any] = [read(text) for text in files.values()]
    while waiting:
        match waiting.pop():
            case dict() as table:
                found |= {str(value) for name, value in table.items() if name == key}
                waiting += table.values()
            case list() as items:
                waiting += items
    return found


class TestShape:
    def test_runners_times_and_names_come_from_the_project_file(self) -> None:
        github = {
            "runs_on": ["self-hosted", "linux"],
            "python": "python3.13",
            "cron": "5 1 * * 1-5",
            "timeouts": {"plan": "90m", "deploy": "4h"},
            "environments": {"prod": "production"},
        }
        deploy = workflow("deploy", github=github)["jobs"]
        assert all(job["runs-on"] == ["self-hosted", "linux"] for job in deploy.values())
        assert [job["environment"] for job in deploy.values()] == ["dev", "staging", "production"]
        assert {job["timeout-minutes"] for job in deploy.values()} == {240}
        assert workflow("plan", github=github)["jobs"]["plan"]["timeout-minutes"] == 90
        assert workflow("drift", github=github)[True]["schedule"] == [{"cron": "5 1 * * 1-5"}]
        assert "python3.13 -I -m venv" in made(github=github)[".github/workflows/envctl-plan.yml"]

    def test_one_runner_label_needs_no_list(self) -> None:
        assert workflow("drift", github={"runs_on": "arc-envctl"})["jobs"]["drift"]["runs-on"] == "arc-envctl"

    def test_environment_and_secrets_reach_envctl_alone(self) -> None:
        files = made(github={"env": {"DATADOG_SITE": "no"}, "secrets": ["DATADOG_API_KEY"]})
        for step in steps(files):
            ours = {key: value for key, value in step.get("env", {}).items() if key.startswith("DATADOG")}
            is_envctl = "AWS_ROLE_ARN" in step.get("env", {})
            wanted = {"DATADOG_SITE": "no", "DATADOG_API_KEY": "${{ secrets.DATADOG_API_KEY }}"}
            assert ours == (wanted if is_envctl else {})

    @pytest.mark.parametrize("text", [".5", ".nan", ".inf", "0x10", "1e3", "~", "2026-01-01", "off", "a: b", ".github"])
    def test_value_stays_text(self, text: str) -> None:
        job = workflow("plan", github={"env": {"VALUE": text}})["jobs"]["plan"]
        assert main_step(job)["env"]["VALUE"] == text

    def test_steps_stand_before_and_after_envctl(self) -> None:
        before = {"name": "no", "run": "a: b\n# c\n", "env": {"TOKEN": "${{ secrets.T }}"}}
        after = {"name": "Tell", "uses": f"acme/tell@{'a' * 40} # v1.2", "with": {"to": "on"}, "jobs": ["deploy"]}
        files = made(github={"before": [before], "after": [after]}, reviewed=("prod",))
        for name, job in jobs(files).items():
            if name.endswith((":fork", ":comment")):
                continue
            assert job["steps"][1] == before
            told = [step for step in job["steps"] if step.get("uses", "").startswith("acme/tell")]
            assert len(told) == ("deploy-" in name.rpartition(":")[2])
            assert all(step["with"] == {"to": "on"} for step in told)
            assert all(step["if"] == "steps.envctl.outputs.reason == 'done'" for step in told)

    def test_failed_plan_for_reviewers_is_told_as_such(self) -> None:
        told = {"name": "Page", "run": "page", "env": {"KEY": "${{ secrets.KEY }}"}, "jobs": ["deploy", "operate"]}
        done = {"name": "Done", "run": "true", "jobs": ["deploy"]}
        after = [{**told, "when": ["changes", "failed"]}, done]
        for name in ("deploy", "operate"):
            found = workflow(name, github={"after": after}, reviewed=("prod",))["jobs"]
            (step,) = (step for step in found["plan-prod"]["steps"] if step["name"] in ("Page", "Done"))
            assert step["name"] == "Page"
            assert step["if"].startswith("${{ always() && (((failure() || cancelled())")
            assert "success()" not in step["if"], "a plan changes nothing"

    def test_waiting_promotion_may_fail_its_job(self) -> None:
        assert sum("--wait-ok" in step.get("run", "") for step in steps(made())) == 3
        assert not any("--wait-ok" in step.get("run", "") for step in steps(made(github={"waiting": "failed"})))


RESULTS = ("done", "changes", "drift", "refused", "failed")
# How jobs end: the status of the job, what envctl said (nothing, where it did not come so far), and the results.
ENDS: dict[str, tuple[str, str, str, set[str]]] = {
    "a deployment without changes": ("success", "done", "false", {"done"}),
    "a deployment": ("success", "done", "true", {"done", "changes"}),
    "drift": ("failure", "changes", "true", {"drift"}),
    "a refusal": ("failure", "refused", "", {"refused"}),
    "a promotion that waits and passes": ("success", "refused for now", "", {"refused"}),
    "a promotion that waits and fails": ("failure", "refused for now", "", {"refused"}),
    "a failure": ("failure", "failed", "", {"failed"}),
    "a failure after some changes": ("failure", "failed", "true", {"failed"}),
    "a held lock": ("failure", "locked", "", {"failed"}),
    "a wrong setting": ("failure", "configuration", "", {"failed"}),
    "a bug": ("failure", "bug", "", {"failed"}),
    "a failed checkout or installation": ("failure", "", "", {"failed"}),
    "a killed envctl": ("failure", "", "", {"failed"}),
    "a job that was cancelled or ran out of time": ("cancelled", "", "", {"failed"}),
    "envctl was interrupted": ("cancelled", "interrupted", "", {"failed"}),
    "a merge queue, for which envctl is skipped": ("success", "", "", set()),
    "envctl was done, and a later step failed": ("failure", "done", "true", {"failed"}),
}


def is_true(condition: str, status: str, reason: str, changes: str) -> bool:
    """Evaluate a condition of a step as GitHub does: `success()` counts too unless a function asks for the status."""
    text = condition.removeprefix("${{").removesuffix("}}").strip()
    words = {"&&": " and ", "||": " or ", "!cancelled": "not cancelled", "!startsWith": "not startsWith"}
    words |= {"steps.envctl.outputs.reason": "reason", "steps.envctl.outputs.changes": "changes"}
    for ours, python in words.items():
        text = text.replace(ours, python)
    functions = {name: partial(eq, name, status) for name in ("success", "failure", "cancelled")}
    functions |= {"always": partial(eq, status, status)}
    if not any(f"{name}()" in text for name in functions):
        text = f"success() and ({text})"
    known = {**functions, "startsWith": str.startswith, "reason": reason, "changes": changes}
    return bool(eval(text, {"__builtins__": {}}, known))


def find_conditions(job: JobKind, *results: str) -> list[str]:
    """Return the condition of a step with these results, in each job of a kind."""
    after = {"name": "Tell", "run": "true", "when": results}
    files = made(github={"after": [after]})
    found = [s for s in steps({p: t for p, t in files.items() if p.endswith(f"-{job}.yml")}) if s["name"] == "Tell"]
    return [step["if"] for step in found]


class TestWhen:
    @pytest.mark.parametrize(("status", "reason", "changes", "results"), ENDS.values(), ids=ENDS)
    @pytest.mark.parametrize("job", ["deploy", "operate", "drift"])
    def test_each_end_of_a_job_has_its_results(
        self, job: JobKind, status: str, reason: str, changes: str, results: set[str]
    ) -> None:
        for each in RESULTS:
            for condition in find_conditions(job, each):
                assert is_true(condition, status, reason, changes) == (each in results), (each, condition)

    def test_step_with_several_results_runs_for_each(self) -> None:
        for condition in find_conditions("drift", "failed", "drift", "failed"):
            for status, reason, changes, results in ENDS.values():
                assert is_true(condition, status, reason, changes) == bool({"drift", "failed"} & results)

    def test_cancelled_plan_of_a_pull_request_is_no_failure(self) -> None:
        (condition,) = find_conditions("plan", "failed")
        assert is_true(condition, "failure", "failed", "")
        assert not is_true(condition, "cancelled", "", ""), "a newer push has cancelled it"

    def test_drift_is_told_by_jobs_that_find_some(self) -> None:
        assert find_conditions("plan", "drift") == find_conditions("deploy", "drift") == []
        assert len(find_conditions("operate", "drift")) == 3
        assert find_conditions("deploy", "drift", "failed") == find_conditions("deploy", "failed")

    def test_done_alone_is_rendered_as_before(self) -> None:
        old, new = ({"name": "Tell", "run": "true"} | more for more in ({}, {"when": ["done"]}))
        assert made(github={"after": [old]}) == made(github={"after": [new]})
        assert set(find_conditions("deploy", "done")) == {"steps.envctl.outputs.reason == 'done'"}


SECRET_VALUES = {"dev": ("DB_PASSWORD",), "prod": ("DB_PASSWORD", "PROD_TOKEN")}


def test_secret_values_reach_jobs_of_their_environment_alone() -> None:
    files = made(secret_variables=SECRET_VALUES, reviewed=("prod",), github={"secrets": ["DB_PASSWORD_OF_ALL"]})
    seen: dict[str, set[str]] = {}
    for name, job in jobs(files).items():
        for step in job["steps"]:
            given = {key for key in step.get("env", {}) if key in ("DB_PASSWORD", "PROD_TOKEN")}
            seen.setdefault(name.rpartition(":")[2], set()).update(given)
    both = {"DB_PASSWORD", "PROD_TOKEN"}
    assert {name: given for name, given in seen.items() if given} == {
        "deploy-dev": {"DB_PASSWORD"},
        "deploy-prod": both,
        "operate-dev": {"DB_PASSWORD"},
        "operate-prod": both,
        # Both jobs plan for the reviewers of prod.
        "plan-prod": both,
        "drift": both,
    }
    assert main_step(jobs(files)[".github/workflows/envctl-drift.yml:drift"])["env"]["PROD_TOKEN"] == (
        "${{ secrets.PROD_TOKEN }}"
    )


def test_only_steps_with_envctl_get_secret_values() -> None:
    for step in steps(made(secret_variables=SECRET_VALUES)):
        if "PROD_TOKEN" in step.get("env", {}):
            assert "-m envctl" in step["run"]
