"""A runner of GitLab CI on this machine: which jobs a pipeline has, and their scripts, in a shell, word for word."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from envctl.domain.ci.gitlab_pipeline import find_pipeline_path
from tests import provider_start
from tests.adapters.forge.gitlab_server import GitlabServer
from tests.e2e.conftest import CommandResult, Project
from tests.gitlab_jobs import parse_jobs
from tests.programs import SYSTEM_PATH

GENERATED_FILE = find_pipeline_path("envctl")
JOB_ID = "4242"
SAME_PROJECT = {"CI_MERGE_REQUEST_PROJECT_ID": "4711", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "4711"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7", **SAME_PROJECT}
MERGE_TRAIN = {**MERGE_REQUEST, "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}
FORK = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "12"}
ON_MAIN = {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_PROTECTED": "true"}
PUSH = {"CI_PIPELINE_SOURCE": "push", **ON_MAIN}
BY_HAND = {"CI_PIPELINE_SOURCE": "web", **ON_MAIN}
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule", **ON_MAIN}
DRIFT = {**SCHEDULE, "ENVCTL_DRIFT": "yes"}
PIPELINE_ID = "4200"
NOTE = "envctl-note"
"""The environment whose variables only the job of the note gets."""
# Makes a virtual environment, in which pip installs nothing and envctl is that of these tests.
PYTHON = """#!/bin/sh
case "$2 $3" in
  "- ") exec PROGRAM -I - ;;
  "-m venv") mkdir -p "$5/bin" && cp "$0" "$5/bin/python" ;;
  "-m pip") echo "$*" >> {log} ;;
  "-m envctl") shift 3 && exec {envctl} "$@" ;;
esac
""".replace("PROGRAM", shlex.quote(sys.executable))


def list_jobs(text: str, variables: Mapping[str, str], inputs: Mapping[str, str] | None = None) -> list[str]:
    """The names of the jobs that a pipeline has."""
    return [
        name
        for name, job in parse_jobs(text, inputs).items()
        if any(_is_met(rule["if"], variables) for rule in job["rules"])
    ]


def _is_met(condition: str, variables: Mapping[str, str]) -> bool:
    """Of the language of `rules: if`: variables, texts, null, == and !=, && before ||, and brackets."""
    words = {"&&": " and ", "||": " or ", "null": "None"}
    parts = re.findall(r'\$\w+|"[^"]*"|[=!]=|&&|\|\||null|[()]', condition)
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
    inputs: Mapping[str, str] = field(default_factory=dict)
    left: dict[str, dict[str, str]] = field(default_factory=dict)
    envctl: str = field(default_factory=provider_start.format_program)
    after: list[str] = field(default_factory=list)  # what the `after_script` of each job said

    @property
    def jobs(self) -> list[str]:
        return list_jobs(self._pipeline_text, self.variables, self.inputs)

    @property
    def home(self) -> Path:
        """The folder of a job alone."""
        return self.project.root.with_name(f"{self.project.root.name}.tmp") / f"envctl-{JOB_ID}"

    def run_job(self, name: str, *, meanwhile: Callable[[int], None] | None = None) -> CommandResult:
        """`meanwhile` gets the process id of the shell as soon as it runs."""
        assert name in self.jobs
        job = parse_jobs(self._pipeline_text, self.inputs)[name]
        folder = self._prepare_folder(job)
        environment = self._build_environment(job) | {"CI_PROJECT_DIR": os.fspath(folder)}
        lines = "\n".join([*job.get("before_script", []), *job["script"]])
        # What a runner makes of the lines.
        script = f"set -eo pipefail\nset +o noclobber\n: | eval {shlex.quote(lines)}\nexit 0\n"
        done = self._run_shell(script, environment, folder, meanwhile)
        status = {0: "success", -signal.SIGTERM: "canceled"}.get(done.code, "failed")
        # One shell for all of them.
        after = "\n".join(["set -eo pipefail", *job.get("after_script", [])])
        self.after.append(self._run_shell(after, {**environment, "CI_JOB_STATUS": status}, folder).out)
        self._collect_reports(name, job, done.code)
        return done

    def run_checked(self, name: str) -> CommandResult:
        ran = self.run_job(name)
        assert ran.code == 0, f"{name}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def is_warning(self, name: str, code: int) -> bool:
        """If GitLab lets the pipeline go on after a job with this exit code."""
        job = parse_jobs(self._pipeline_text, self.inputs)[name]
        return code in job.get("allow_failure", {}).get("exit_codes", [])

    @property
    def pip_calls(self) -> list[str]:
        log = self.project.home / "pip.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def _pipeline_text(self) -> str:
        return (self.project.root / GENERATED_FILE).read_text()

    def _prepare_folder(self, job: Mapping[str, Any]) -> Path:
        """A job without a checkout has a folder with the artifacts of those it needs, and nothing else."""
        if _expand(job.get("variables", {}).get("GIT_STRATEGY", ""), {}) != "none":
            return self.project.root
        folder = self.project.home / "without checkout"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        every = parse_jobs(self._pipeline_text, self.inputs)
        for path in (path for need in job.get("needs", []) for path in every[need]["artifacts"].get("paths", [])):
            file = _expand(path, {"CI_PIPELINE_ID": PIPELINE_ID})
            if (self.project.root / file).exists():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.project.root / file, folder / file)
        return folder

    def _run_shell(
        self,
        script: str,
        environment: Mapping[str, str],
        folder: Path,
        meanwhile: Callable[[int], None] | None = None,
    ) -> CommandResult:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if meanwhile:
                meanwhile(process.pid)
            out, err = process.communicate(timeout=240)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        assert "Traceback" not in err, err
        return CommandResult(process.returncode, out, err)

    def _build_environment(self, job: Mapping[str, Any]) -> dict[str, str]:
        tokens = dict.fromkeys(job.get("id_tokens", {}), "a.token.planted")
        needed = {name: value for need in job.get("needs", []) for name, value in self.left.get(need, {}).items()}
        known = {
            **self.server.environment,
            "CI": "true",
            "CI_PROJECT_DIR": os.fspath(self.project.root),
            "CI_JOB_ID": JOB_ID,
            "CI_PIPELINE_ID": PIPELINE_ID,
            "CI_PIPELINE_URL": f"https://gitlab.com/acme/shop/-/pipelines/{PIPELINE_ID}",
            "CI_COMMIT_SHA": "c" * 40,
            "CI_ENVIRONMENT_NAME": job.get("environment", {}).get("name", ""),
            "GITLAB_USER_EMAIL": "ann@example.com",
            **tokens,
            **needed,
        }
        del known["CI_MERGE_REQUEST_IID"], known["CI_MERGE_REQUEST_PROJECT_ID"]
        known |= {**self.variables, **self.secrets}
        # The variable is there twice: for all jobs it is protected.
        if known["CI_ENVIRONMENT_NAME"] != NOTE and known.get("CI_COMMIT_REF_PROTECTED") != "true":
            del known["ENVCTL_GITLAB_TOKEN"]
        own = {name: _expand(value, known) for name, value in job.get("variables", {}).items() if name not in known}
        return self.project.build_environment(**known, **own) | {
            "PATH": f"{self._create_program_folder()}:{SYSTEM_PATH}"
        }

    def _create_program_folder(self) -> Path:
        """Where `python3` is, and an `envctl` that nobody is to trust."""
        folder = self.project.home / "bin"
        folder.mkdir(exist_ok=True)
        log = shlex.quote(os.fspath(self.project.home / "pip.log"))
        programs = {"python3": PYTHON.format(log=log, envctl=self.envctl), "envctl": "#!/bin/sh\nexit 99\n"}
        for name, text in programs.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        return folder

    def _collect_reports(self, name: str, job: Mapping[str, Any], code: int) -> None:
        reports = job.get("artifacts", {}).get("reports", {})
        file = self.project.root / reports.get("dotenv", "nothing")
        self.left[name] = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
        junit = reports.get("junit", [])
        for path in junit if isinstance(junit, list) else [junit]:
            there = (self.project.root / path).exists()
            assert there or code != 0, f"{name} left no {path}"
            (self.project.root / path).unlink(missing_ok=True)


def _expand(value: str | Mapping[str, Any], known: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return str(value["value"])
    return Template(value).safe_substitute(_EmptyIfMissing(known))


class _EmptyIfMissing(dict[str, str]):
    """A variable that there is not is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def stop_job(shell: int) -> None:
    """As a runner does with the container of a cancelled job: each process but the first one gets SIGTERM."""
    for process in _list_descendants(shell):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


def _list_descendants(process: int) -> list[int]:
    """Return their process ids, the youngest first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # After the name, which may hold anything.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = [process]
    while waiting:
        own = children.get(waiting.pop(), [])
        found += own
        waiting += own
    return sorted(found, reverse=True)
