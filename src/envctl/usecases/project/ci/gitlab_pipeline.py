"""`envctl ci gitlab`: write or compare the pipeline of GitLab and the lock files of its jobs."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.aws.secret_values import list_values_by_environment
from envctl.domain.ci.generated_file import compare_file, digest_settings, seal_file
from envctl.domain.ci.gitlab_pipeline import (
    MAIN_FILE,
    GitlabInputs,
    find_lock_folder,
    find_pipeline_path,
    find_yaml_paths,
    includes_pipeline,
    name_gitlab_environment,
    passes_inputs,
    render_gitlab_pipeline,
)
from envctl.domain.ci.watched_paths import list_watched_paths
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH
from envctl.domain.command_lines import format_command
from envctl.domain.config.ci.gitlab import GitlabCi
from envctl.domain.config.ci.shared_keys import DRIFT, PLAN
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.ci.ci_workflows import (
    System,
    Variable,
    Workflows,
    describe_kubernetes,
    find_region,
    format_project_line,
    read_text,
    require_branch,
    require_own_file,
    require_package,
    seal_locks,
    update_files,
)
from envctl.usecases.project.watched_folders import list_further_folders

SYSTEM: System = "gitlab"
COMMAND = f"ci {SYSTEM}"
_EXPLAIN_INPUTS = format_command("explain", "E035")


def update_gitlab_pipeline(
    ports: Ports, *, check: bool, branch: str | None, version: str, strict: bool = False
) -> tuple[Workflows, EnvctlError | None]:
    """Write the pipeline and its lock files. With `check`, write none and return an error for each outdated file."""
    require_branch(branch, COMMAND)
    project = project_file.load_project(ports)
    settings = project.ci.gitlab_table
    folder = ports.version_control.locate_project() or ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    site = _build_site(ports, project, folder, branch)
    ours = find_pipeline_path(settings.prefix)
    require_own_file(ports, up, ours, folder, system=SYSTEM, what="pipeline")
    wanted = _render_files(ports, project, site, version)
    main = read_text(ports, f"{up}{MAIN_FILE}")
    main_is_foreign = main is not None and compare_file(main, wanted[MAIN_FILE]) in ("foreign", "differs")
    if main_is_foreign:
        # The file belongs to the team: it stays, and has to include the file of envctl.
        del wanted[MAIN_FILE]
    result, error = update_files(ports, project, SYSTEM, up, wanted, check=check, strict=strict)
    team_files = _read_team_files(ports, up) if main_is_foreign else {}
    result = replace(
        result,
        variables=_list_variables(settings, site),
        remark=result.remark or _find_remark(team_files, ours),
        schedule_variable=settings.schedule_variable,
    )
    if error is None and main_is_foreign and not includes_pipeline(team_files, ours):
        message = f"{MAIN_FILE} does not include {ours}: GitLab runs none of its jobs"
        error = OperationFailedError(
            Problem("E035", message, f"add to include: in {MAIN_FILE}: - local: {ours} (inputs: {_EXPLAIN_INPUTS})")
        )
    return result, error


def _build_site(ports: Ports, project: Project, folder: str, branch: str | None) -> GitlabInputs:
    settings, order = project.ci.gitlab_table, project.pipeline.order
    ci_files = (MAIN_FILE, find_pipeline_path(settings.prefix), f"{find_lock_folder(settings.prefix)}/*")
    return GitlabInputs(
        order=order,
        folder=folder,
        region=find_region(project),
        branch=branch or settings.branch or DEFAULT_BRANCH,
        settings=settings,
        package=None if settings.program else require_package(ports, project),
        watched=settings.paths
        if settings.paths is not None
        else list_watched_paths(project, folder, ci_files, list_further_folders(ports, project)),
        protected=frozenset(name for name in order if project.environments[name].protected),
        command="envctl --sandbox" if ports.sandbox else "envctl",
        secret_variables=list_values_by_environment(project),
        # To write the same pipeline again.
        options=f" --branch {branch}" if branch and branch != (settings.branch or DEFAULT_BRANCH) else "",
    )


def _render_files(ports: Ports, project: Project, site: GitlabInputs, version: str) -> dict[str, str]:
    settings = site.settings
    bodies = dict(render_gitlab_pipeline(ports.templates.load_workflows(SYSTEM), site))
    shape = {
        "order": list(site.order),
        "folder": site.folder,
        "region": site.region,
        "branch": site.branch,
        "protected": sorted(site.protected),
        "command": site.command,
        "kind": site.package.kind if site.package else "",
        "watched": list(site.watched),
        **({"secrets": dict(site.secret_variables)} if site.secret_variables else {}),
        **(describe_kubernetes(project) if site.package else {}),
        "settings": settings.model_dump(mode="json", exclude_defaults=True, exclude={"url"}),
    }
    ours = find_pipeline_path(settings.prefix)
    body = f"{format_project_line(site.folder)}{bodies[ours]}"
    files = {ours: seal_file(COMMAND, body, version=version, settings=digest_settings(shape))}
    if site.package is not None:
        folder = find_lock_folder(settings.prefix)
        files |= seal_locks(ports, project, site.package, folder=folder, command=COMMAND, version=version)
    return {**files, MAIN_FILE: bodies[MAIN_FILE]}


def _read_team_files(ports: Ports, up: str) -> Mapping[str, str]:
    """Return the GitLab CI file of the team and all files it includes, directly or indirectly."""
    files: dict[str, str] = {}
    waiting = [MAIN_FILE]
    while waiting:
        path = waiting.pop()
        if path in files or ".." in path.split("/") or (text := read_text(ports, f"{up}{path}")) is None:
            continue
        files[path] = text
        waiting += find_yaml_paths(text)
    return files


def _find_remark(team_files: Mapping[str, str], ours: str) -> str:
    if team_files and includes_pipeline(team_files, ours) and not passes_inputs(team_files.values(), ours):
        # Without inputs the operation is *deploy*, also if a person chose one for another project.
        return f"the include of {ours} passes no inputs: New pipeline only deploys this project: {_EXPLAIN_INPUTS}"
    return ""


def _list_variables(settings: GitlabCi, site: GitlabInputs) -> tuple[Variable, ...]:
    token, note = "a project access token with the scope api and the role Reporter", f"{settings.prefix}-note"
    tokens = (
        Variable("ENVCTL_GITLAB_TOKEN", note, f"{token}, for notes: masked, and not protected"),
        Variable("ENVCTL_GITLAB_TOKEN", "", f"{token}, for issues of drift: masked and protected"),
    )
    needed = [
        (PLAN, Variable("ENVCTL_PLAN_ROLE", "", "the role that plans merge requests")),
        (DRIFT, Variable("ENVCTL_DRIFT_ROLE", "", "the role that checks drift and records it: protected")),
    ]
    for name in site.order:
        scope = name_gitlab_environment(settings, name)
        needed.append((name, Variable("ENVCTL_ROLE", scope, f"the role for deployments to {name}: protected")))
    roles = [] if settings.runner_credentials else [each for name, each in needed if name not in settings.roles]
    values = [
        Variable(
            name, name_gitlab_environment(settings, each), "a secret value of [secrets.values]: masked and protected"
        )
        for each, names in site.secret_variables.items()
        for name in names
    ]
    return (*roles, *tokens, *values)
