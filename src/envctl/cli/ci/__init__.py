"""Integration with CI systems: annotations, outputs, summaries, log folds and masks.

Begin with `job.py`: `CiJob`. Out of scope: generated workflows (`domain/ci/`), and REST APIs (`adapters/forge/`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envctl.cli.options.global_options import Options

if TYPE_CHECKING:
    from envctl.cli.ci.job import CiJob


def detect_job(options: Options, environment: Mapping[str, str]) -> "CiJob | None":
    """Return the CI job of this command; None outside of a known CI system, and with `--no-ci`."""
    if options.no_ci:
        return None
    if environment.get("GITHUB_ACTIONS") == "true":
        from envctl.cli.ci.github import GithubJob

        return GithubJob(options, environment)
    if environment.get("GITLAB_CI") == "true":
        from envctl.cli.ci.gitlab import GitlabJob

        return GitlabJob(options, environment)
    return None
