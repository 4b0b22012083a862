"""`envctl ci codebuild`: write or compare the files with which builds of AWS CodeBuild install envctl."""

from envctl.domain.ci.codebuild_install import FOLDER, render_codebuild_files
from envctl.domain.ci.generated_file import digest_settings, seal_file
from envctl.domain.ci.package import BUILD_LOCK, RUN_LOCK, SOURCE_LOCK
from envctl.domain.errors import EnvctlError
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.ci.ci_workflows import (
    LOCAL_STORE_REMARK,
    Workflow,
    Workflows,
    compare_files,
    describe_package,
    find_missing_kubernetes,
    find_stale_error,
    require_package,
    write_files,
)

SYSTEM = "codebuild"
COMMAND = f"ci {SYSTEM}"


def update_codebuild_files(ports: Ports, *, check: bool, version: str) -> tuple[Workflows, EnvctlError | None]:
    """Write the script and its lock files. With `check`, write none and return an error for each outdated file."""
    project = project_file.load_project(ports)
    package = require_package(ports, project)
    wanted = {}
    for path, text in render_codebuild_files(package, ports.templates.load_locks()).items():
        # The other lock files depend on envctl alone.
        own = {} if _has_pins(path) else describe_package(project)
        wanted[path] = seal_file(COMMAND, text, version=version, settings=digest_settings(own), pinned=_has_pins(path))
    found = compare_files(ports, "", wanted)
    missing = find_missing_kubernetes(ports, project, package, f"{FOLDER}/{SOURCE_LOCK}") if check else ""
    if not check:
        write_files(ports, "", wanted, found)
    remark = LOCAL_STORE_REMARK if project.store.url.startswith("file:") else ""
    result = Workflows(SYSTEM, tuple(Workflow(*each) for each in found.items()), (), remark)
    return result, find_stale_error(result, missing)


def _has_pins(path: str) -> bool:
    return path.endswith((BUILD_LOCK, RUN_LOCK))
