"""GitLab CI: folds in the log, notes of a merge request, issues. Variables are masked there where they are defined."""

import re
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from envctl.cli.options.global_options import Options

if TYPE_CHECKING:
    from envctl.adapters.forge.gitlab import GitlabApi
    from envctl.cli.ci.conversation import Conversation
    from envctl.domain.errors import EnvctlError

TOKEN = "ENVCTL_GITLAB_TOKEN"  # noqa: S105 (its name)
# Clears the line, so that the mark itself is not seen: docs.gitlab.com/ci/jobs/job_logs, "custom collapsible sections".
_CLEAR = "\x1b[0K"


class GitlabJob:
    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    def opened(self, name: str, title: str) -> str:
        return f"{_CLEAR}section_start:{int(time.time())}:{_named(name)}[collapsed=true]\r{_CLEAR}{title}"

    def closed(self, name: str) -> str:
        return f"{_CLEAR}section_end:{int(time.time())}:{_named(name)}\r{_CLEAR}"

    def hide(self, values: Collection[str]) -> None:
        """A job can't mask what it learns on its way."""

    def demand_forge(self) -> None:
        self._conversation.demand(self._options)

    def ended(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:  # noqa: ARG002
        self._conversation.keep(self._options, command, result, error)

    @property
    def _conversation(self) -> "Conversation":
        from envctl.cli.ci.conversation import Conversation

        return Conversation(self._forge, self._merge_request)

    def _forge(self) -> "GitlabApi":
        from envctl.adapters.forge.gitlab import URL, GitlabApi
        from envctl.cli.ci.conversation import nobody

        known = self._environment
        project, token = known.get("CI_PROJECT_ID", ""), known.get(TOKEN, "")
        if not (project and token):
            message = f"GitLab can be told nothing: the job has no {TOKEN}, and its own token may write nothing"
            raise nobody(message, "put a project access token with the scope api into that CI/CD variable")
        return GitlabApi(
            project,
            token,
            known.get("CI_API_V4_URL") or URL,
            known,
            known.get("CI_SERVER_TLS_CA_FILE", ""),
            known.get("CI_PROJECT_PATH", ""),
        )

    def _merge_request(self) -> int:
        from envctl.cli.ci.conversation import nobody

        known = self._environment
        found = known.get("CI_MERGE_REQUEST_IID", "")
        # That of a fork lies in another project, for which the token is none.
        if not found.isdigit() or known.get("CI_MERGE_REQUEST_PROJECT_ID", known.get("CI_PROJECT_ID")) != known.get(
            "CI_PROJECT_ID"
        ):
            hint = 'leave --comment out, or run it where $CI_PIPELINE_SOURCE == "merge_request_event"'
            raise nobody("there is no merge request to comment on", hint)
        return int(found)


def _named(name: str) -> str:
    return "envctl_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
