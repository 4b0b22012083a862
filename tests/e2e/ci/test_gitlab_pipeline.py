"""The jobs that `envctl ci gitlab` writes, run as they stand there: a merge request, a merge, and a night."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from envctl.cli.ci.forge_publisher import LABEL
from tests.adapters.forge.gitlab_server import TOKEN, GitlabServer, gitlab
from tests.by_day import keep_by_day
from tests.e2e.ci.gitlab_runner import (
    BY_HAND,
    DRIFT,
    FORK,
    GENERATED_FILE,
    MERGE_REQUEST,
    MERGE_TRAIN,
    PUSH,
    SCHEDULE,
    GitlabRunner,
    stop_job,
)
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
PACKAGE = f"envctl-promotion==1.0#sha256={'a' * 64}"
ROLE = "arn:aws:iam::444444444444:role/envctl-ci-"
HOSTILE = "$(touch planted) ; --yes\n`touch planted`"


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with gitlab() as server:
        yield server


def generate(project: Project, settings: str = "runner_credentials = true") -> None:
    text = (project.root / "envctl.toml").read_text()
    project.write("envctl.toml", f'{text}\n[ci]\npackage = "{PACKAGE}"\n\n[ci.gitlab]\n{settings}\n')
    project.run_checked("ci", "gitlab")


def committed(project: Project) -> None:
    """As a job finds it: a clone, in which nothing was changed."""
    project.write(".gitignore", ".envctl/\n.terraform*\n")
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "all of it")):
        subprocess.run(["git", *words], cwd=project.root, check=True, timeout=30)


def test_merge_request_is_commented_and_merge_is_gated(small: Project, server: GitlabServer) -> None:
    generate(small)
    committed(small)
    opened = GitlabRunner(small, server, MERGE_REQUEST)
    assert opened.jobs == ["envctl plan", "envctl note"]
    opened.run_checked("envctl plan")
    # The job that runs code of the branch has no token.
    assert server.asked == []
    opened.run_checked("envctl note")
    (note,) = server.comments
    assert "<!-- envctl: preview" in note["body"]
    assert f"planned {'c' * 40} -->" in note["body"]
    assert "## " in note["body"]
    assert [call for call in opened.pip_calls if "--no-deps" not in call] == []
    assert "--require-hashes" in opened.pip_calls[-1]
    assert not opened.home.exists()

    merged = GitlabRunner(small, server, PUSH)
    assert merged.jobs == ["envctl apply dev", "envctl promote dev staging", "envctl promote staging prod"]
    merged.run_checked("envctl apply dev")
    left = merged.left["envctl apply dev"]
    assert (left["reason"], left["changes"]) == ("done", "true")
    merged.run_checked("envctl promote dev staging")
    # It lacks an approval, and is taken up again once somebody has given it.
    waits = merged.run_job("envctl promote staging prod")
    assert (waits.code, merged.is_warning("envctl promote staging prod", waits.code)) == (4, True)
    reached = small.run_checked("status", "--json").document["result"]["environments"]
    assert [(each["release"] or {}).get("release", "") for each in reached] == [left["release"], left["release"], ""]

    server.add_issue("Drift in staging", "<!-- envctl: drift in staging -->\nold", LABEL)
    night = GitlabRunner(small, server, DRIFT)
    assert night.jobs == ["envctl drift"]
    night.run_checked("envctl drift")
    assert server.open_issues == []


def test_fork_and_foreign_schedule_get_no_role(small: Project, server: GitlabServer) -> None:
    generate(small)
    assert GitlabRunner(small, server, SCHEDULE).jobs == []
    assert GitlabRunner(small, server, {**PUSH, "CI_COMMIT_BRANCH": "feature"}).jobs == []
    assert GitlabRunner(small, server, {**BY_HAND, "ENVCTL_DRIFT": "yes"}).jobs == ["envctl drift"]
    fork = GitlabRunner(small, server, FORK)
    assert fork.jobs == ["envctl fork"]
    assert "comes from a fork" in fork.run_checked("envctl fork").out
    assert fork.pip_calls == []


def test_branch_without_protection_deploys_nothing(small: Project, server: GitlabServer) -> None:
    generate(small)
    runner = GitlabRunner(small, server, {**PUSH, "CI_COMMIT_REF_PROTECTED": "false"})
    assert runner.jobs == ["envctl unprotected"]
    done = runner.run_job("envctl unprotected")
    assert (done.code, "Protected branches" in done.out) == (78, True)


@pytest.mark.night
def test_job_after_a_waiting_one_waits_too(small: Project, server: GitlabServer) -> None:
    generate(small)
    runner = GitlabRunner(small, server, PUSH)
    runner.left["envctl apply dev"] = {"release": "a" * 64}
    runner.left["envctl promote dev staging"] = {"envctl_reason_1": "refused_for_now"}
    done = runner.run_job("envctl promote staging prod")
    assert (done.code, runner.is_warning("envctl promote staging prod", done.code)) == (4, True)
    assert "The release waits for staging" in done.out
    assert runner.left["envctl promote staging prod"] == {"envctl_reason_2": "refused_for_now"}


def write_spy(project: Project, body: str = "") -> tuple[Path, str]:
    """A program in the place of envctl: what it sees goes into a file."""
    told, program = project.home / "spy.json", project.home / "spy.py"
    program.write_text(
        f"""
import json, os, pathlib, sys, time
told = {{"argv": sys.argv[1:], "environment": dict(os.environ)}}
pathlib.Path({str(told)!r}).write_text(json.dumps(told))
if "--junit" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("--junit") + 1]).write_text("")
{body}
"""
    )
    return told, f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}"


@pytest.mark.night
def test_keys_of_the_project_do_not_win_over_the_role(small: Project, server: GitlabServer) -> None:
    generate(small, "")
    told, spy = write_spy(small)
    keys = {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "of somebody",
        "AWS_PROFILE": "other",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname",
        "AWS_ROLE_SESSION_NAME": "somebody@example.com",
    }
    secrets = {"ENVCTL_DRIFT_ROLE": f"{ROLE}drift", "AWS_ROLE_ARN": f"{ROLE}other", **keys}
    runner = GitlabRunner(small, server, DRIFT, secrets, envctl=spy)
    runner.run_checked("envctl drift")
    seen = json.loads(told.read_text())
    environment = seen["environment"]
    assert environment["AWS_ROLE_ARN"] == f"{ROLE}drift"
    # envctl takes the role with it.
    assert environment["ENVCTL_AWS_TOKEN"] == "a.token.planted"
    assert not set(keys) & set(environment)
    assert not {TOKEN, "a.token.planted"} & set(seen["argv"])
    assert not runner.home.exists()


@pytest.mark.night
@pytest.mark.parametrize("job", ["envctl apply dev", "envctl promote dev staging"])
def test_missing_role_says_what_to_set(small: Project, server: GitlabServer, job: str) -> None:
    generate(small, "")
    text = (small.root / "envctl.toml").read_text()
    for name, account in (("dev", "1"), ("staging", "2")):
        text = text.replace(f"[environments.{name}]\n", f'[environments.{name}]\naccount_id = "{account * 12}"\n')
    small.write("envctl.toml", text)
    runner = GitlabRunner(small, server, PUSH)
    runner.left["envctl apply dev"] = {"release": "a" * 64}
    done = runner.run_job(job)
    scope = job.rpartition(" ")[2]
    assert (done.code, f"ENVCTL_ROLE is not set for environment {scope}" in done.err) == (78, True), done.err
    assert f"Settings, CI/CD, Variables, for the environment {scope}" in " ".join(done.err.split())


@pytest.mark.night
def test_role_of_project_file_wins_over_variables(small: Project, server: GitlabServer) -> None:
    generate(small, f'roles = {{ dev = "{ROLE}dev" }}')
    told, spy = write_spy(small)
    GitlabRunner(small, server, PUSH, {"ENVCTL_ROLE": f"{ROLE}evil"}, envctl=spy).run_checked("envctl apply dev")
    assert json.loads(told.read_text())["environment"]["AWS_ROLE_ARN"] == f"{ROLE}dev"


def test_note_without_token_is_no_failure(small: Project, server: GitlabServer) -> None:
    generate(small)
    runner = GitlabRunner(small, server, MERGE_REQUEST, {"ENVCTL_GITLAB_TOKEN": ""})
    assert "for the environment envctl-note" in runner.run_checked("envctl note").out
    assert server.asked == []


@pytest.mark.night
def test_merge_train_only_validates(small: Project, server: GitlabServer) -> None:
    generate(small)
    committed(small)
    train = GitlabRunner(small, server, MERGE_TRAIN)
    assert train.jobs == ["envctl plan"]
    train.run_checked("envctl plan")
    assert server.comments == []


@pytest.mark.night
def test_note_says_what_is_wrong_in_the_tree(small: Project, server: GitlabServer) -> None:
    generate(small)
    small.write("modules/base/main.tf", "resource {\n")
    committed(small)
    runner = GitlabRunner(small, server, MERGE_REQUEST)
    assert runner.run_job("envctl plan").code != 0
    runner.run_checked("envctl note")
    (note,) = server.comments
    assert "modules/base/main.tf" in note["body"]
    assert "planned  -->" in note["body"]


@pytest.mark.parametrize(
    ("planned", "checked", "code"), keep_by_day([(0, 0, 0), (0, 1, 1), (78, 1, 78), (1, 0, 1)], (0, 1, 1))
)
def test_plan_job_fails_with_the_plan_or_the_check(
    small: Project, server: GitlabServer, planned: int, checked: int, code: int
) -> None:
    generate(small)
    _, spy = write_spy(small, f"os._exit({planned} if 'preview' in sys.argv else {checked})")
    assert GitlabRunner(small, server, MERGE_REQUEST, envctl=spy).run_job("envctl plan").code == code


def test_names_of_branches_and_people_are_no_code(small: Project, server: GitlabServer) -> None:
    generate(small, "")
    told, spy = write_spy(small)
    hostile = dict.fromkeys(
        ("CI_COMMIT_REF_NAME", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_MERGE_REQUEST_TITLE", "GITLAB_USER_EMAIL"),
        HOSTILE,
    )
    secrets = {"ENVCTL_PLAN_ROLE": f"{ROLE}plan", **hostile}
    GitlabRunner(small, server, MERGE_REQUEST, secrets, envctl=spy).run_job("envctl plan")
    assert told.exists()
    assert list(small.root.rglob("planted")) == []


OPERATIONS: dict[str, tuple[Mapping[str, str], list[str]]] = {
    "promote": ({"release": "#42"}, ["promote", "staging", "prod", "--yes", "--release=#42"]),
    "promote-partial": ({}, ["promote", "staging", "prod", "--yes", "--partial"]),
    "rollback": ({}, ["rollback", "prod", "--yes"]),
    "rollback to one": ({"release": "abcd1234"}, ["rollback", "prod", "--yes", "--to=abcd1234"]),
    "recover": ({}, ["recover", "prod", "--yes"]),
    "unlock": ({"reason": "the boss: it's over"}, ["unlock", "prod", "--yes", "--reason=the boss: it's over"]),
    "unlock a held release": ({"release": "#42"}, ["unlock", "prod", "--yes", "--release=#42"]),
    "unlock with a dash": ({"reason": "--yes"}, ["unlock", "prod", "--yes", "--reason=--yes"]),
    "fix-drift": ({}, ["drift", "prod", "--fix", "--yes"]),
}


@pytest.mark.parametrize("case", keep_by_day(list(OPERATIONS), "promote"))
def test_operation_by_hand_runs_in_its_environment(small: Project, server: GitlabServer, case: str) -> None:
    generate(small)
    more, wanted = OPERATIONS[case]
    told, spy = write_spy(small)
    inputs = {"operation": case.partition(" ")[0], "environment": "prod", **more}
    runner = GitlabRunner(small, server, BY_HAND, inputs=inputs, envctl=spy)
    assert runner.jobs == ["envctl operate prod"]
    runner.run_checked("envctl operate prod")
    assert json.loads(told.read_text())["argv"] == ["--no-warm", *wanted, "--junit", ".envctl/operate.xml"]


def test_hostile_variables_of_an_operation_stay_words(small: Project, server: GitlabServer) -> None:
    """A variable of the pipeline wins over an input, where a project lets people set such variables."""
    generate(small)
    told, spy = write_spy(small)
    secrets = {"ENVCTL_RELEASE": HOSTILE, "ENVCTL_OPERATION": "rollback"}
    inputs = {"operation": "recover", "environment": "prod"}
    GitlabRunner(small, server, BY_HAND, secrets, inputs, envctl=spy).run_checked("envctl operate prod")
    assert json.loads(told.read_text())["argv"][1:5] == ["rollback", "prod", "--yes", f"--to={HOSTILE}"]
    refused = GitlabRunner(small, server, BY_HAND, {"ENVCTL_OPERATION": HOSTILE}, inputs, envctl=spy)
    assert refused.run_job("envctl operate prod").code == 64
    assert list(small.root.rglob("planted")) == []


@pytest.mark.night
def test_killed_job_names_the_operation_that_recovers(small: Project, server: GitlabServer) -> None:
    generate(small)
    killed = GitlabRunner(small, server, PUSH, envctl=write_spy(small, "os._exit(137)")[1])
    assert killed.run_job("envctl apply dev").code == 137
    assert "the operation recover and the environment dev" in "".join(killed.after)
    done = GitlabRunner(small, server, PUSH)
    done.run_checked("envctl apply dev")
    assert "recover" not in "".join(done.after)


def test_lines_after_each_job_know_its_result(small: Project, server: GitlabServer) -> None:
    lines = 'runner_credentials = true\nafter_script = ["echo result: $envctl_result"]'
    generate(small, lines)
    runner = GitlabRunner(small, server, PUSH)
    runner.run_checked("envctl apply dev")
    night = GitlabRunner(small, server, DRIFT)
    night.run_checked("envctl drift")
    drifted = 'pathlib.Path(os.environ["ENVCTL_DOTENV"]).write_text("reason=changes\\n"); sys.exit(2)'
    changed = GitlabRunner(small, server, DRIFT, envctl=write_spy(small, drifted)[1])
    assert changed.run_job("envctl drift").code == 2
    small.write(".envctl/store/ledger/0000000001.json", "damaged")
    assert night.run_job("envctl drift").code == 1
    found = [text.splitlines()[-1] for each in (runner, changed, night) for text in each.after]
    assert found == ["result: done", "result: drift", "result: done", "result: failed"]


def test_cancelled_job_reaches_envctl(small: Project, server: GitlabServer) -> None:
    generate(small)
    wait = """
import signal
def stop(*_):
    pathlib.Path(".envctl/stopped").write_text("")
    os._exit(130)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(".envctl/ready").write_text("")
time.sleep(60)
"""
    _, spy = write_spy(small, wait)
    runner = GitlabRunner(small, server, PUSH, envctl=spy)

    def cancel(shell: int) -> None:
        deadline = time.monotonic() + 60
        while not (small.root / ".envctl/ready").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        stop_job(shell)

    done = runner.run_job("envctl apply dev", meanwhile=cancel)
    # envctl came to its own end: no shell between it and the runner died first.
    assert (done.code, (small.root / ".envctl/stopped").exists()) == (130, True)
    assert not runner.home.exists()


@pytest.mark.night
def test_check_in_the_job_accepts_what_was_written(small: Project, server: GitlabServer) -> None:
    generate(small, 'before_script = ["echo \\"a: b\\" # c"]\nvariables = { NO = "$(touch planted)" }')
    text = (small.root / GENERATED_FILE).read_text()
    assert "$(touch planted)" in text
    told, spy = write_spy(small)
    runner = GitlabRunner(small, server, MERGE_REQUEST, {"ENVCTL_PLAN_ROLE": f"{ROLE}plan"}, envctl=spy)
    assert "a: b" in runner.run_job("envctl plan").out
    assert json.loads(told.read_text())["environment"]["NO"] == "$(touch planted)"
    assert list(small.root.rglob("planted")) == []
    small.run_checked("ci", "gitlab", "--check")
