"""Settings of a project on GitLab: each weak one is a finding of its own, and an unread one is never fine."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.ci.inspection import gitlab, setup
from envctl.domain.ci.inspection.gitlab import GitlabExpectation
from envctl.domain.ci.inspection.settings import (
    GitlabApprovals,
    GitlabBranch,
    GitlabEnvironment,
    GitlabSettings,
    GitlabVariable,
    Unread,
)
from envctl.domain.findings import Finding

WANTED = GitlabExpectation("https://gitlab.com/acme/shop", frozenset({"prod"}))
VARIABLES = setup.list_role_variables({"prod": "prod"})
BRANCH = GitlabBranch((), False, True)
APPROVALS = GitlabApprovals(1)
SET = (
    GitlabVariable("ENVCTL_ROLE", "prod", True),
    GitlabVariable("ENVCTL_PLAN_ROLE"),
    GitlabVariable("ENVCTL_DRIFT_ROLE", "*", True),
    GitlabVariable("ENVCTL_GITLAB_TOKEN", "envctl-note", False, True),
)
FINE = GitlabSettings(
    branch_name="main",
    branch=BRANCH,
    environments={"prod": GitlabEnvironment(40, 1)},
    approvals=APPROVALS,
    queues={"envctl-prod": "unordered"},
    limits_job_token=True,
    variables=SET,
    overriders="no_one_allowed",
    prevents_outdated=True,
    subject_claims=("project_path", "ref_type", "ref", "environment_protected", "deployment_tier"),
)
UNREAD = Unread("GitLab answers 403: no")


def check_all(settings: GitlabSettings) -> Iterator[Finding]:
    yield from setup.check_gitlab_setup(settings, WANTED, VARIABLES)
    yield from gitlab.check_branch(settings, WANTED)
    yield from gitlab.check_jobs(settings, WANTED)
    yield from gitlab.check_environment(settings, WANTED, "prod")


def list_amiss(settings: GitlabSettings) -> list[tuple[str, str]]:
    return [(each.name, each.verdict) for each in check_all(settings) if each.verdict != "good"]


def add(*variables: GitlabVariable) -> GitlabSettings:
    return replace(FINE, variables=(*SET, *variables))


def change(field: str, **more: Any) -> GitlabSettings:
    return replace(FINE, **{field: replace(getattr(FINE, field), **more)})


def test_strong_settings_give_no_finding() -> None:
    assert list_amiss(FINE) == []


WEAK: dict[str, tuple[GitlabSettings, list[tuple[str, str]]]] = {
    "sub names the branch alone": (
        replace(FINE, subject_claims=("project_path", "ref_type", "ref")),
        [("sub", "warn")],
    ),
    "this GitLab does not say what sub names": (replace(FINE, subject_claims=()), [("sub", "warn")]),
    "sub names no branch": (replace(FINE, subject_claims=("project_path", "ref_type")), [("sub", "bad")]),
    "main is not protected": (replace(FINE, branch=None), [("branch", "bad")]),
    "maintainers push": (change("branch", pushers=("Maintainers",)), [("pushes", "bad")]),
    "commits may be replaced": (change("branch", allows_force_push=True), [("force push", "bad")]),
    "no code owners": (change("branch", needs_code_owners=False), [("code owners", "warn")]),
    "no approval": (change("approvals", needed=0), [("approvals", "bad")]),
    "the author approves": (change("approvals", author_counts=True), [("self-approval", "bad")]),
    "committers approve": (change("approvals", committers_count=True), [("committers", "warn")]),
    "approvals stay": (change("approvals", survive_push=True), [("later pushes", "warn")]),
    "the oldest blocks": (replace(FINE, queues={"envctl-prod": "oldest_first"}), [("queue", "bad")]),
    "older pipelines deploy": (replace(FINE, prevents_outdated=False), [("outdated jobs", "bad")]),
    "every project's jobs come in": (replace(FINE, limits_job_token=False), [("job tokens", "bad")]),
    "developers choose variables": (replace(FINE, overriders="developer"), [("pipeline variables", "bad")]),
    "a role nobody knows chooses": (replace(FINE, overriders=""), [("pipeline variables", "bad")]),
    "prod is not protected": (replace(FINE, environments={}), [("environment", "bad")]),
    "developers deploy": (replace(FINE, environments={"prod": GitlabEnvironment(30, 1)}), [("deployers", "warn")]),
    "prod needs no approval": (replace(FINE, environments={"prod": GitlabEnvironment(40)}), [("approvals", "warn")]),
    "a key of AWS": (add(GitlabVariable("AWS_SECRET_ACCESS_KEY", "*", True, True)), [("variables", "bad")]),
    "a secret in the log": (add(GitlabVariable("DATADOG_API_KEY", "*", True)), [("variables", "bad")]),
    "a secret of every branch": (add(GitlabVariable("NPM_TOKEN", "*", False, True)), [("variables", "warn")]),
    "a role of every branch": (
        replace(FINE, variables=(GitlabVariable("ENVCTL_ROLE", "prod"), *SET[1:])),
        [("variables", "warn")],
    ),
    "one role for all": (
        replace(FINE, variables=(GitlabVariable("ENVCTL_ROLE", "*", True), *SET[1:])),
        [("variables", "bad")],
    ),
    "prod has no role": (replace(FINE, variables=SET[1:]), [("role of prod", "bad")]),
    "no token for notes": (replace(FINE, variables=SET[:3]), [("token", "warn")]),
    "the token is protected": (
        replace(FINE, variables=(*SET[:3], GitlabVariable("ENVCTL_GITLAB_TOKEN", "*", True, True))),
        [("token", "warn")],
    ),
    "each branch has the token": (
        replace(FINE, variables=(*SET[:3], GitlabVariable("ENVCTL_GITLAB_TOKEN", "*", False, True))),
        [("variables", "warn")],
    ),
}


@pytest.mark.parametrize("name", WEAK)
def test_each_weak_setting_is_one_finding(name: str) -> None:
    settings, wanted = WEAK[name]
    assert list_amiss(settings) == wanted
    (found,) = [each for each in check_all(settings) if each.verdict != "good"]
    assert found.mend, name


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("branch_name", ["branch"]),
        ("branch", ["branch"]),
        ("environments", ["environment"]),
        ("approvals", ["approvals"]),
        ("queues", ["queues"]),
        ("limits_job_token", ["job tokens"]),
        ("variables", ["variables", "variables"]),
        ("overriders", ["pipeline variables"]),
        ("prevents_outdated", ["outdated jobs"]),
    ],
)
def test_unread_setting_is_not_checked(field: str, names: list[str]) -> None:
    changes: dict[str, Any] = {field: UNREAD}
    found = [each for each in check_all(replace(FINE, **changes)) if each.verdict != "good"]
    assert [(each.name, each.verdict, each.seen) for each in found] == [
        (name, "unseen", f"not checked: {UNREAD.reason}") for name in names
    ]


def test_commands_name_job_and_scope() -> None:
    (found,) = [each for each in check_all(WEAK["prod has no role"][0]) if each.verdict == "bad"]
    wanted = "; or glab variable set ENVCTL_ROLE arn:aws:iam::ACCOUNT:role/envctl-ci-prod --scope prod --protected"
    assert found.mend.endswith(wanted)
