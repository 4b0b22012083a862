"""`envctl ci github`: write or compare the workflows of GitHub Actions and the lock files of their jobs."""

import re
from collections.abc import Mapping, Sequence

from envctl.domain.aws.secret_values import list_values_by_environment
from envctl.domain.ci.generated_file import carry_pins, digest_settings, seal_file
from envctl.domain.ci.github_steps import format_locks_folder
from envctl.domain.ci.github_workflow import list_github_paths, render_github_workflows
from envctl.domain.ci.package import SOURCE_LOCK
from envctl.domain.ci.watched_paths import list_watched_paths
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH, WorkflowInputs
from envctl.domain.command_lines import format_command
from envctl.domain.config.ci.shared_keys import BRANCH_PATTERN, DRIFT, PLAN
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, Problem, UsageError
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.ci.ci_workflows import (
    LOCAL_STORE_REMARK,
    System,
    Variable,
    Workflow,
    Workflows,
    compare_files,
    describe_kubernetes,
    find_missing_kubernetes,
    find_region,
    find_stale_error,
    format_project_line,
    read_text,
    require_own_file,
    require_package,
    seal_locks,
)
from envctl.usecases.project.watched_folders import list_further_folders

SYSTEM: System = "github"
COMMAND = f"ci {SYSTEM}"


def update_github_workflows(
    ports: Ports, *, check: bool, branch: str | None, version: str, command: str = "envctl"
) -> tuple[Workflows, EnvctlError | None]:
    """Write the workflows and their lock files. With `check`, write none and return an error for outdated files."""
    if branch is not None and not re.fullmatch(BRANCH_PATTERN, branch, re.ASCII):
        hint = format_command(COMMAND, branch=DEFAULT_BRANCH)
        raise UsageError(Problem("E005", f"{branch!r} is not a valid branch name", hint))
    project = project_file.load_project(ports)
    folder = ports.version_control.locate_project() or ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    site = _build_site(ports, project, folder, branch, command)
    for path in list_github_paths(site).values():
        require_own_file(ports, up, path, folder, system=SYSTEM, what="workflow")
    wanted = _render_files(ports, project, site, version)
    found = compare_files(ports, up, wanted)
    lock = f"{up}{format_locks_folder(site)}/{SOURCE_LOCK}"
    missing = find_missing_kubernetes(ports, project, site.require_package(), lock) if check else ""
    if not check and "foreign" not in found.values():
        for path, text in wanted.items():
            existing = read_text(ports, f"{up}{path}")
            kept = text if existing is None or path.endswith(SOURCE_LOCK) else carry_pins(existing, text)
            if kept != existing:
                ports.tree.write_contents(f"{up}{path}", kept.encode())
                found[path] = "written"
    files = tuple(Workflow(*each) for each in found.items())
    is_local_store = project.store.url.startswith("file:")
    result = Workflows(SYSTEM, files, tuple(_list_variables(site)), LOCAL_STORE_REMARK if is_local_store else "")
    return result, find_stale_error(result, missing)


def _build_site(ports: Ports, project: Project, folder: str, branch: str | None, command: str) -> WorkflowInputs:
    order, settings = project.pipeline.order, project.ci.github
    shared = list_further_folders(ports, project) if settings.paths is None else ()
    return WorkflowInputs(
        order=order,
        folder=folder,
        region=find_region(project),
        branch=branch or settings.branch or DEFAULT_BRANCH,
        command=command,
        reviewed=frozenset(name for name in order[1:] if find_rules(project, name).reviewers),
        protected=frozenset(name for name in order[1:] if project.environments[name].protected),
        package=require_package(ports, project),
        paths=tuple(_to_github_filter(path) for path in list_watched_paths(project, "", (), shared)),
        github=settings,
        secret_variables=list_values_by_environment(project),
    )


def _to_github_filter(glob: str) -> str:
    return f"{glob.removesuffix('/**/*')}/**" if glob.endswith("/**/*") else glob


def _render_files(ports: Ports, project: Project, site: WorkflowInputs, version: str) -> dict[str, str]:
    settings = digest_settings(_describe_site(project, site))
    bodies = render_github_workflows(ports.templates.load_workflows(SYSTEM), site)
    files = {
        path: seal_file(COMMAND, f"{format_project_line(site.folder)}{body}", version=version, settings=settings)
        for path, body in bodies.items()
    }
    locks = seal_locks(
        ports, project, site.require_package(), folder=format_locks_folder(site), command=COMMAND, version=version
    )
    return {**files, **locks}


def _describe_site(project: Project, site: WorkflowInputs) -> Mapping[str, object]:
    """Return the settings that the workflows come from, without those that have their defaults."""
    described = {
        "order": list(site.order),
        "folder": site.folder,
        "region": site.region,
        "branch": site.branch,
        "command": site.command,
        "reviewed": sorted(site.reviewed),
        "protected": sorted(site.protected),
        "paths": list(site.paths),
        "kind": site.require_package().kind,
        "github": site.github.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"issuer"}),
        "project": project.name,
        "secrets": {name: list(each) for name, each in site.secret_variables.items()},
        **describe_kubernetes(project),
    }
    return {name: value for name, value in described.items() if value}


def _list_variables(site: WorkflowInputs) -> Sequence[Variable]:
    roles, environments = site.github.roles, site.github.environments
    needed = [
        (PLAN, Variable("ENVCTL_PLAN_ROLE", "", "the role that plans pull requests; it only reads")),
        (DRIFT, Variable("ENVCTL_DRIFT_ROLE", "", "the role that reads, and records drift")),
        *(
            (name, Variable("ENVCTL_ROLE", environments.get(name, name), f"the role for deployments to {name}"))
            for name in site.order
        ),
    ]
    values = [
        Variable(name, environments.get(each, each), "a secret with a value of [secrets.values]")
        for each, names in site.secret_variables.items()
        for name in names
    ]
    return [*(variable for name, variable in needed if name not in roles), *values]
