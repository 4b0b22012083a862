"""CodeBuild: the deletion of a project."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.codebuild.models import CodeBuildBackend

    stock = CodeBuildBackend.delete_project

    def delete_project(self: CodeBuildBackend, project_name: str) -> None:
        stock(self, project_name.rpartition("/")[2])

    replace_methods(CodeBuildBackend, delete_project)


PATCH = Patch("codebuild-delete", "codebuild", _apply)
"""moto knows a project that is to be deleted by its name alone and not by its ARN, which the provider gives."""
