"""The Reviews port on GitHub Actions: the reviewers of a job for one of GitHub's environments.

https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from envctl.adapters.forge.github import API_URL, GithubApi
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError

AUTHORS_SECONDS = 5.0
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def find_token(env: Mapping[str, str]) -> str:
    """Return the token of a job of GitHub, without the line end that a secret may have; empty if there is none."""
    return env.get("GITHUB_TOKEN", "").strip() or env.get("GH_TOKEN", "").strip()


@dataclass(frozen=True, eq=False, repr=False)
class GithubReviews:
    """`environ` is the environment of the job, with the run set by GitHub and the token by the workflow."""

    environ: Callable[[], Mapping[str, str]]

    def list_approvers(self, environment: str) -> Sequence[str]:
        env = self.environ()
        repository, run = env.get("GITHUB_REPOSITORY", ""), env.get("GITHUB_RUN_ID", "")
        if env.get("GITHUB_ACTIONS") != "true" or not (repository and run.isdecimal()):
            message = "no reviewer started this: it is not a job of GitHub Actions"
            raise UsageError(Problem("E037", message, format_command("approve", environment, gate="…")))
        token = find_token(env)
        if not token:
            message = "the reviewers of this job are unknown: the step has no token"
            raise UsageError(Problem("E037", message, "pass it: env: GITHUB_TOKEN: ${{ github.token }}"))
        api = GithubApi(repository=repository, token=token, url=env.get("GITHUB_API_URL") or API_URL, environ=env)
        # GitHub compares the names of environments without regard to case.
        return [
            review.reviewer
            for review in api.list_reviews(int(run))
            if environment.casefold() in {name.casefold() for name in review.environments}
        ]

    def has_reviews(self) -> bool:
        env = self.environ()
        is_run = bool(env.get("GITHUB_REPOSITORY")) and env.get("GITHUB_RUN_ID", "").isdecimal()
        return env.get("GITHUB_ACTIONS") == "true" and is_run and bool(find_token(env))

    def list_authors(self, commit: str, since: str = "") -> Sequence[str]:
        env = self.environ()
        repository, token = env.get("GITHUB_REPOSITORY", ""), find_token(env)
        if env.get("GITHUB_ACTIONS") != "true" or not (repository and token and _COMMIT.fullmatch(commit)):
            return ()
        # A deployment waits for it: give up early on a slow GitHub.
        url, few = env.get("GITHUB_API_URL") or API_URL, AUTHORS_SECONDS
        api = GithubApi(repository=repository, token=token, url=url, environ=env, patience=few, longest_pause=few)
        return api.list_authors(commit, since if _COMMIT.fullmatch(since) else "")
