"""CodeBuild: the update of a project."""

from aws_api_emulator.patches.patch import Patch, replace_methods

_UPDATABLE_FIELDS = (
    "artifacts", "cache", "description", "encryptionKey", "environment", "logsConfig", "queuedTimeoutInMinutes",
    "serviceRole", "source", "sourceVersion", "tags", "timeoutInMinutes", "vpcConfig",
)  # fmt: skip


def _apply() -> None:
    from moto.codebuild.exceptions import ResourceNotFoundException
    from moto.codebuild.responses import CodeBuildResponse
    from moto.core.responses import ActionResult

    def update_project(self: CodeBuildResponse) -> ActionResult:
        name = self._get_param("name")
        project = self.codebuild_backend.codebuild_projects.get(name)
        if project is None:
            raise ResourceNotFoundException(f"Project cannot be found: {name}")
        given = {each: self._get_param(each) for each in _UPDATABLE_FIELDS}
        project.project_metadata.update({each: value for each, value in given.items() if value is not None})
        return ActionResult({"project": project.project_metadata})

    replace_methods(CodeBuildResponse, update_project)


PATCH = Patch("codebuild-update", "codebuild", _apply)
"""moto does not know UpdateProject, so no build can ever run otherwise than it first did."""
