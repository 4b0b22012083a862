"""Settings of a repository on GitHub: each weak one is a finding of its own, and an unread one is never fine."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.ci.inspection import github, setup
from envctl.domain.ci.inspection.github import GithubExpectation
from envctl.domain.ci.inspection.settings import (
    GithubBranch,
    GithubEnvironment,
    GithubSettings,
    GithubWorkflow,
    SubjectTemplate,
    Unread,
)
from envctl.domain.findings import Finding

WANTED = GithubExpectation("acme/shop", "https://github.com/acme/shop", frozenset({"prod"}), frozenset({"prod"}))
GUARDED = replace(WANTED, reviewed=frozenset())
VARIABLES = setup.list_role_variables({"dev": "dev", "prod": "prod"})
BRANCH = GithubBranch(
    approvals=1, needs_code_owners=True, checks=("plan",), has_merge_queue=True, blocks_force_push=True
)
ENVIRONMENT = GithubEnvironment(("main",), reviewers=1, prevents_self_review=True)
FINE = GithubSettings(
    branch_name="main",
    branch=BRANCH,
    environments={"dev": GithubEnvironment(only_protected=True), "prod": ENVIRONMENT},
    subject=SubjectTemplate((), True, "repo:acme@1/shop@2"),
    has_code_owners=True,
    jobs_may_approve=False,
    forks_get_tokens=False,
    variables={
        "": frozenset({"ENVCTL_PLAN_ROLE", "ENVCTL_DRIFT_ROLE"}),
        "dev": frozenset({"ENVCTL_ROLE"}),
        "prod": frozenset({"ENVCTL_ROLE"}),
    },
    workflows={"plan": "merge_group", "deploy": "queue: max", "drift": ""},
)
UNREAD = Unread("GitHub answers 403: no")


def check_all(settings: GithubSettings, wanted: GithubExpectation = WANTED) -> Iterator[Finding]:
    yield from setup.check_github_setup(settings, wanted, ())
    yield from github.check_branch(settings, wanted)
    yield from github.check_jobs(settings, wanted)
    for name in ("dev", "prod"):
        yield from github.check_environment(settings, wanted, name)


def list_amiss(settings: GithubSettings, wanted: GithubExpectation = WANTED) -> list[tuple[str, str]]:
    return [(each.name, each.verdict) for each in check_all(settings, wanted) if each.verdict != "good"]


def change_branch(**more: Any) -> GithubSettings:
    return replace(FINE, branch=replace(BRANCH, **more))


def change_prod(**more: Any) -> GithubSettings:
    return replace(FINE, environments={**FINE.environments, "prod": replace(ENVIRONMENT, **more)})


def test_strong_settings_give_no_finding() -> None:
    assert list_amiss(FINE) == []


WEAK: dict[str, tuple[GithubSettings, list[tuple[str, str]]]] = {
    "no pull request is needed": (change_branch(approvals=None), [("pull request", "bad")]),
    "a pull request needs no approval": (change_branch(approvals=0), [("pull request", "bad")]),
    "no check is required": (change_branch(checks=()), [("checks", "bad")]),
    "commits may be replaced": (change_branch(blocks_force_push=False), [("force push", "bad")]),
    "code owners need not approve": (change_branch(needs_code_owners=False), [("code owners", "warn")]),
    "there are no code owners": (replace(FINE, has_code_owners=False), [("code owners", "warn")]),
    "the plan is not in the merge queue": (
        replace(FINE, workflows={**FINE.workflows, "plan": "on: pull_request"}),
        [("merge queue", "bad")],
    ),
    "waiting deployments are dropped": (
        replace(FINE, workflows={**FINE.workflows, "deploy": "group: x"}),
        [("queue", "warn")],
    ),
    "a workflow is missing": (
        replace(FINE, workflows={**FINE.workflows, "drift": None}),
        [("workflows", "bad")],
    ),
    "sub has no environment": (
        replace(FINE, subject=SubjectTemplate(("repo", "job_workflow_ref"))),
        [("sub", "bad")],
    ),
    "sub has a template": (replace(FINE, subject=SubjectTemplate(("repository_id", "context"))), [("sub", "warn")]),
    "sub has names alone": (replace(FINE, subject=SubjectTemplate((), False, "repo:acme/shop")), [("sub", "warn")]),
    "jobs may approve": (replace(FINE, jobs_may_approve=True), [("approving jobs", "bad")]),
    "another workflow asks for tokens": (
        replace(FINE, other_workflows={"lint.yml": GithubWorkflow("lint.yml", True)}),
        [("other workflow", "warn")],
    ),
    "another workflow asks for tokens as prod": (
        replace(FINE, other_workflows={"x.yml": GithubWorkflow("x.yml", True, ("pages", "prod"))}),
        [("other workflow", "warn")],
    ),
    "forks get tokens": (replace(FINE, forks_get_tokens=True), [("forks", "bad")]),
    "prod does not exist": (
        replace(FINE, environments={**FINE.environments, "prod": None}),
        [("environment", "bad")],
    ),
    "every branch may deploy": (change_prod(branches=None), [("branches", "bad")]),
    "no branch may deploy": (change_prod(branches=()), [("branches", "bad")]),
    "a pattern may deploy": (change_prod(branches=("main", "release/*")), [("branches", "bad")]),
    "another branch may deploy": (change_prod(branches=("main", "hotfix")), [("branches", "warn")]),
    "a tag may deploy": (change_prod(branches=("main", "tag main")), [("branches", "warn")]),
    "protected branches that there are none of": (
        replace(FINE, branch=replace(BRANCH, is_protected=False)),
        [("branches", "warn")],
    ),
    "nobody reviews": (change_prod(reviewers=0), [("reviewers", "bad")]),
    "one person may do both": (change_prod(prevents_self_review=False), [("self-review", "bad")]),
    "administrators may skip reviewers": (change_prod(admins_bypass=True), [("bypass", "warn")]),
}


def test_other_workflow_is_told_with_its_environment() -> None:
    asking = GithubWorkflow("x.yml", True, ("pages", "prod"))
    others: dict[str, GithubWorkflow | Unread] = {"x.yml": asking, "y.yml": GithubWorkflow("y.yml"), "z.yml": UNREAD}
    found = {each.seen: each for each in github.check_jobs(replace(FINE, other_workflows=others), WANTED)}
    said = "x.yml asks for ID tokens: it can take the role of prod, if the trust policy names no workflow"
    assert (found[said].verdict, "job_workflow_ref" in found[said].mend) == ("warn", True)
    assert found[f"not checked: z.yml: {UNREAD.reason}"].verdict == "unseen"
    assert not [seen for seen in found if "y.yml" in seen]


@pytest.mark.parametrize("name", WEAK)
def test_each_weak_setting_is_one_finding(name: str) -> None:
    settings, wanted = WEAK[name]
    assert list_amiss(settings) == wanted
    (found,) = [each for each in check_all(settings) if each.verdict != "good"]
    assert found.mend, name


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (replace(FINE, branch=UNREAD), ["rules"]),
        (replace(FINE, branch_name=UNREAD), ["rules"]),
        (replace(FINE, has_code_owners=UNREAD), ["code owners"]),
        (replace(FINE, subject=UNREAD), ["sub"]),
        (replace(FINE, jobs_may_approve=UNREAD), ["approving jobs"]),
        (replace(FINE, forks_get_tokens=UNREAD), ["forks"]),
        (replace(FINE, environments={**FINE.environments, "prod": UNREAD}), ["environment"]),
        (replace(FINE, workflows={**FINE.workflows, "plan": UNREAD}), ["workflows", "merge queue"]),
        (replace(FINE, workflows={**FINE.workflows, "deploy": UNREAD}), ["workflows", "queue"]),
    ],
)
def test_unread_setting_is_not_checked(settings: GithubSettings, names: list[str]) -> None:
    found = [each for each in check_all(settings) if each.verdict != "good"]
    assert [each.name for each in found] == names
    assert {each.verdict for each in found} == {"unseen"}
    assert all(each.seen == f"not checked: {UNREAD.reason}" for each in found if settings.branch_name == "main")


def test_missing_rule_may_stand_in_the_unread_protection() -> None:
    settings = replace(FINE, branch=GithubBranch(unread="GitHub answers 404"))
    found = {each.name: each.verdict for each in github.check_branch(settings, WANTED)}
    assert found == dict.fromkeys(("pull request", "checks", "force push", "code owners"), "unseen")


def test_reviewers_are_advice_where_gates_guard() -> None:
    assert list_amiss(change_prod(reviewers=0), GUARDED) == [("reviewers", "warn")]
    assert list_amiss(change_prod(prevents_self_review=False), GUARDED) == [("self-review", "warn")]


def test_environments_without_guard_need_no_reviewers() -> None:
    assert list_amiss(change_prod(reviewers=0), replace(GUARDED, guarded=frozenset())) == []


def check_roles(variables: dict[str, frozenset[str] | Unread]) -> list[Finding]:
    found = setup.check_github_setup(replace(FINE, variables=variables), WANTED, VARIABLES)
    return [each for each in found if each.name.startswith("role of")]


def test_role_in_a_variable_changes_without_a_review() -> None:
    assert [each.verdict for each in check_roles(dict(FINE.variables))] == ["warn"] * 4
    without = {**FINE.variables, "prod": frozenset[str]()}
    assert [(each.name, each.verdict) for each in check_roles(without)][-1] == ("role of prod", "bad")
    unread = check_roles({**FINE.variables, "": UNREAD})
    assert [each.verdict for each in unread] == ["unseen", "unseen", "warn", "warn"]
    assert all(each.mend for each in check_roles(without))


def test_roles_in_the_project_need_no_variable() -> None:
    none = replace(FINE, variables={})
    variables = setup.list_role_variables({"dev": "dev", "prod": "prod"}, {"plan", "drift", "dev", "prod"})
    found = list(setup.check_github_setup(none, WANTED, variables))
    assert [each.name for each in found] == ["workflows"]


def test_commands_name_the_repository() -> None:
    found = check_roles({"": frozenset()})[-1]
    assert found.mend == (
        'in [ci.github.roles]: prod = "arn:aws:iam::ACCOUNT:role/envctl-ci-prod"; or '
        "gh variable set ENVCTL_ROLE --repo acme/shop --env prod --body arn:aws:iam::ACCOUNT:role/envctl-ci-prod"
    )
    (found,) = [each for each in check_all(WEAK["prod does not exist"][0]) if each.verdict == "bad"]
    assert found.mend.startswith("gh api -X PUT 'repos/acme/shop/environments/prod' -F 'deployment_branch_policy[")
    assert found.mend.endswith("gh api 'repos/acme/shop/environments/prod/deployment-branch-policies' -f name=main")
