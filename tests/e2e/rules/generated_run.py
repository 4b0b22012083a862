"""One run of a workflow that `envctl ci github` wrote: its jobs, with the role, environment and words of the file."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.adapters.forge.github_server import TOKEN
from tests.e2e.conftest import CommandResult, Project
from tests.e2e.organisation import Organisation
from tests.iam.tokens import MAIN, github_token
from tests.programs import SYSTEM_PATH

EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
# Steps call the installed envctl by this path. Here it tells its words, and the envctl of the tests gets them.
ECHO = "#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done\n"


@dataclass
class GeneratedRun:
    """`workflow` is the kind of the file. Jobs are run by name, in the order of the test."""

    project: Project
    company: Organisation
    forge_url: str
    workflow: str
    actor: str = "merger"
    event: str = "push"
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)  # of the jobs that ran

    @property
    def file(self) -> str:
        return f"envctl-{self.workflow}.yml"

    @property
    def jobs(self) -> Mapping[str, Any]:
        text = (self.project.root / ".github" / "workflows" / self.file).read_text()
        found: Mapping[str, Any] = yaml.load(text, yaml.CSafeLoader)["jobs"]
        return found

    def run_job(self, name: str) -> CommandResult:
        """Run the steps of a job that take its role, up to one that fails."""
        steps = list(self.list_steps(name))
        assert steps
        for job, words in steps:
            ran = job.run(*words)
            if ran.code:
                break
        self.outputs[name] = dict(line.split("=", 1) for line in self._output.read_text().splitlines())
        return ran

    def run_checked_job(self, name: str) -> CommandResult:
        ran = self.run_job(name)
        assert ran.code == 0, f"{name}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def list_steps(self, name: str) -> Iterator[tuple[Project, tuple[str, ...]]]:
        """Yield each step that takes the role of the job: envctl as this job starts it, and its words."""
        job = self.jobs[name]
        self._output.write_text("")
        for step in job["steps"]:
            if "AWS_ROLE_ARN" in step.get("env", {}):
                env = {key: self._evaluate(str(value)) for key, value in step["env"].items()}
                yield self._start_step(job, env), self._read_words(step["run"], env)

    @property
    def _output(self) -> Path:
        return self.project.home / "outputs"

    def _start_step(self, job: Mapping[str, Any], env: Mapping[str, str]) -> Project:
        """What GitHub gives to a step: the token names the environment and the file of its job."""
        file, environment = self.project.home / "token", job.get("environment")
        extra = self.company.build_job_environment(self.actor, file)
        token = github_token(f"environment:{environment}" if environment else f"ref:{MAIN}", MAIN, file=self.file)
        self.company.write_token(file, self.actor, **token)
        github = {"GITHUB_API_URL": self.forge_url, "GITHUB_OUTPUT": os.fspath(self._output)}
        return replace(self.project, extra={**extra, **github, "GITHUB_EVENT_NAME": self.event, **env})

    def _read_words(self, script: str, env: Mapping[str, str]) -> tuple[str, ...]:
        temporary = self.project.home / "runner"
        program = temporary / "envctl" / "bin" / "python"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(ECHO)
        program.chmod(0o755)
        known = {"PATH": SYSTEM_PATH, "RUNNER_TEMP": f"{temporary}", "GITHUB_RUN_ATTEMPT": "1", **env}
        done = subprocess.run(
            ["bash", "-e", "-c", script], env=known, capture_output=True, text=True, timeout=20, check=True
        )
        words = done.stdout.split("\0")[:-1]
        assert words[:3] == ["-I", "-m", "envctl"]
        return tuple(words[3:])

    def _evaluate(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self._find_value(found[1]), text)

    def _find_value(self, expression: str) -> str:
        return next((value for each in expression.split(" || ") if (value := self._find_name(each))), "")

    def _find_name(self, name: str) -> str:
        match name.split("."):
            case ["inputs", key]:
                return self.inputs.get(key, "")
            case ["needs", job, "outputs", key]:
                # A job that did not run has none.
                own = self.jobs[job]["outputs"][key] if job in self.outputs else ""
                return EXPRESSION.sub(lambda found: self._find_output(job, found[1]), own)
        return {"github.token": TOKEN, "github.run_attempt": "1"}[name]

    def _find_output(self, job: str, expression: str) -> str:
        step = expression.removeprefix("steps.envctl.outputs.")
        return self.outputs[job].get(step, "") if step != expression else self._find_name(expression)
