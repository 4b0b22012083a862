"""GitLab CI: log folds, merge request notes and issues. GitLab masks variables itself, at their definition."""

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING

from envctl.cli.ci.job import CiJob
from envctl.cli.output.job_log import break_markers

if TYPE_CHECKING:
    from envctl.adapters.forge.gitlab import GitlabApi
    from envctl.cli.ci.job_run import JobRun

TOKEN = "ENVCTL_GITLAB_TOKEN"  # noqa: S105 (its name)
# Clears the line, to hide the marker: docs.gitlab.com/ci/jobs/job_logs, "custom collapsible sections".
_CLEAR = "\x1b[0K"


class GitlabJob(CiJob):
    root_variable = "CI_PROJECT_DIR"

    def format_fold_start(self, name: str, title: str) -> str:
        start = f"section_start:{int(time.time())}:{_to_section_name(name)}[collapsed=true]"
        return f"{_CLEAR}{start}\r{_CLEAR}{break_markers(title)}"

    def format_fold_end(self, name: str) -> str:
        return f"{_CLEAR}section_end:{int(time.time())}:{_to_section_name(name)}\r{_CLEAR}"

    def _find_run(self, at: datetime) -> "JobRun | None":
        from envctl.cli.ci.job_run import find_gitlab_run

        return find_gitlab_run(self._environment, at)

    def _create_api(self) -> "GitlabApi":
        from envctl.adapters.forge.gitlab import API_URL, GitlabApi
        from envctl.domain.errors import Problem, UsageError

        variables = self._environment
        project, token = variables.get("CI_PROJECT_ID", ""), variables.get(TOKEN, "").strip()
        if not (project and token):
            message = f"can't write to GitLab: the job has no {TOKEN}, and its own token has no write permission"
            hint = "set this CI/CD variable to a project access token with the scope api"
            raise UsageError(Problem("E037", message, hint))
        url, ca_file = variables.get("CI_API_V4_URL") or API_URL, variables.get("CI_SERVER_TLS_CA_FILE", "")
        return GitlabApi(
            project=project,
            token=token,
            url=url,
            environ=variables,
            authorities=ca_file,
            name=variables.get("CI_PROJECT_PATH", ""),
        )

    def _find_pull_request(self) -> int:
        from envctl.domain.errors import Problem, UsageError

        variables = self._environment
        found = variables.get("CI_MERGE_REQUEST_IID", "")
        # The merge request of a fork belongs to another project, without access by this token.
        own = variables.get("CI_PROJECT_ID")
        if not found.isdigit() or variables.get("CI_MERGE_REQUEST_PROJECT_ID", own) != own:
            hint = 'leave --comment out, or run it where $CI_PIPELINE_SOURCE == "merge_request_event"'
            raise UsageError(Problem("E037", "no merge request to comment on", hint))
        return int(found)


def _to_section_name(name: str) -> str:
    return "envctl_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
