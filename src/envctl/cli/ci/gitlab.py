"""GitLab CI: log folds, merge request notes and issues. GitLab masks variables itself, at their definition."""

import re
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from envctl.cli.options.global_options import Options

if TYPE_CHECKING:
    from envctl.adapters.forge.gitlab import GitlabApi
    from envctl.cli.ci.forge_publisher import ForgePublisher
    from envctl.domain.errors import EnvctlError

TOKEN = "ENVCTL_GITLAB_TOKEN"  # noqa: S105 (its name)
# Clears the line, to hide the marker: docs.gitlab.com/ci/jobs/job_logs, "custom collapsible sections".
_CLEAR = "\x1b[0K"


class GitlabJob:
    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    def format_fold_start(self, name: str, title: str) -> str:
        return f"{_CLEAR}section_start:{int(time.time())}:{_to_section_name(name)}[collapsed=true]\r{_CLEAR}{title}"

    def format_fold_end(self, name: str) -> str:
        return f"{_CLEAR}section_end:{int(time.time())}:{_to_section_name(name)}\r{_CLEAR}"

    def mask_values(self, values: Collection[str]) -> None:
        """GitLab can't mask values at run time."""

    def require_forge(self) -> None:
        self._forge_publisher.require_forge(self._options)

    def publish_result(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:  # noqa: ARG002
        self._forge_publisher.publish_result(self._options, command, result, error)

    @property
    def _forge_publisher(self) -> "ForgePublisher":
        from envctl.cli.ci.forge_publisher import ForgePublisher

        return ForgePublisher(self._create_api, self._find_merge_request)

    def _create_api(self) -> "GitlabApi":
        from envctl.adapters.forge.gitlab import API_URL, GitlabApi
        from envctl.cli.ci.forge_publisher import unavailable_error

        variables = self._environment
        project, token = variables.get("CI_PROJECT_ID", ""), variables.get(TOKEN, "")
        if not (project and token):
            message = f"GitLab can be told nothing: the job has no {TOKEN}, and its own token may write nothing"
            raise unavailable_error(message, "put a project access token with the scope api into that CI/CD variable")
        return GitlabApi(
            project,
            token,
            variables.get("CI_API_V4_URL") or API_URL,
            variables,
            variables.get("CI_SERVER_TLS_CA_FILE", ""),
            variables.get("CI_PROJECT_PATH", ""),
        )

    def _find_merge_request(self) -> int:
        from envctl.cli.ci.forge_publisher import unavailable_error

        variables = self._environment
        found = variables.get("CI_MERGE_REQUEST_IID", "")
        # The merge request of a fork belongs to another project, without access by this token.
        if not found.isdigit() or variables.get(
            "CI_MERGE_REQUEST_PROJECT_ID", variables.get("CI_PROJECT_ID")
        ) != variables.get("CI_PROJECT_ID"):
            hint = 'leave --comment out, or run it where $CI_PIPELINE_SOURCE == "merge_request_event"'
            raise unavailable_error("there is no merge request to comment on", hint)
        return int(found)


def _to_section_name(name: str) -> str:
    return "envctl_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
