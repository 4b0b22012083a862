"""The pipeline of GitLab CI for a project: a file of its own, which whatever the team has there includes."""

import fnmatch
import re
import shlex
from collections.abc import Iterator, Mapping

from envctl.domain.ci.github_workflow import Site, filled, header, scalar

MAIN, OURS = ".gitlab-ci.yml", ".gitlab/envctl.gitlab-ci.yml"
REPORTS = ("validate.xml", "preview.xml", "apply.xml", "promote.xml", "drift.xml", "outcome.env")
_FILE = re.compile(r"[^\s'\"\[\]{},]+\.ya?ml")
_MANUAL = "      when: manual\n"


def gitlab(texts: Mapping[str, str], site: Site) -> Mapping[str, str]:
    """By their path from the top of the repository."""
    parts = ["pipeline.yml", "plan.yml", "deploy/entry.yml"]
    jobs = [_filled(texts[part], site, environment=site.order[0]) for part in parts]
    arrival = f"envctl apply {site.order[0]}"
    needs = [arrival]
    for before, environment in zip(site.order, site.order[1:], strict=False):
        told = {
            "environment": environment,
            "before": before,
            "needs": f"[{', '.join(needs)}]",
            "when": _MANUAL if environment in site.protected else "",
        }
        jobs.append(_filled(texts["deploy/next.yml"], site, **told))
        # A variable only gets to a job that needs the one that left it.
        needs = [arrival, f"envctl promote {before} {environment}"]
    jobs.append(_filled(texts["drift.yml"], site))
    return {OURS: "".join(jobs), MAIN: _filled(texts["main.yml"], site)}


def includes_ours(files: Mapping[str, str]) -> bool:
    """Whether the team's own file, or one of the others that it includes, includes that of envctl. `files` holds those
    that could be read, by their path.
    """
    waiting, seen = [MAIN], {MAIN}
    while waiting:
        for named in named_files(files.get(waiting.pop(), "")):
            if fnmatch.fnmatchcase(OURS, named):
                return True
            waiting += [] if named in seen else [named]
            seen.add(named)
    return False


def named_files(text: str) -> Iterator[str]:
    """Files of YAML that are spoken of outside of comments, from the top of the repository."""
    for line in text.splitlines():
        for found in _FILE.findall(re.sub(r"(^|\s)#.*", "", line)):
            yield found.removeprefix("local:").lstrip("/")


def _filled(text: str, site: Site, **more: str) -> str:
    folder = f"{site.folder}/" if site.folder else ""
    reports = {name: scalar(f"{folder}.envctl/{name}") for name in REPORTS}
    own = {"header": header("gitlab"), "cd": shlex.quote(site.folder or "."), "ours": OURS}
    return filled(text, site, **own, **reports, **more)
