"""Images that have a tag and no digest yet: they may stand where code enters, and nowhere else."""

from envctl.domain.config.project import Project
from envctl.domain.images.image_reference import Image
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import images
from envctl.usecases.ports.core import Ports


def tagged(project: Project, release: Release) -> dict[str, Image]:
    """The images, by their artifacts, whose content is not settled yet: they have a tag and no digest."""
    found = {name: Image.parse(text) for name, text in images(project, release.wiring.artifacts).items()}
    return {name: image for name, image in found.items() if not image.digest}


def tell_tags(ports: Ports, project: Project, release: Release) -> None:
    """For commands that ask no registry."""
    for name, image in tagged(project, release).items():
        ports.observer.said(
            f"{name}: {image} is a tag; envctl apply {project.entry} looks for the digest that it means"
        )
