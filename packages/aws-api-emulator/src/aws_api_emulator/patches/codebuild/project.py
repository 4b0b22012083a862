"""CodeBuild: projects in a pipeline, and the encryption key of a project."""

from collections.abc import Callable
from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods

Validator = Callable[[dict[str, Any]], None]


def _apply() -> None:
    from moto.codebuild import responses
    from moto.codebuild.responses import CodeBuildResponse
    from moto.core.responses import ActionResult

    stock = CodeBuildResponse.create_project

    def create_project(self: CodeBuildResponse) -> ActionResult:
        answer = stock(self)
        if key := self._get_param("encryptionKey"):
            self.codebuild_backend.codebuild_projects[self._get_param("name")].project_metadata["encryptionKey"] = key
        return answer

    replace_methods(CodeBuildResponse, create_project)
    for name in ("_validate_required_params_source", "_validate_required_params_artifacts"):
        setattr(responses, name, _allow_pipelines(getattr(responses, name)))


def _allow_pipelines(stock: Validator) -> Validator:
    """Return a validator that requires no location for the source or artifacts of a pipeline."""

    def validate_location(place: dict[str, Any]) -> None:
        stock({"location": "in the pipeline", **place} if place["type"] == "CODEPIPELINE" else place)

    return validate_location


PATCH = Patch("codebuild-project", "codebuild", _apply)
"""moto asks a project of a pipeline where its source lies, so none can be made, and forgets the key of any."""
