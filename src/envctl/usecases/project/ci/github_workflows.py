"""`envctl ci github`: write or compare the workflows of GitHub Actions and the lock files of their jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envctl.domain.aws.secret_values import list_values_by_environment
from envctl.domain.ci.generated_file import digest_settings, seal_file
from envctl.domain.ci.github_steps import format_locks_folder
from envctl.domain.ci.github_workflow import list_github_paths, render_github_workflows
from envctl.domain.ci.watched_paths import list_watched_paths
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH, WorkflowInputs
from envctl.domain.config.ci.shared_keys import APPROVAL, DRIFT, PLAN
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError
from envctl.domain.rules.document import find_rules
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.ci.ci_workflows import (
    System,
    Variable,
    Workflows,
    describe_kubernetes,
    find_region,
    format_project_line,
    require_branch,
    require_own_file,
    require_package,
    seal_locks,
    update_files,
)
from envctl.usecases.project.watched_folders import list_further_folders

SYSTEM: System = "github"
COMMAND = f"ci {SYSTEM}"
_APPROVES = "the role that records approvals of {}, and deploys nothing"


def update_github_workflows(
    ports: Ports, *, check: bool, branch: str | None, version: str, strict: bool = False
) -> tuple[Workflows, EnvctlError | None]:
    """Write the workflows and their lock files. With `check`, write none and return an error for outdated files."""
    require_branch(branch, COMMAND)
    project = project_file.load_project(ports)
    folder = ports.version_control.locate_project() or ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    site = _build_site(ports, project, folder, branch)
    for path in list_github_paths(site).values():
        require_own_file(ports, up, path, folder, system=SYSTEM, what="workflow")
    wanted = _render_files(ports, project, site, version)
    result, error = update_files(ports, project, SYSTEM, up, wanted, check=check, strict=strict)
    return replace(result, variables=tuple(_list_variables(site))), error


def _build_site(ports: Ports, project: Project, folder: str, branch: str | None) -> WorkflowInputs:
    order, settings = project.pipeline.order, project.ci.github
    shared = list_further_folders(ports, project) if settings.paths is None else ()
    return WorkflowInputs(
        order=order,
        folder=folder,
        region=find_region(project),
        branch=branch or settings.branch or DEFAULT_BRANCH,
        command="envctl --sandbox" if ports.sandbox else "envctl",
        reviewed=frozenset(name for name in order[1:] if find_rules(project, name).reviewers),
        protected=frozenset(name for name in order[1:] if project.environments[name].protected),
        people=frozenset(name for name in order if project.environments[name].approval_signing_key),
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
        "people": sorted(site.people),
        "paths": list(site.paths),
        "kind": site.require_package().kind,
        "github": site.github.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"issuer"}),
        "project": project.name,
        "secrets": {name: list(each) for name, each in site.secret_variables.items()},
        **describe_kubernetes(project),
    }
    return {name: value for name, value in described.items() if value}


def _list_variables(site: WorkflowInputs) -> Sequence[Variable]:
    github, roles, environments = site.github, site.github.roles, site.github.environments
    needed = [
        (PLAN, Variable("ENVCTL_PLAN_ROLE", "", "the role that plans pull requests; it only reads")),
        (DRIFT, Variable("ENVCTL_DRIFT_ROLE", "", "the role that reads, and records drift")),
        *(
            (name, Variable("ENVCTL_ROLE", environments.get(name, name), f"the role for deployments to {name}"))
            for name in site.order
        ),
        *(
            (f"{name}{APPROVAL}", Variable("ENVCTL_ROLE", github.find_approval_name(name), _APPROVES.format(name)))
            for name in site.order
            if name in site.people
        ),
    ]
    values = [
        Variable(name, environments.get(each, each), "a secret with a value of [secrets.values]")
        for each, names in site.secret_variables.items()
        for name in names
    ]
    return [*(variable for name, variable in needed if name not in roles), *values]
