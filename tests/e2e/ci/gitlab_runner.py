"""A runner of GitLab CI on this machine: which jobs a pipeline has, and their scripts, in a shell, word for word."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from envctl.domain.ci.gitlab_pipeline import GENERATED_FILE
from tests.adapters.forge.gitlab_server import GitlabServer
from tests.e2e.conftest import CommandResult, Project
from tests.gitlab_jobs import parse_jobs

MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "4711",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "4711",
}
FORK = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "12"}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
DRIFT = {**SCHEDULE, "ENVCTL_DRIFT": "yes"}
# What a runner puts before each script.
HEAD = "set -eo pipefail\nset +o noclobber\n"


def list_jobs(text: str, variables: Mapping[str, str]) -> list[str]:
    """The names of the jobs that a pipeline has."""
    return [
        name for name, job in parse_jobs(text).items() if any(_is_met(rule["if"], variables) for rule in job["rules"])
    ]


def _is_met(condition: str, variables: Mapping[str, str]) -> bool:
    """Of the language of `rules: if`: variables, texts, null, ==, && before ||, and brackets."""
    words = {"&&": " and ", "||": " or ", "null": "None"}
    parts = re.findall(r'\$\w+|"[^"]*"|==|&&|\|\||null|[()]', condition)
    assert "".join(parts) == condition.replace(" ", "")
    said = " ".join(f"known.get({part[1:]!r})" if part.startswith("$") else words.get(part, part) for part in parts)
    return bool(eval(said, {"known": variables}))


@dataclass
class GitlabRunner:
    """`left` are the variables that a job has left in a report, for those that need it. A job runs in the project's own
    folder: what one leaves there, the next one finds, as with a store and a state that they share.
    """

    project: Project
    server: GitlabServer
    variables: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    left: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def jobs(self) -> list[str]:
        return list_jobs(self._pipeline_text, self.variables)

    def run_job(self, name: str) -> CommandResult:
        assert name in self.jobs
        job = parse_jobs(self._pipeline_text)[name]
        script = HEAD + "\n".join(job["before_script"] + job["script"])
        done = subprocess.run(
            ["bash"],
            input=script,
            cwd=self.project.root,
            env=self._build_environment(job),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert "Traceback" not in done.stderr
        self._collect_reports(name, job["artifacts"]["reports"])
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def run_checked(self, name: str) -> CommandResult:
        ran = self.run_job(name)
        assert ran.code == 0, f"{name}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    @property
    def _pipeline_text(self) -> str:
        return (self.project.root / GENERATED_FILE).read_text()

    def _build_environment(self, job: Mapping[str, Any]) -> dict[str, str]:
        tokens = dict.fromkeys(job["id_tokens"], "a.token.planted")
        needed = {name: value for need in job.get("needs", []) for name, value in self.left[need].items()}
        known = {**self.server.environment, "CI": "true", "GITLAB_USER_EMAIL": "ann@example.com", **tokens, **needed}
        del known["CI_MERGE_REQUEST_IID"], known["CI_MERGE_REQUEST_PROJECT_ID"]
        known |= {**self.variables, **self.secrets}
        own = {
            name: Template(value).safe_substitute(_EmptyIfMissing(known)) for name, value in job["variables"].items()
        }
        return self.project.build_environment(**known, **own) | {
            "PATH": f"{self._create_program_folder()}:/usr/bin:/bin"
        }

    def _create_program_folder(self) -> Path:
        """Where `envctl` is: a runner has it on its path."""
        folder = self.project.home / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "envctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m envctl "$@"\n')
        (folder / "envctl").chmod(0o755)
        return folder

    def _collect_reports(self, name: str, reports: Mapping[str, Any]) -> None:
        file = self.project.root / reports.get("dotenv", "nothing")
        self.left[name] = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
        for path in reports["junit"] if isinstance(reports["junit"], list) else [reports["junit"]]:
            assert (self.project.root / path).exists(), f"{name} left no {path}"
            (self.project.root / path).unlink()


class _EmptyIfMissing(dict[str, str]):
    """A variable that there is not is empty."""

    def __missing__(self, name: str) -> str:
        return ""
