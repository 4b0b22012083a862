"""The table [ci.github]: each wrong value is refused with its line."""

import pytest

from envctl.adapters.toml.reader import load_project
from envctl.domain.errors import ConfigurationError
from tests.fakes.project_files import PROJECT

SHAPED = (
    PROJECT.decode()
    + """
[ci.github]
issuer = "https://token.actions.githubusercontent.com/acme"
branch = "release/1.x"
prefix = "billing"
runs_on = ["self-hosted", "linux"]
python = "python3.13"
cron = "17 3 * * MON-FRI"
paths = ["infra/**", "!infra/**/*.md"]
env = { DATADOG_SITE = "datadoghq.eu" }
secrets = ["DATADOG_API_KEY"]
queue = false
waiting = "failed"
timeouts = { plan = "90m" }
environments = { prod = "live prod" }
roles = { plan = "arn:aws:iam::444444444444:role/p", dev = "arn:aws:iam::444444444444:role/d" }

[[ci.github.before]]
name = "Say hello"
run = "echo hello"

[[ci.github.after]]
name = "Tell the team"
uses = "acme/notify@0123456789abcdef0123456789abcdef01234567 # v2.1.0"
with = { to-channel = "deployments" }
jobs = ["deploy"]
when = ["done", "failed"]
"""
)
WRONG = {
    "a branch with a command": ('"release/1.x"', '"$(touch x)"', "ci.github.branch must be the name of a branch"),
    "a branch with a quote": ('"release/1.x"', '"a\'b"', "ci.github.branch must be the name of a branch"),
    "a prefix with a folder": ('"billing"', '"../billing"', "ci.github.prefix must be a lower-case letter"),
    "no runner": ('["self-hosted", "linux"]', "[]", "ci.github.runs_on must not be empty"),
    "a runner with an expression": ('"linux"', '"${{ x }}"', "runs_on.1 must be the label of a runner"),
    "a program with words": ('"python3.13"', '"python3 -c"', "ci.github.python must be a program"),
    "a cron of three fields": ("17 3 * * MON-FRI", "17 3 *", "ci.github.cron must be a time of five fields"),
    "a path with a quote": ('"infra/**"', '"a\'b"', "ci.github.paths.0 must be a path filter"),
    "a variable of the job": ("DATADOG_SITE", "AWS_ROLE_ARN", "must not be set here"),
    "a variable of GitHub": ("DATADOG_SITE", "GITHUB_TOKEN", "must not be set here"),
    "a variable of bash": ("DATADOG_SITE", "BASH_ENV", "must not be set here"),
    "a variable with an expression": ('"datadoghq.eu"', '"${{ secrets.X }}"', "must be plain text"),
    "a variable of two lines": ('"datadoghq.eu"', '"a\\nb"', "must be one line"),
    "a secret with a space": (
        '["DATADOG_API_KEY"]',
        '["A B"]',
        "secrets.0 must be the name of an environment variable",
    ),
    "a short time": ('"90m"', '"90s"', "ci.github.timeouts.plan must be from 5m to 24h"),
    "a number for a time": ('"90m"', "90", "ci.github.timeouts.plan must be a duration in quotes"),
    "a result that GitHub does not know": (
        '= "failed"',
        '= "neutral"',
        "ci.github.waiting must be 'passed' or 'failed'",
    ),
    "an action at a branch": (
        "@0123456789abcdef0123456789abcdef01234567 # v2.1.0",
        "@main",
        "after.0.uses must be an action",
    ),
    "a script with an expression": ("echo hello", "echo ${{ x }}", "before.0.run must not contain ${{"),
    "an empty script": ('"echo hello"', '" "', "before.0.run must be lines for the shell"),
    "a job that does not exist": ('jobs = ["deploy"]', 'jobs = ["promote"]', "after.0.jobs.0 must be 'plan'"),
    "an issuer with a slash": ('.com/acme"', '.com/acme/"', "ci.github.issuer must be the issuer"),
    "a key that does not exist": ("queue =", "queues =", "ci.github.queues is not a known key"),
    "a role of no environment": ("roles = { plan = ", "roles = { qa = ", "ci.github.roles names qa"),
    "a name for no environment": ('{ prod = "live', '{ qa = "live', "ci.github.environments names qa"),
    "two environments with one name": (
        '{ prod = "live prod" }',
        '{ prod = "x", dev = "x" }',
        "the same name in GitHub: x",
    ),
    "the name of another environment": (
        '{ prod = "live prod" }',
        '{ dev = "Prod" }',
        "gives prod and dev the same name in GitHub: Prod",
    ),
    "a step that does nothing": ('run = "echo hello"', "", "ci.github.before.0 needs either `run` or `uses`"),
    "a step that does two things": ('run = "echo hello"', 'run = "x"\nuses = "./x"', "needs either `run` or `uses`"),
    "a result that no job has": (', "failed"]', ', "changed"]', "after.0.when.1 must be 'done', 'changes', 'drift'"),
    "no result": ('["done", "failed"]', "[]", "ci.github.after.0.when must not be empty"),
    "drift of a job that finds none": ('["done", "failed"]', '["drift"]', "ci.github.after.0 would never run"),
    "a result before envctl": ('run = "echo hello"', 'run = "x"\nwhen = ["done"]', "before.0.when is not a known key"),
    "inputs of a script": ('run = "echo hello"', 'run = "x"\nwith = { a = "b" }', "has `with`, but uses no action"),
}


def test_all_of_it_is_read() -> None:
    found = load_project(SHAPED.encode()).ci.github
    assert (found.issuer, found.branch) == ("https://token.actions.githubusercontent.com/acme", "release/1.x")
    assert (found.runs_on, found.queue, found.waiting) == (("self-hosted", "linux"), False, "failed")
    assert found.after[0].inputs == {"to-channel": "deployments"}
    assert [step.name for step in found.list_steps(found.after, "plan")] == []


def test_one_runner_and_one_issuer_need_no_table() -> None:
    assert load_project(PROJECT + b'[ci.github]\nruns_on = "arc"\n').ci.github.runs_on == ("arc",)
    issuer = "https://token.actions.githubusercontent.com/acme"
    assert load_project(PROJECT + f'[ci]\ngithub = "{issuer}"\n'.encode()).ci.github.issuer == issuer


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_wrong_value_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert old in SHAPED
    text = SHAPED.replace(old, new)
    with pytest.raises(ConfigurationError) as error:
        load_project(text.encode())
    (problem,) = error.value.problems
    assert message in problem.message
    assert problem.hint
    assert problem.location
    table = text.splitlines().index("[ci.github]") + 1
    assert (problem.location.line or 0) >= table


def test_job_and_environment_of_one_name_have_no_common_role() -> None:
    text = (
        PROJECT.decode().replace("staging", "plan") + '[ci.github.roles]\nplan = "arn:aws:iam::444444444444:role/p"\n'
    )
    with pytest.raises(ConfigurationError) as error:
        load_project(text.encode())
    assert [problem.code for problem in error.value.problems] == ["E042"]
