"""`envctl ci codebuild`: write or compare the files with which builds of AWS CodeBuild install envctl."""

from envctl.domain.ci.codebuild_install import FOLDER, INSTALL_FILE, render_codebuild_install
from envctl.domain.ci.generated_file import digest_settings, seal_file
from envctl.domain.errors import EnvctlError
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.ci.ci_workflows import (
    System,
    Workflows,
    describe_package,
    require_package,
    seal_locks,
    update_files,
)

SYSTEM: System = "codebuild"
COMMAND = f"ci {SYSTEM}"


def update_codebuild_files(
    ports: Ports, *, check: bool, version: str, strict: bool = False
) -> tuple[Workflows, EnvctlError | None]:
    """Write the script and its lock files. With `check`, write none and return an error for each outdated file."""
    project = project_file.load_project(ports)
    package = require_package(ports, project)
    settings = digest_settings(describe_package(project))
    script = seal_file(COMMAND, render_codebuild_install(package), version=version, settings=settings, pinned=False)
    locks = seal_locks(ports, project, package, folder=FOLDER, command=COMMAND, version=version)
    wanted = {f"{FOLDER}/{INSTALL_FILE}": script, **locks}
    return update_files(ports, project, SYSTEM, "", wanted, check=check, strict=strict)
