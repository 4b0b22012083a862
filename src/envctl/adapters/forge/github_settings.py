"""The CiSettings port on GitHub.

https://docs.github.com/rest/deployments/environments
https://docs.github.com/rest/repos/rules
https://docs.github.com/rest/actions/oidc
"""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from envctl.adapters.forge.setting_requests import READ_SECONDS, MissingError, RefusedError, SettingRequests
from envctl.domain.ci.inspection.settings import (
    GithubBranch,
    GithubEnvironment,
    GithubSettings,
    GithubWorkflow,
    SubjectTemplate,
    Unread,
)
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.ci import WantedSettings

WORKFLOWS_FOLDER = ".github/workflows"
_UNPROTECTED = "Branch not protected"
_HINT = "use a token of an administrator of the repository: gh auth token"


class GithubSettingsReader:
    """Reads the settings of one repository. `environ` names proxies; `patience` and `pause` are in seconds."""

    def __init__(
        self,
        repository: str,
        token: str,
        url: str,
        environ: Mapping[str, str],
        *,
        patience: float = READ_SECONDS,
        pause: float = 0.5,
    ) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._repository = repository
        address = f"{url.rstrip('/')}/repos/{quote(repository)}"
        self._requests = SettingRequests(
            forge="GitHub", url=address, headers=headers, environ=environ, patience=patience, pause=pause
        )

    def read_settings(self, wanted: WantedSettings) -> GithubSettings:
        fetch, read, read_optional = self._requests.fetch, self._requests.read, self._requests.read_optional
        repository = read(fetch)
        default = read(lambda: get_text(repository, "default_branch")) if isinstance(repository, dict) else repository
        if isinstance(default, Unread):
            raise OperationFailedError(Problem("E484", f"{self._repository} can't be read: {default.reason}", _HINT))
        branch, environments = wanted.branch or default, wanted.environments
        is_public = not isinstance(repository, Unread) and repository.get("private") is False
        return GithubSettings(
            branch_name=branch,
            branch=read(partial(self._read_branch, branch)),
            environments={name: read_optional(partial(self._read_environment, name)) for name in environments},
            subject=read(self._read_subject),
            has_code_owners=read(self._has_code_owners),
            jobs_may_approve=read(
                lambda: bool(fetch("actions/permissions/workflow")["can_approve_pull_request_reviews"])
            ),
            # GitHub gives such tokens in private repositories alone.
            forks_get_tokens=False if is_public else read(self._do_forks_get_tokens),
            variables={name: read(partial(self._list_variables, name)) for name in ("", *environments)},
            workflows={
                kind: read_optional(partial(self._read_text, path, branch)) for kind, path in wanted.workflows.items()
            },
            other_workflows=read_optional(partial(self._list_other_workflows, wanted, branch)) or {},
        )

    def _read_branch(self, branch: str) -> GithubBranch:
        rules = self._requests.list(f"rules/branches/{quote(branch, safe='')}")
        by_kind = {str(rule["type"]): rule.get("parameters") or {} for rule in rules}
        pulls = [rule.get("parameters") or {} for rule in rules if rule["type"] == "pull_request"]
        checks = by_kind.get("required_status_checks", {}).get("required_status_checks", ())
        classic, unread = self._read_protection(branch)
        reviews = classic.get("required_pull_request_reviews")
        pulls += [reviews] if reviews else []
        names = [str(each["context"]) for each in checks]
        names += [str(name) for name in (classic.get("required_status_checks") or {}).get("contexts", ())]
        force = (classic.get("allow_force_pushes") or {}).get("enabled", True)
        return GithubBranch(
            approvals=max((int(each.get("required_approving_review_count", 0)) for each in pulls), default=None),
            needs_code_owners=any(
                each.get("require_code_owner_review") or each.get("require_code_owner_reviews") for each in pulls
            ),
            checks=tuple(dict.fromkeys(names)),
            has_merge_queue="merge_queue" in by_kind,
            blocks_force_push="non_fast_forward" in by_kind or not force,
            unread=unread,
            is_protected=None if unread else bool(classic),
        )

    def _read_protection(self, branch: str) -> tuple[Mapping[str, Any], str]:
        """Return the classic protection of the branch, empty without one, and why it could not be read."""
        try:
            found = self._requests.fetch(f"branches/{quote(branch, safe='')}/protection")
        except MissingError as error:
            # Without the permission of an administrator GitHub answers 404 as well, with another message.
            return {}, "" if error.reason == _UNPROTECTED else str(error)
        except RefusedError as error:
            return {}, str(error)
        # Each protection has its address: another object is none.
        get_text(found, "url")
        return found, ""

    def _read_environment(self, name: str) -> GithubEnvironment:
        path = f"environments/{quote(name, safe='')}"
        found = self._requests.fetch(path)
        rules = [rule for rule in found.get("protection_rules") or () if rule.get("type") == "required_reviewers"]
        policy = found["deployment_branch_policy"]
        branches = None
        if policy is not None and policy["custom_branch_policies"]:
            listed = self._requests.list(f"{path}/deployment-branch-policies", "branch_policies")
            branches = tuple(
                f"{'tag ' if each.get('type') == 'tag' else ''}{get_text(each, 'name')}" for each in listed
            )
        return GithubEnvironment(
            branches,
            only_protected=policy is not None and bool(policy["protected_branches"]),
            reviewers=sum(len(rule.get("reviewers") or ()) for rule in rules),
            prevents_self_review=any(rule.get("prevent_self_review") for rule in rules),
            admins_bypass=bool(found.get("can_admins_bypass")),
        )

    def _read_subject(self) -> SubjectTemplate:
        found = self._requests.fetch("actions/oidc/customization/sub")
        keys = () if found["use_default"] else tuple(str(key) for key in found.get("include_claim_keys") or ())
        has_ids = found.get("use_immutable_subject")
        prefix = found.get("sub_claim_prefix")
        return SubjectTemplate(
            keys, has_ids if isinstance(has_ids, bool) else None, prefix if isinstance(prefix, str) else ""
        )

    def _has_code_owners(self) -> bool:
        try:
            return isinstance(self._requests.fetch("codeowners/errors")["errors"], list)
        except MissingError:
            return False

    def _do_forks_get_tokens(self) -> bool:
        found = self._requests.fetch("actions/permissions/fork-pr-workflows-private-repos")
        return bool(found["run_workflows_from_fork_pull_requests"] and found["send_write_tokens_to_workflows"])

    def _list_variables(self, environment: str) -> frozenset[str]:
        place = f"environments/{quote(environment, safe='')}/" if environment else "actions/"
        try:
            return frozenset(get_text(each, "name") for each in self._requests.list(f"{place}variables", "variables"))
        except MissingError:
            if environment:
                return frozenset()
            raise

    def _list_other_workflows(self, wanted: WantedSettings, branch: str) -> Mapping[str, GithubWorkflow | Unread]:
        listed = self._requests.fetch_list(f"contents/{WORKFLOWS_FOLDER}?ref={quote(branch, safe='')}")
        paths = [get_text(each, "path") for each in listed if get_text(each, "name").endswith((".yml", ".yaml"))]
        return {
            path: self._requests.read(lambda path=path: parse_workflow(path, self._read_text(path, branch)))  # type: ignore[misc]
            for path in paths
            if path not in wanted.workflows.values()
        }

    def _read_text(self, path: str, branch: str) -> str:
        found = self._requests.fetch(f"contents/{path}?ref={quote(branch, safe='')}")
        return base64.b64decode(found["content"]).decode()


def parse_workflow(path: str, text: str) -> GithubWorkflow:
    """Return what the jobs of a workflow may ask for. Raises ValueError for a text that GitHub would not run either."""
    import yaml  # type: ignore[import-untyped]

    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(path) from error
    jobs = [job for job in found["jobs"].values() if isinstance(job, dict)]
    scopes = [job.get("permissions", found.get("permissions")) for job in jobs]
    environments = [job["environment"] for job in jobs if "environment" in job]
    names = [str(each.get("name", "") if isinstance(each, dict) else each) for each in environments]
    return GithubWorkflow(path, any(map(_asks_token, scopes)), tuple(dict.fromkeys(names)))


def _asks_token(scopes: object) -> bool:
    # Without permissions of its own a job gets the default of the repository, which has no ID token.
    return scopes == "write-all" or (isinstance(scopes, dict) and scopes.get("id-token") == "write")


def get_text(found: Mapping[str, Any], key: str) -> str:
    """Return a text that must be there. Raises KeyError or TypeError."""
    value = found[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value
