"""The table `[ci.gitlab]`: what it says, and its faults with their lines."""

import pytest

from envctl.adapters.toml.reader import load_project
from envctl.domain.errors import ConfigurationError

BASE = """[project]
name = "shop"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
[environments.prod]
[stacks.web]
module = "modules/web"
"""
DIGEST = "a" * 64
GOOD = f"""[ci.gitlab]
url = "https://git.example.com"
branch = "release/1.x"
prefix = "billing"
stage = "ship it"
tags = ["aws: prod"]
image = "registry.example.com:5000/acme/envctl:1.0@sha256:{DIGEST}"
program = "/opt/envctl/bin/envctl"
schedule_variable = "NIGHTLY"
paths = ["billing/**/*", "*.{{tf,tfvars}}"]
before_script = ["echo 'a: b' # c"]
after_script = ["rm -f x"]
variables = {{ TF_LOG = "$HOME: no" }}
environments = {{ prod = "billing/live" }}
[ci.gitlab.timeouts]
plan = "90m"
[ci.gitlab.roles]
plan = "arn:aws:iam::444444444444:role/envctl-ci-plan"
prod = "arn:aws:iam::444444444444:role/envctl-ci-prod"
"""


def test_everything_is_read() -> None:
    found = load_project((BASE + GOOD).encode()).ci
    assert found.gitlab == "https://git.example.com"
    assert found.gitlab_table.prefix == "billing"
    assert found.gitlab_table.environments == {"prod": "billing/live"}
    assert found.gitlab_table.timeouts.plan.total_seconds() == 5400
    assert found.gitlab_table.timeouts.deploy.total_seconds() == 10800


@pytest.mark.parametrize(
    "text", ['[ci]\ngitlab = "https://git.example.com"\n', '[ci.gitlab]\nurl = "https://git.example.com"\n']
)
def test_address_is_text_or_a_key_of_the_table(text: str) -> None:
    found = load_project((BASE + text).encode()).ci
    assert (found.gitlab, found.names_gitlab, found.gitlab_table.prefix) == ("https://git.example.com", True, "envctl")


def test_table_without_address_names_no_gitlab() -> None:
    found = load_project((BASE + '[ci.gitlab]\nprefix = "shop"\n').encode()).ci
    assert (found.gitlab, found.names_gitlab) == ("https://gitlab.com", False)


FAULTS = {
    "a number": ("gitlab = 7", "E103", "ci.gitlab must be a table"),
    "a misspelled key": ('gitlab.prefx = "a"', "E102", "ci.gitlab.prefx is not a known key"),
    "a branch that is a command": ('gitlab.branch = "$(touch x)"', "E103", "must be the name of a branch"),
    "a branch that is an option": ('gitlab.branch = "-x"', "E103", "must be the name of a branch"),
    "a prefix with a path": ('gitlab.prefix = "../x"', "E103", "must be a lower-case letter"),
    "a stage with a colon": ('gitlab.stage = "a: b"', "E103", "must be the name of a stage"),
    "a tag with a variable": ('gitlab.tags = ["$TAG"]', "E103", "ci.gitlab.tags.0 must be the tag of a runner"),
    "an image by its tag": ('gitlab.image = "python:3.13"', "E103", "must be an image with its digest"),
    "a program of the path": (
        f'gitlab = {{ program = "envctl", image = "a@sha256:{DIGEST}" }}',
        "E103",
        "must be an absolute path",
    ),
    "a program of a runner": ('gitlab.program = "/usr/bin/envctl"', "E147", "ci.gitlab.program has no image"),
    "no time": ('gitlab.timeouts.plan = "9m"', "E103", "must be from 10m to 1d"),
    "seconds": ('gitlab.timeouts.plan = "601s"', "E103", "must be from 10m to 1d, in whole minutes"),
    "a schedule by an expression": (
        'gitlab.schedule_variable = "A && B"',
        "E103",
        "must be the name of a CI/CD variable",
    ),
    "a path of the runner": ('gitlab.paths = ["/etc/*"]', "E103", "must be a path of the repository"),
    "a path with a variable": ('gitlab.paths = ["$A/*"]', "E103", "must be a path of the repository"),
    "two lines in one": ('gitlab.before_script = ["a\\nb"]', "E103", "must be one line for the shell"),
    "an input": ('gitlab.after_script = ["echo $[[ inputs.reason ]]"]', "E103", "must be one line for the shell"),
    "a name of GitLab": ('gitlab.variables.CI_COMMIT_BRANCH = "main"', "E103", "must not be set here"),
    "the role": ('gitlab.variables.AWS_ROLE_ARN = "x"', "E103", "must not be set here"),
    "code for the shell": ('gitlab.variables.BASH_ENV = "$(touch x)"', "E103", "must not be set here"),
    "code for Python": ('gitlab.variables.PYTHONPATH = "."', "E103", "must not be set here"),
    "a role with a star": ('gitlab.roles.prod = "arn:aws:iam::444444444444:role/*"', "E103", "must be a role"),
    "a role of nothing": (
        'gitlab.roles.pro = "arn:aws:iam::444444444444:role/x"',
        "E104",
        "ci.gitlab.roles names pro, which is not in the pipeline",
    ),
    "an environment of nothing": ('gitlab.environments.pro = "live"', "E104", "ci.gitlab.environments names pro"),
    "an environment with a variable": ('gitlab.environments.prod = "$X"', "E103", "must be the name of an environment"),
}


@pytest.mark.parametrize(("text", "code", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_said_with_its_line(text: str, code: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_project(f"{BASE}[ci]\n{text}\n".encode())
    (problem,) = caught.value.problems
    assert problem.code == code
    assert message in problem.message
    assert problem.location is not None
    assert problem.location.line == 10


def test_roles_and_credentials_of_runner_exclude_each_other() -> None:
    roles = 'roles = { prod = "arn:aws:iam::444444444444:role/x" }\nrunner_credentials = true\n'
    with pytest.raises(ConfigurationError) as caught:
        load_project(f"{BASE}[ci.gitlab]\n{roles}".encode())
    (problem,) = caught.value.problems
    assert (problem.code, problem.location and problem.location.line) == ("E147", 11)


def test_role_of_an_environment_named_as_a_job_is_refused() -> None:
    text = BASE.replace("prod", "plan") + '[ci.gitlab]\nroles.plan = "arn:aws:iam::444444444444:role/x"\n'
    with pytest.raises(ConfigurationError) as caught:
        load_project(text.encode())
    assert [problem.code for problem in caught.value.problems] == ["E147"]
