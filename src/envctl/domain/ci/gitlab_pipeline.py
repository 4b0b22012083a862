"""Render the GitLab CI pipeline of a project into its own file, to be included by the pipeline of the team."""

import fnmatch
import re
import shlex
from collections.abc import Iterator, Mapping

from envctl.domain.ci.github_workflow import WorkflowInputs, fill_template, format_header, format_yaml_scalar

MAIN_FILE, GENERATED_FILE = ".gitlab-ci.yml", ".gitlab/envctl.gitlab-ci.yml"
REPORT_FILES = ("validate.xml", "preview.xml", "apply.xml", "promote.xml", "drift.xml", "outcome.env")
_FILE = re.compile(r"[^\s'\"\[\]{},]+\.ya?ml")
_MANUAL = "      when: manual\n"


def render_gitlab_pipeline(texts: Mapping[str, str], site: WorkflowInputs) -> Mapping[str, str]:
    """Return the pipeline files by path in the repository."""
    parts = ["pipeline.yml", "plan.yml", "deploy/entry.yml"]
    jobs = [_fill_template(texts[part], site, environment=site.order[0]) for part in parts]
    arrival = f"envctl apply {site.order[0]}"
    needs = [arrival]
    for before, environment in zip(site.order, site.order[1:], strict=False):
        values = {
            "environment": environment,
            "before": before,
            "needs": f"[{', '.join(needs)}]",
            "when": _MANUAL if environment in site.protected else "",
        }
        jobs.append(_fill_template(texts["deploy/next.yml"], site, **values))
        # A variable reaches only jobs that need the job exporting it.
        needs = [arrival, f"envctl promote {before} {environment}"]
    jobs.append(_fill_template(texts["drift.yml"], site))
    return {GENERATED_FILE: "".join(jobs), MAIN_FILE: _fill_template(texts["main.yml"], site)}


def includes_generated_file(files: Mapping[str, str]) -> bool:
    """Check that the main file includes the generated one, directly or not. `files` are the readable files by path."""
    waiting, seen = [MAIN_FILE], {MAIN_FILE}
    while waiting:
        for named in find_yaml_paths(files.get(waiting.pop(), "")):
            if fnmatch.fnmatchcase(GENERATED_FILE, named):
                return True
            waiting += [] if named in seen else [named]
            seen.add(named)
    return False


def find_yaml_paths(text: str) -> Iterator[str]:
    """Yield the YAML paths named in a file outside of comments, relative to the repository."""
    for line in text.splitlines():
        for found in _FILE.findall(re.sub(r"(^|\s)#.*", "", line)):
            yield found.removeprefix("local:").lstrip("/")


def _fill_template(text: str, site: WorkflowInputs, **more: str) -> str:
    folder = f"{site.folder}/" if site.folder else ""
    reports = {name: format_yaml_scalar(f"{folder}.envctl/{name}") for name in REPORT_FILES}
    own = {"header": format_header("gitlab"), "cd": shlex.quote(site.folder or "."), "ours": GENERATED_FILE}
    return fill_template(text, site, **own, **reports, **more)
