"""A GitHub and a GitLab of the tests that know the settings of one repository."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from envctl.adapters.forge.github_settings import GithubSettingsReader
from envctl.adapters.forge.gitlab_settings import GitlabSettingsReader
from envctl.usecases.ports.ci import CiSettings
from tests.adapters.forge import github_server, gitlab_server
from tests.adapters.forge.github_server import GithubServer
from tests.adapters.forge.gitlab_server import GitlabServer
from tests.adapters.forge.server import Answer, serving

PLAN_TEXT = "on:\n  pull_request:\n  merge_group:\n"
DEPLOY_TEXT = "concurrency:\n  group: envctl-prod\n  queue: max\n"


@dataclass
class GithubWithSettings(GithubServer):
    """`routes` are documents, or a status and a document, by the path below the repository."""

    routes: dict[str, Any] = field(default_factory=lambda: dict(GITHUB_ROUTES))

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer:
        below = path.removeprefix("/repos/acme/shop").removeprefix("/")
        return _find_route(self, method, below, query, target)

    def reader(self, **more: Any) -> CiSettings:
        return GithubSettingsReader("acme/shop", github_server.TOKEN, self.url, {}, **more)


class GitlabWithSettings(GitlabServer):
    """As `GithubWithSettings`."""

    def __init__(self) -> None:
        super().__init__()
        self.routes: dict[str, Any] = dict(GITLAB_ROUTES)

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer:
        below = path.removeprefix("/api/v4/projects/acme%2Fshop").removeprefix("/")
        return _find_route(self, method, below, query, target)

    def reader(self, **more: Any) -> CiSettings:
        return GitlabSettingsReader("acme/shop", gitlab_server.TOKEN, self.url, {}, **more)


AnyServer = GithubWithSettings | GitlabWithSettings


def _find_route(server: AnyServer, method: str, path: str, query: Mapping[str, str], target: str) -> Answer:
    assert method == "GET"
    found = server.routes.get(path, (404, {"message": "Not Found"}))
    if isinstance(found, tuple):
        return found[0], found[1], ""
    if isinstance(found, list) and "per_page" in query:
        return server.paged(found, query, target)
    return 200, found, ""


def encode_file(text: str) -> dict[str, str]:
    return {"content": base64.encodebytes(text.encode()).decode(), "encoding": "base64"}


def build_environment(**more: Any) -> dict[str, Any]:
    reviewers = [{"type": "Team", "reviewer": {"slug": "ops"}}]
    return {
        "name": "prod",
        "can_admins_bypass": False,
        "protection_rules": [
            {"type": "branch_policy"},
            {"type": "required_reviewers", "prevent_self_review": True, "reviewers": reviewers},
        ],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        **more,
    }


PULL_RULE = {"required_approving_review_count": 1, "require_code_owner_review": True}
RULES = [
    {"type": "pull_request", "parameters": PULL_RULE},
    {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "plan"}]}},
    {"type": "non_fast_forward"},
    {"type": "merge_queue", "parameters": {}},
]
SUBJECT = {"use_default": True, "use_immutable_subject": True, "sub_claim_prefix": "repo:acme@1/shop@2"}
WORKFLOWS = "contents/.github/workflows"
WORKFLOW_PATHS = {name: f"{WORKFLOWS}/envctl-{name}.yml" for name in ("plan", "deploy", "drift", "operate")}
LINT_TEXT = "on: push\njobs:\n  lint:\n    runs-on: ubuntu-24.04\n    steps: []\n"
GITHUB_ROUTES: dict[str, Any] = {
    "": {"default_branch": "main", "id": 2, "private": True},
    "rules/branches/main": RULES,
    "branches/main/protection": (404, {"message": "Branch not protected"}),
    "environments/prod": build_environment(),
    "environments/prod/deployment-branch-policies": {"branch_policies": [{"name": "main", "type": "branch"}]},
    "environments/prod/variables": {"variables": [{"name": "ENVCTL_ROLE", "value": "arn"}]},
    "actions/variables": {"variables": [{"name": "ENVCTL_PLAN_ROLE"}, {"name": "ENVCTL_DRIFT_ROLE"}]},
    "actions/oidc/customization/sub": SUBJECT,
    "actions/permissions/workflow": {"can_approve_pull_request_reviews": False},
    "actions/permissions/fork-pr-workflows-private-repos": {
        "run_workflows_from_fork_pull_requests": False,
        "send_write_tokens_to_workflows": False,
    },
    "codeowners/errors": {"errors": []},
    WORKFLOW_PATHS["plan"]: encode_file(PLAN_TEXT),
    WORKFLOW_PATHS["deploy"]: encode_file(DEPLOY_TEXT),
    WORKFLOW_PATHS["drift"]: encode_file("on:\n  schedule:\n"),
    WORKFLOW_PATHS["operate"]: encode_file("on:\n  workflow_dispatch:\n"),
    WORKFLOWS: [
        {"name": path.rpartition("/")[2], "path": path.removeprefix("contents/"), "type": "file"}
        for path in (*WORKFLOW_PATHS.values(), f"{WORKFLOWS}/lint.yml", f"{WORKFLOWS}/README.md")
    ],
    f"{WORKFLOWS}/lint.yml": encode_file(LINT_TEXT),
}
SECRET_VALUE = "planted-value-of-a-variable"
GITLAB_ROUTES: dict[str, Any] = {
    "": {
        "default_branch": "main",
        "ci_forward_deployment_enabled": True,
        "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
        "ci_id_token_sub_claim_components": ["project_path", "ref_type", "ref", "environment_protected"],
    },
    "protected_branches": [
        {
            "name": "main",
            "push_access_levels": [{"access_level": 0, "access_level_description": "No one"}],
            "allow_force_push": False,
            "code_owner_approval_required": True,
        }
    ],
    "protected_environments": [
        {"name": "prod", "deploy_access_levels": [{"access_level": 40}], "required_approval_count": 1}
    ],
    "approvals": {
        "merge_requests_author_approval": False,
        "merge_requests_disable_committers_approval": True,
        "reset_approvals_on_push": True,
    },
    "approval_rules": [{"name": "All", "approvals_required": 1}],
    "resource_groups": [{"key": "envctl-prod", "process_mode": "unordered"}],
    "job_token_scope": {"inbound_enabled": True, "outbound_enabled": False},
    "variables": [
        {"key": name, "value": SECRET_VALUE, "protected": protected, "masked": masked, "environment_scope": scope}
        for name, protected, masked, scope in (
            ("ENVCTL_ROLE", True, False, "prod"),
            ("ENVCTL_PLAN_ROLE", False, False, "*"),
            ("ENVCTL_DRIFT_ROLE", True, False, "*"),
            ("ENVCTL_GITLAB_TOKEN", False, True, "envctl-note"),
        )
    ],
}


@contextmanager
def github_with_settings() -> Iterator[GithubWithSettings]:
    told = GithubWithSettings()
    with serving(told):
        yield told


@contextmanager
def gitlab_with_settings() -> Iterator[GitlabWithSettings]:
    told = GitlabWithSettings()
    with serving(told, below="/api/v4"):
        yield told


def copy_routes(routes: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(routes))
    return copied
