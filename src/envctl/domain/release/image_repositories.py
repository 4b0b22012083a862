"""Where an environment takes its images from: the content is that of the release, the repository may be its own."""

from collections.abc import Mapping

from envctl.domain.config.project import Artifact, Project
from envctl.domain.errors import Problem
from envctl.domain.images.image_reference import Image


class MisplacedError(ValueError):
    """A repository that the project file gives an artifact in an environment is none."""

    def __init__(self, artifact: str, problem: Problem) -> None:
        super().__init__(problem.message)
        self.artifact = artifact
        self.problem = problem


def placeholders(project: Project, environment: str) -> dict[str, str]:
    """What the braces of a name in the project file stand for in an environment. Empty texts for what is not said."""
    there = project.environments[environment]
    return {
        "project": project.name,
        "environment": environment,
        "account_id": there.account_id or "",
        "region": there.region or "",
    }


def placed(project: Project, environment: str, artifacts: Mapping[str, object]) -> dict[str, object]:
    """The values of a release's artifacts, by their variables, as that environment takes them. Raises
    MisplacedError.
    """
    found = dict(artifacts)
    for name, artifact in project.artifacts.items():
        value = found.get(artifact.variable)
        if artifact.kind == "oci" and artifact.repository is not None and isinstance(value, str):
            found[artifact.variable] = _within(project, environment, name, artifact, value)
    return found


def images(project: Project, artifacts: Mapping[str, object]) -> dict[str, str]:
    """The images among a release's artifacts, by the names of these."""
    return {
        name: str(artifacts[artifact.variable])
        for name, artifact in project.artifacts.items()
        if artifact.kind == "oci" and artifact.variable in artifacts
    }


def copied(project: Project) -> tuple[str, ...]:
    """The artifacts whose images are brought to where an environment takes them from."""
    return tuple(name for name, artifact in project.artifacts.items() if artifact.kind == "oci" and artifact.copies)


def _within(project: Project, environment: str, name: str, artifact: Artifact, value: str) -> str:
    names = placeholders(project, environment)
    repository = (artifact.repository or "").format(**names)
    try:
        image = Image.parse(value)
    except ValueError:
        # What the release carries is no image. G201 says so.
        return value
    try:
        return str(image.within(repository))
    except ValueError as error:
        message = (
            f"in {environment} the artifact {name} would be taken from {repository}, which is no repository: {error}"
        )
        lacking = [
            f"{key} = …"
            for key in ("account_id", "region")
            if f"{{{key}}}" in (artifact.repository or "") and not names[key]
        ]
        hint = f"add {' and '.join(lacking)} to [environments.{environment}]" if lacking else "correct its repository"
        raise MisplacedError(name, Problem("E437", message, hint)) from None
