"""`envctl ci github`: the workflows of a project, written, or compared with what lies there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.project import Project
from envctl.domain.workflows import Site, github, is_ours
from envctl.usecases import load
from envctl.usecases.ports import Ports

# What git takes and needs no care anywhere: git-check-ref-format forbids less.
_BRANCH = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*")
State = Literal["current", "written", "differs", "missing", "foreign"]


@dataclass(frozen=True)
class Workflow:
    """`path` counts from the top of the repository. A *foreign* one was not written by envctl, and stays."""

    path: str
    state: State


@dataclass(frozen=True)
class Variable:
    """What GitHub has to know: `environment` is the one that has a variable of its own, empty for the repository."""

    name: str
    environment: str
    meaning: str


@dataclass(frozen=True)
class Workflows:
    """`remark` is what stands in the way of the jobs although the files are fine."""

    system: str
    files: tuple[Workflow, ...]
    variables: tuple[Variable, ...] = ()
    remark: str = ""


def workflows(
    ports: Ports, *, check: bool, branch: str, version: str, command: str = "envctl"
) -> tuple[Workflows, EnvctlError | None]:
    """With `check` nothing is written, and what is not as it would be written is an error."""
    if not _BRANCH.fullmatch(branch):
        raise UsageError(Problem("E005", f"{branch!r} is no name of a branch", "envctl ci github --branch main"))
    project = load.project(ports)
    folder = ports.versions.folder() or ""
    region = project.store.region or project.environments[project.entry].region or "us-east-1"
    order = project.pipeline.order
    reviewed = tuple(name for name in order[1:] if project.rules(name).reviewers)
    site = Site(order, folder, region, version, branch, command, reviewed)
    wanted = github(ports.templates.workflows("github"), site)
    up = "../" * (folder.count("/") + 1) if folder else ""
    found = {path: _state(ports, f"{up}{path}", text) for path, text in wanted.items()}
    if not check and "foreign" not in found.values():
        for path, state in found.items():
            if state != "current":
                ports.tree.write(f"{up}{path}", wanted[path].encode())
                found[path] = "written"
    files = tuple(Workflow(*each) for each in found.items())
    told = Workflows("github", files, _variables(order), _remark(project))
    return told, _wrong(told)


def _state(ports: Ports, path: str, text: str) -> State:
    there = ports.tree.read(path)
    if there is None:
        return "missing"
    if there == text.encode():
        return "current"
    return "differs" if is_ours(there.decode(errors="replace")) else "foreign"


def _wrong(told: Workflows) -> OperationFailedError | None:
    foreign = [each.path for each in told.files if each.state == "foreign"]
    if foreign:
        message = f"{', '.join(foreign)} was not written by envctl: nothing was changed"
        return OperationFailedError(Problem("E038", message, "move it away, and run the command again"))
    stale = [f"{each.path} ({each.state})" for each in told.files if each.state in ("differs", "missing")]
    if stale:
        message = f"the workflows are not as envctl writes them for this project: {', '.join(stale)}"
        return OperationFailedError(Problem("E039", message, "envctl ci github"))
    return None


def _remark(project: Project) -> str:
    if not project.store.url.startswith("file:"):
        return ""
    return 'jobs share no folder, and so no ledger: [store] url = "s3://BUCKET/PREFIX" in envctl.toml'


def _variables(order: Sequence[str]) -> tuple[Variable, ...]:
    return (
        Variable("ENVCTL_PLAN_ROLE", "", "the role that may look at every environment"),
        Variable("ENVCTL_DRIFT_ROLE", "", "the role that may look, and record what it saw"),
        *(Variable("ENVCTL_ROLE", name, f"the role that deploys to {name}") for name in order),
    )
