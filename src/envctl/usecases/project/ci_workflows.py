"""`envctl ci github`: write or compare the workflow files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from envctl.domain.ci.github_workflow import WorkflowInputs, is_generated, render_github_workflows
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

# Stricter than git-check-ref-format: such names need no quoting anywhere.
_BRANCH = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*")
WorkflowState = Literal["current", "written", "differs", "missing", "foreign", "edited", "other version"]
System = Literal["github", "gitlab"]
LOCAL_STORE_REMARK = (
    'jobs share no folder, so the ledger needs a bucket: [store] url = "s3://BUCKET/PREFIX" in envctl.toml'
)


@dataclass(frozen=True)
class Workflow:
    """A workflow file, by its path in the repository. A *foreign* one was not written by envctl and stays."""

    path: str
    state: WorkflowState


@dataclass(frozen=True)
class Variable:
    """A variable to define in the CI system: for one environment, or for all jobs if that is empty."""

    name: str
    environment: str
    meaning: str


@dataclass(frozen=True)
class Workflows:
    """Result for one CI system. `remark` names an obstacle outside of the files."""

    system: str
    files: tuple[Workflow, ...]
    variables: tuple[Variable, ...] = ()
    remark: str = ""


def update_workflows(
    ports: Ports, system: System, *, check: bool, branch: str, version: str, command: str = "envctl"
) -> tuple[Workflows, EnvctlError | None]:
    """Write the workflow files. With `check`, write none and return an error for each outdated file."""
    if not _BRANCH.fullmatch(branch):
        raise UsageError(
            Problem("E005", f"{branch!r} is not a valid branch name", format_command(f"ci {system}", branch="main"))
        )
    project = load.load_project(ports)
    folder = ports.version_control.locate_project() or ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    site = _build_site(project, folder, version, branch, command)
    wanted = render_github_workflows(ports.templates.load_workflows(system), site)
    found = {path: _compare_file(ports, f"{up}{path}", text) for path, text in wanted.items()}
    if not check and "foreign" not in found.values():
        for path, state in found.items():
            if state != "current":
                ports.tree.write_contents(f"{up}{path}", wanted[path].encode())
                found[path] = "written"
    files = tuple(Workflow(*each) for each in found.items())
    is_local_store = project.store.url.startswith("file:")
    variables = _list_variables(project.pipeline.order)
    result = Workflows(system, files, variables, LOCAL_STORE_REMARK if is_local_store else "")
    return result, find_stale_error(result)


def _build_site(project: Project, folder: str, version: str, branch: str, command: str) -> WorkflowInputs:
    region = project.store.region or project.environments[project.entry].region or "us-east-1"
    order = project.pipeline.order
    protected = {name for name in order if project.environments[name].protected}
    reviewed = {name for name in order[1:] if find_rules(project, name).reviewers}
    return WorkflowInputs(order, folder, region, version, branch, command, protected, reviewed)


def _compare_file(ports: Ports, path: str, text: str) -> WorkflowState:
    there = ports.tree.read_contents(path)
    if there is None:
        return "missing"
    if there == text.encode():
        return "current"
    return "differs" if is_generated(there.decode(errors="replace")) else "foreign"


def find_stale_error(result: Workflows) -> OperationFailedError | None:
    """Return the error of files that are foreign, missing, outdated or edited by hand."""
    foreign = [each.path for each in result.files if each.state == "foreign"]
    if foreign:
        message = f"{', '.join(foreign)} was not written by envctl; no changes were made"
        return OperationFailedError(Problem("E038", message, "move it away, and run the command again"))
    stale = [f"{each.path} ({each.state})" for each in result.files if each.state in ("differs", "missing", "edited")]
    if stale:
        message = f"the workflows are out of date: {', '.join(stale)}"
        return OperationFailedError(Problem("E039", message, format_command(f"ci {result.system}")))
    return None


def _list_variables(order: Sequence[str]) -> tuple[Variable, ...]:
    return (
        Variable("ENVCTL_PACKAGE", "", "the pip requirement for envctl, if the jobs do not have it: docs/ci.md"),
        Variable("ENVCTL_PLAN_ROLE", "", "the role with read access to every environment"),
        Variable("ENVCTL_DRIFT_ROLE", "", "the role with read access, and permission to record drift"),
        *(Variable("ENVCTL_ROLE", name, f"the role for deployments to {name}") for name in order),
    )
