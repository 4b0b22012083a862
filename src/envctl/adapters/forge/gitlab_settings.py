"""The CiSettings port on GitLab.

https://docs.gitlab.com/api/projects
https://docs.gitlab.com/api/protected_branches
https://docs.gitlab.com/api/resource_groups
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from urllib.parse import quote

from envctl.adapters.forge.github_settings import get_text
from envctl.adapters.forge.setting_requests import READ_SECONDS, SettingRequests
from envctl.domain.ci.inspection.settings import (
    GitlabApprovals,
    GitlabBranch,
    GitlabEnvironment,
    GitlabSettings,
    GitlabVariable,
    Unread,
)
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.ci import WantedSettings

_ONLY_STARS = re.compile(r"[\[?]")
"""Special for fnmatch, but not for GitLab, where `*` alone is a wildcard."""
_HINT = "use a token with the scope read_api, of a maintainer of the project: ENVCTL_GITLAB_TOKEN"


class GitlabSettingsReader:
    """Reads the settings of one project. `environ` names proxies, `authorities` a file of certificates; `patience`
    and `pause` are in seconds.
    """

    def __init__(
        self,
        project: str,
        token: str,
        url: str,
        environ: Mapping[str, str],
        authorities: str = "",
        *,
        patience: float = READ_SECONDS,
        pause: float = 0.5,
    ) -> None:
        self._project = project
        address = f"{url.rstrip('/')}/projects/{quote(project, safe='')}"
        headers = {"PRIVATE-TOKEN": token}
        self._requests = SettingRequests(
            forge="GitLab",
            url=address,
            headers=headers,
            environ=environ,
            authorities=authorities,
            patience=patience,
            pause=pause,
        )

    def read_settings(self, wanted: WantedSettings) -> GitlabSettings:
        read, listed = self._requests.read, self._requests.list
        project = read(self._requests.fetch)
        if isinstance(project, Unread):
            raise OperationFailedError(Problem("E484", f"{self._project} can't be read: {project.reason}", _HINT))
        branch = wanted.branch or read(lambda: get_text(project, "default_branch"))
        return GitlabSettings(
            branch_name=branch,
            branch=branch if isinstance(branch, Unread) else read(partial(self._read_branch, branch)),
            environments=read(
                lambda: {get_text(each, "name"): _read_environment(each) for each in listed("protected_environments")}
            ),
            approvals=read(self._read_approvals),
            queues=read(
                lambda: {get_text(each, "key"): get_text(each, "process_mode") for each in listed("resource_groups")}
            ),
            limits_job_token=read(lambda: bool(self._requests.fetch("job_token_scope")["inbound_enabled"])),
            variables=read(self._list_variables),
            overriders=read(lambda: _find_overriders(project)),
            prevents_outdated=read(lambda: bool(project["ci_forward_deployment_enabled"])),
            subject_claims=read(lambda: tuple(map(str, project.get("ci_id_token_sub_claim_components") or ()))),
        )

    def _read_branch(self, branch: str) -> GitlabBranch | None:
        # Rules may have patterns, and a branch has the most permissive of those that match.
        found = [
            rule
            for rule in self._requests.list("protected_branches")
            if fnmatchcase(branch, _ONLY_STARS.sub(r"[\g<0>]", get_text(rule, "name")))
        ]
        if not found:
            return None
        pushers = [level for rule in found for level in rule["push_access_levels"] if _can_push(level)]
        return GitlabBranch(
            tuple(dict.fromkeys(str(level.get("access_level_description") or "others") for level in pushers)),
            allows_force_push=any(rule.get("allow_force_push") for rule in found),
            needs_code_owners=all(rule.get("code_owner_approval_required") for rule in found),
        )

    def _read_approvals(self) -> GitlabApprovals:
        found = self._requests.fetch("approvals")
        needed = [int(rule["approvals_required"]) for rule in self._requests.list("approval_rules")]
        return GitlabApprovals(
            max([int(found.get("approvals_before_merge") or 0), *needed]),
            author_counts=bool(found["merge_requests_author_approval"]),
            committers_count=not found["merge_requests_disable_committers_approval"],
            survive_push=not found["reset_approvals_on_push"],
        )

    def _list_variables(self) -> tuple[GitlabVariable, ...]:
        # GitLab sends the values too: they end here.
        return tuple(
            GitlabVariable(
                get_text(each, "key"),
                str(each.get("environment_scope") or "*"),
                is_protected=bool(each["protected"]),
                is_masked=bool(each["masked"]),
            )
            for each in self._requests.list("variables")
        )


def _can_push(level: Mapping[str, Any]) -> bool:
    # Level 0 means no access; a user, a group and a deploy key have no level of their own.
    is_named = level.get("user_id") or level.get("group_id") or level.get("deploy_key_id")
    return bool(is_named) or int(level.get("access_level") or 0) > 0


def _read_environment(found: Mapping[str, Any]) -> GitlabEnvironment:
    levels = [int(level.get("access_level") or 0) for level in found["deploy_access_levels"]]
    rules = [int(rule.get("required_approvals") or 0) for rule in found.get("approval_rules") or ()]
    approvals = max([int(found.get("required_approval_count") or 0), *rules])
    return GitlabEnvironment(min((level for level in levels if level), default=0), approvals)


def _find_overriders(project: Mapping[str, Any]) -> str:
    """Return the lowest role that may override variables; GitLab before 17.1 has a flag in place of it."""
    if "ci_pipeline_variables_minimum_override_role" in project:
        return str(project["ci_pipeline_variables_minimum_override_role"] or "developer")
    return "maintainer" if project["restrict_user_defined_variables"] else "developer"
