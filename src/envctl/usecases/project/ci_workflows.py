"""`envctl ci github` and `envctl ci gitlab`: what a system of CI needs of a project, written, or compared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from envctl.domain.ci.github_workflow import Site, github, is_ours
from envctl.domain.ci.gitlab_pipeline import MAIN, OURS, gitlab, includes_ours, named_files
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

# What git takes and needs no care anywhere: git-check-ref-format forbids less.
_BRANCH = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*")
State = Literal["current", "written", "differs", "missing", "foreign"]
System = Literal["github", "gitlab"]
_MAKERS = {"github": github, "gitlab": gitlab}


@dataclass(frozen=True)
class Workflow:
    """`path` counts from the top of the repository. A *foreign* one was not written by envctl, and stays."""

    path: str
    state: State


@dataclass(frozen=True)
class Variable:
    """What the system has to know: `environment` is the one that has a variable of its own, empty for all jobs."""

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
    ports: Ports, system: System, *, check: bool, branch: str, version: str, command: str = "envctl"
) -> tuple[Workflows, EnvctlError | None]:
    """With `check` nothing is written, and what is not as it would be written is an error."""
    if not _BRANCH.fullmatch(branch):
        raise UsageError(Problem("E005", f"{branch!r} is no name of a branch", f"envctl ci {system} --branch main"))
    project = load.project(ports)
    folder = ports.versions.folder() or ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    wanted = dict(_MAKERS[system](ports.templates.workflows(system), _site(project, folder, version, branch, command)))
    found = {path: _state(ports, f"{up}{path}", text) for path, text in wanted.items()}
    of_the_team = found.get(MAIN) in ("foreign", "differs")
    if of_the_team:
        # The one file that is everybody's. It stays as it is, and includes what is envctl's.
        del found[MAIN]
    if not check and "foreign" not in found.values():
        for path, state in found.items():
            if state != "current":
                ports.tree.write(f"{up}{path}", wanted[path].encode())
                found[path] = "written"
    files = tuple(Workflow(*each) for each in found.items())
    told = Workflows(system, files, _variables(system, project.pipeline.order), _remark(project))
    left_out = of_the_team and not includes_ours(_read_all(ports, up))
    return told, _wrong(told) or (_left_out() if left_out else None)


def _site(project: Project, folder: str, version: str, branch: str, command: str) -> Site:
    region = project.store.region or project.environments[project.entry].region or "us-east-1"
    order = project.pipeline.order
    protected = {name for name in order if project.environments[name].protected}
    reviewed = {name for name in order[1:] if find_rules(project, name).reviewers}
    return Site(order, folder, region, version, branch, command, protected, reviewed)


def _state(ports: Ports, path: str, text: str) -> State:
    there = ports.tree.read(path)
    if there is None:
        return "missing"
    if there == text.encode():
        return "current"
    return "differs" if is_ours(there.decode(errors="replace")) else "foreign"


def _read_all(ports: Ports, up: str) -> Mapping[str, str]:
    """The team's own file of GitLab CI, and all files that it speaks of, over however many others."""
    files: dict[str, str] = {}
    waiting = [MAIN]
    while waiting:
        path = waiting.pop()
        if path in files or ".." in path.split("/") or (data := ports.tree.read(f"{up}{path}")) is None:
            continue
        files[path] = data.decode(errors="replace")
        waiting += named_files(files[path])
    return files


def _wrong(told: Workflows) -> OperationFailedError | None:
    foreign = [each.path for each in told.files if each.state == "foreign"]
    if foreign:
        message = f"{', '.join(foreign)} was not written by envctl: nothing was changed"
        return OperationFailedError(Problem("E038", message, "move it away, and run the command again"))
    stale = [f"{each.path} ({each.state})" for each in told.files if each.state in ("differs", "missing")]
    if stale:
        message = f"the workflows are not as envctl writes them for this project: {', '.join(stale)}"
        return OperationFailedError(Problem("E039", message, f"envctl ci {told.system}"))
    return None


def _left_out() -> OperationFailedError:
    message = f"{MAIN} does not include {OURS}: GitLab runs none of its jobs"
    return OperationFailedError(Problem("E035", message, f"add to the list of include: in {MAIN}: - local: {OURS}"))


def _remark(project: Project) -> str:
    if not project.store.url.startswith("file:"):
        return ""
    return 'jobs share no folder, and so no ledger: [store] url = "s3://BUCKET/PREFIX" in envctl.toml'


def _variables(system: System, order: Sequence[str]) -> tuple[Variable, ...]:
    of_gitlab = "a project access token with the scope api and the role Reporter: masked, and not protected"
    return (
        Variable("ENVCTL_PACKAGE", "", "what pip installs envctl from, unless the jobs have it: docs/ci.md"),
        Variable("ENVCTL_PLAN_ROLE", "", "the role that may look at every environment"),
        Variable("ENVCTL_DRIFT_ROLE", "", "the role that may look, and record what it saw"),
        *(Variable("ENVCTL_ROLE", name, f"the role that deploys to {name}") for name in order),
        *((Variable("ENVCTL_GITLAB_TOKEN", "", of_gitlab),) if system == "gitlab" else ()),
    )
