"""Repositories of images by environment: the release decides the digest, an environment may have its own repository."""

from collections.abc import Mapping

from envctl.domain.config.project import Artifact, Project
from envctl.domain.errors import Problem
from envctl.domain.images.image_reference import Image


class InvalidRepositoryError(ValueError):
    """The project file gives an artifact an invalid repository in an environment."""

    def __init__(self, artifact: str, problem: Problem) -> None:
        super().__init__(problem.message)
        self.artifact = artifact
        self.problem = problem


def resolve_placeholders(project: Project, environment: str) -> dict[str, str]:
    """Return the values of `{placeholders}` in names of the project file; empty texts for unset keys."""
    target = project.environments[environment]
    return {
        "project": project.name,
        "environment": environment,
        "account_id": target.account_id or "",
        "region": target.region or "",
    }


def relocate_images(project: Project, environment: str, artifacts: Mapping[str, object]) -> dict[str, object]:
    """Return the artifacts by variable, with images in the repositories of the environment.

    Raises InvalidRepositoryError.
    """
    found = dict(artifacts)
    for name, artifact in project.artifacts.items():
        value = found.get(artifact.variable)
        if artifact.kind == "oci" and artifact.repository is not None and isinstance(value, str):
            found[artifact.variable] = _relocate_image(project, environment, name, artifact, value)
    return found


def select_images(project: Project, artifacts: Mapping[str, object]) -> dict[str, str]:
    """Return the images among the artifacts of a release, by artifact name."""
    return {
        name: str(artifacts[artifact.variable])
        for name, artifact in project.artifacts.items()
        if artifact.kind == "oci" and artifact.variable in artifacts
    }


def list_copied_artifacts(project: Project) -> tuple[str, ...]:
    """Return the artifacts with `copies` set: a deployment copies their images to the repository of the environment."""
    return tuple(name for name, artifact in project.artifacts.items() if artifact.kind == "oci" and artifact.copies)


def _relocate_image(project: Project, environment: str, name: str, artifact: Artifact, value: str) -> str:
    names = resolve_placeholders(project, environment)
    repository = (artifact.repository or "").format(**names)
    try:
        image = Image.parse(value)
    except ValueError:
        # Not an image; guard G201 reports it.
        return value
    try:
        return str(image.with_repository(repository))
    except ValueError as error:
        source = f"{repository}, which is no repository: {error}"
        message = f"in {environment} the artifact {name} would be taken from {source}"
        unset = [key for key in ("account_id", "region") if not names[key]]
        lacking = [f"{key} = …" for key in unset if f"{{{key}}}" in (artifact.repository or "")]
        hint = f"add {' and '.join(lacking)} to [environments.{environment}]" if lacking else "correct its repository"
        raise InvalidRepositoryError(name, Problem("E437", message, hint)) from None
