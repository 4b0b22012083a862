"""GitLab CI: folds in the log. Its variables are masked where they are defined, and its reports are files."""

import re
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from envctl.domain.errors import Problem, UsageError

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError

# Clears the line, so that the mark itself is not seen: docs.gitlab.com/ci/jobs/job_logs, "custom collapsible sections".
_CLEAR = "\x1b[0K"


class GitlabJob:
    def opened(self, name: str, title: str) -> str:
        return f"{_CLEAR}section_start:{int(time.time())}:{_named(name)}[collapsed=true]\r{_CLEAR}{title}"

    def closed(self, name: str) -> str:
        return f"{_CLEAR}section_end:{int(time.time())}:{_named(name)}\r{_CLEAR}"

    def hide(self, values: Collection[str]) -> None:
        """A job can't mask what it learns on its way."""

    def demand_forge(self) -> None:
        message = "--comment and --issues are for GitHub Actions alone so far"
        raise UsageError(Problem("E037", message, "leave them out: --junit FILE shows in the merge request"))

    def ended(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:
        """Nothing reads it there."""


def _named(name: str) -> str:
    return "envctl_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
