"""The Reviews port on GitHub Actions: who let a job begin that is for one of GitHub's environments.

https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
"""

import re
from collections.abc import Callable, Mapping, Sequence

from envctl.adapters.forge.github import URL, GithubApi
from envctl.domain.errors import Problem, UsageError

AUTHORS_SECONDS = 5.0
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class GithubReviews:
    """`environ` is that of the job: GitHub says there which run it is, and the workflow hands a token over."""

    def __init__(self, environ: Callable[[], Mapping[str, str]]) -> None:
        self._environ = environ

    def approved(self, environment: str) -> Sequence[str]:
        known = self._environ()
        repository, run = known.get("GITHUB_REPOSITORY", ""), known.get("GITHUB_RUN_ID", "")
        if known.get("GITHUB_ACTIONS") != "true" or not (repository and run.isdecimal()):
            message = "nobody has let this begin as a reviewer: it is no job of GitHub Actions"
            raise UsageError(Problem("E037", message, f"envctl approve {environment} --gate …"))
        token = known.get("GITHUB_TOKEN") or known.get("GH_TOKEN", "")
        if not token:
            message = "GitHub can't be asked who let this job begin: the step has no token"
            raise UsageError(Problem("E037", message, "hand it over: env: GITHUB_TOKEN: ${{ github.token }}"))
        api = GithubApi(repository, token, known.get("GITHUB_API_URL") or URL, known)
        # GitHub's environments are told apart without regard to case.
        names = [
            review.reviewer
            for review in api.reviews(int(run))
            if environment.casefold() in {name.casefold() for name in review.environments}
        ]
        return list(dict.fromkeys(names))

    def authors(self, commit: str) -> Sequence[str]:
        known = self._environ()
        repository, token = known.get("GITHUB_REPOSITORY", ""), known.get("GITHUB_TOKEN") or known.get("GH_TOKEN", "")
        if known.get("GITHUB_ACTIONS") != "true" or not (repository and token and _COMMIT.fullmatch(commit)):
            return ()
        # It is asked before something is deployed: what GitHub can't say at once is left unsaid.
        api = GithubApi(repository, token, known.get("GITHUB_API_URL") or URL, known, patience=AUTHORS_SECONDS)
        return api.authors(commit)
