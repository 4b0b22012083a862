"""What a system of CI is told besides: annotations, outputs, a summary, folds in its log, and what to mask there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envctl.cli.options.global_options import Options

if TYPE_CHECKING:
    from envctl.cli.ci.job import Job


def job_of(options: Options, environment: Mapping[str, str]) -> "Job | None":
    """The job that this command runs in; None where it runs in none that is known, or shall not know of it."""
    if options.no_ci:
        return None
    if environment.get("GITHUB_ACTIONS") == "true":
        from envctl.cli.ci.github import GithubJob

        return GithubJob(options, environment)
    if environment.get("GITLAB_CI") == "true":
        from envctl.cli.ci.gitlab import GitlabJob

        return GitlabJob(options, environment)
    return None
