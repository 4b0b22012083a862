"""The CI job of a command: what all CI systems have in common."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from envctl.cli.ci.result_views import find_drift, render_markdown
from envctl.cli.options.global_options import Options
from envctl.cli.output.job_log import write_command
from envctl.cli.output.redaction import current_redaction

if TYPE_CHECKING:
    from envctl.cli.ci.forge import Forge
    from envctl.cli.ci.job_run import JobRun, ProjectPlace
    from envctl.domain.errors import EnvctlError


class CiJob(ABC):
    """A job of a CI system. It formats the log lines around a fold; `name` identifies the fold.

    `root_variable` names the variable with the folder of the repository.
    """

    root_variable: ClassVar[str]

    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    @abstractmethod
    def format_fold_start(self, name: str, title: str) -> str: ...

    @abstractmethod
    def format_fold_end(self, name: str) -> str: ...

    def write_command(self, line: str) -> None:
        """Write a line for the CI system to stderr: stdout may be redirected to a file."""
        write_command(current_redaction().redact(line))

    def mask_values(self, values: Collection[str]) -> None:  # noqa: B027 (GitLab can't mask values at run time)
        """Mask these values in the log, from any source."""

    def annotate_failure(self, failure: "EnvctlError", *, is_warning: bool) -> None:  # noqa: B027 (GitHub alone has them)
        """Annotate a comment or issue that could not be written; a warning does not fail the job."""

    def require_forge(self) -> None:
        """Check that `--comment` and `--issues` can be served. Raises UsageError."""
        if self._comment_file and not self._options.issues:
            return
        self._create_api()
        if self._options.comment:
            self._find_pull_request()

    def publish_result(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:  # noqa: ARG002
        """Publish the result, the error, or both. Raises EnvctlError if a comment or issue can't be written."""
        if self._comment_file:
            from envctl.cli.output.ci_report_files import write_report

            write_report(self._comment_file, render_markdown(result, error))
        elif self._options.comment:
            from envctl.cli.ci.comment import Comment, upsert_comment

            body = current_redaction().redact(render_markdown(result, error))
            place, failed = self._find_place(), result is None
            comment = Comment(command, body, place.folder, self._find_run(datetime.now(UTC)), failed, place.may_adopt)
            if not upsert_comment(self._create_api(), self._find_pull_request(), comment):
                sys.stderr.write("the comment is of a newer run, and stays as it is\n")
        if self._options.issues and (drift := find_drift(result)) is not None:
            from envctl.cli.ci.forge_publisher import update_drift_issues

            update_drift_issues(self._create_api(), drift, self._find_place())

    @property
    def _comment_file(self) -> Path | None:
        """The file of `--comment`, if another job posts it: this one runs code of a branch."""
        file = self._environment.get("ENVCTL_COMMENT_FILE", "")
        return Path(file) if file and self._options.comment else None

    def _find_place(self) -> "ProjectPlace":
        from envctl.cli.ci.job_run import ProjectPlace, find_project_folder
        from envctl.domain.config.project import PROJECT_FILE

        root = self._environment.get(self.root_variable, "")
        folder = find_project_folder(self._options.project, root)
        return ProjectPlace(folder, not (Path(root) / PROJECT_FILE).exists())

    @abstractmethod
    def _find_run(self, at: datetime) -> "JobRun | None": ...

    @abstractmethod
    def _create_api(self) -> "Forge": ...

    @abstractmethod
    def _find_pull_request(self) -> int: ...
