"""What GitHub alone does: classic protection beside rulesets, tags that deploy, and answers without a permission."""

from collections.abc import Iterator

import pytest

from envctl.domain.ci.inspection.settings import GithubBranch, GithubSettings, GithubWorkflow, Unread
from envctl.usecases.ports.ci import WantedSettings
from tests.adapters.forge.setting_servers import (
    LINT_TEXT,
    WORKFLOWS,
    GithubWithSettings,
    build_environment,
    encode_file,
    github_with_settings,
)

PROTECTION = "branches/main/protection"
CLASSIC = {
    "url": "https://api.github.com/repos/acme/shop/branches/main/protection",
    "required_pull_request_reviews": {"required_approving_review_count": 2, "require_code_owner_reviews": True},
    "required_status_checks": {"contexts": ["plan", "lint"], "checks": []},
    "allow_force_pushes": {"enabled": False},
}


@pytest.fixture
def server() -> Iterator[GithubWithSettings]:
    with github_with_settings() as server:
        yield server


def read(server: GithubWithSettings) -> GithubSettings:
    found = server.reader(patience=2, pause=0.01).read_settings(WantedSettings(["prod"]))
    assert isinstance(found, GithubSettings)
    return found


def read_branch(server: GithubWithSettings) -> GithubBranch:
    found = read(server).branch
    assert isinstance(found, GithubBranch)
    return found


def test_classic_protection_counts_without_rulesets(server: GithubWithSettings) -> None:
    server.routes["rules/branches/main"] = []
    server.routes[PROTECTION] = CLASSIC
    assert read_branch(server) == GithubBranch(
        approvals=2,
        needs_code_owners=True,
        checks=("plan", "lint"),
        has_merge_queue=False,
        blocks_force_push=True,
        is_protected=True,
    )


def test_stronger_of_both_rules_counts(server: GithubWithSettings) -> None:
    server.routes[PROTECTION] = {**CLASSIC, "allow_force_pushes": {"enabled": True}}
    assert read_branch(server) == GithubBranch(
        approvals=2,
        needs_code_owners=True,
        checks=("plan", "lint"),
        has_merge_queue=True,
        blocks_force_push=True,
        is_protected=True,
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {"message": "Not Found"}), "answers 404: Not Found"),
        ((403, {"message": "Resource not accessible"}), "answers 403: Resource not accessible"),
    ],
)
def test_protection_without_permission_is_unread(
    server: GithubWithSettings, answer: tuple[int, dict[str, str]], said: str
) -> None:
    server.routes[PROTECTION] = answer
    found = read_branch(server)
    assert (said in found.unread, found.is_protected) == (True, None)


def test_branch_without_any_rule_has_none(server: GithubWithSettings) -> None:
    server.routes["rules/branches/main"] = []
    assert read_branch(server) == GithubBranch(is_protected=False)


def test_tag_is_told_from_a_branch(server: GithubWithSettings) -> None:
    policies = [{"name": "main", "type": "branch"}, {"name": "main", "type": "tag"}]
    server.routes["environments/prod/deployment-branch-policies"] = {"branch_policies": policies}
    found = read(server).environments["prod"]
    assert getattr(found, "branches", None) == ("main", "tag main")


def test_environment_without_policy_lets_all_deploy(server: GithubWithSettings) -> None:
    server.routes["environments/prod"] = build_environment(deployment_branch_policy=None, protection_rules=[])
    found = read(server).environments["prod"]
    assert (getattr(found, "branches", ""), getattr(found, "reviewers", 1)) == (None, 0)


def test_missing_environment_is_none(server: GithubWithSettings) -> None:
    del server.routes["environments/prod"]
    assert read(server).environments == {"prod": None}


@pytest.mark.parametrize(("run", "send", "wanted"), [(True, True, True), (True, False, False), (False, True, False)])
def test_forks_get_tokens_if_their_jobs_run(server: GithubWithSettings, run: bool, send: bool, wanted: bool) -> None:
    names = ("run_workflows_from_fork_pull_requests", "send_write_tokens_to_workflows")
    server.routes["actions/permissions/fork-pr-workflows-private-repos"] = dict(zip(names, (run, send), strict=True))
    assert read(server).forks_get_tokens is wanted


def test_public_repository_gives_forks_no_token(server: GithubWithSettings) -> None:
    server.routes[""] = {"default_branch": "main", "private": False}
    server.routes["actions/permissions/fork-pr-workflows-private-repos"] = (422, {"message": "only applies to"})
    assert read(server).forks_get_tokens is False


# What a workflow says, whether its jobs may ask for a token, and their environments.
OTHER_WORKFLOWS = {
    "no permissions": (LINT_TEXT, False, ()),
    "permissions of all": ("permissions: write-all\njobs:\n  a: {}\n", True, ()),
    "read-only permissions": ("permissions: read-all\njobs:\n  a: {}\n", False, ()),
    "a token for all": ("permissions:\n  id-token: write\njobs:\n  a: {}\n", True, ()),
    "a token for one": ("jobs:\n  a: {}\n  b: {permissions: {id-token: write}, environment: prod}\n", True, ("prod",)),
    "a token taken away again": ("permissions: write-all\njobs:\n  a: {permissions: {contents: read}}\n", False, ()),
    "a called workflow with a token": (
        "jobs:\n  a: {uses: acme/x/.github/workflows/y.yml@v1, permissions: {id-token: write}}\n",
        True,
        (),
    ),
    "an environment with an address": ("jobs:\n  a: {environment: {name: prod, url: x}}\n", False, ("prod",)),
    "a permission behind an anchor": (
        "x: &all {id-token: write}\njobs:\n  a: {permissions: *all, environment: '${{ inputs.e }}'}\n",
        True,
        ("${{ inputs.e }}",),
    ),
}


@pytest.mark.parametrize(("text", "asks", "environments"), OTHER_WORKFLOWS.values(), ids=OTHER_WORKFLOWS)
def test_other_workflow_is_read_for_tokens(
    server: GithubWithSettings, text: str, asks: bool, environments: tuple[str, ...]
) -> None:
    server.routes[f"{WORKFLOWS}/lint.yml"] = encode_file(text)
    path = ".github/workflows/lint.yml"
    found = read(server).other_workflows
    assert isinstance(found, dict)
    assert found[path] == GithubWorkflow(path, asks, environments)


@pytest.mark.parametrize("text", ["", "[]", "jobs: []", "jobs: {", "- a", "{{{{", "a: &a [*a]", "\x00"])
def test_unreadable_workflow_is_never_a_pass(server: GithubWithSettings, text: str) -> None:
    server.routes[f"{WORKFLOWS}/lint.yml"] = encode_file(text)
    found = read(server).other_workflows
    assert isinstance(found, dict)
    assert isinstance(found[".github/workflows/lint.yml"], Unread)


def test_repository_without_workflows_has_no_others(server: GithubWithSettings) -> None:
    server.routes = {path: route for path, route in server.routes.items() if not path.startswith(WORKFLOWS)}
    assert read(server).other_workflows == {}
