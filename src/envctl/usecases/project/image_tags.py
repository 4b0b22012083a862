"""Images given by tag: allowed in the entry environment only, to be resolved to a digest."""

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.images.image_reference import Image
from envctl.domain.release.artifacts import select_images
from envctl.domain.release.bundle import Release
from envctl.usecases.ports.context import Context


def find_tagged_images(project: Project, release: Release) -> dict[str, Image]:
    """Return the images with a tag and no digest, by artifact."""
    found = {name: Image.parse(text) for name, text in select_images(project, release.wiring.artifacts).items()}
    return {name: image for name, image in found.items() if not image.digest}


def report_image_tags(context: Context, release: Release) -> None:
    """Report the tags, for commands without registry access."""
    for name, image in find_tagged_images(context.project, release).items():
        message = (
            f"{name}: {image} is a tag; this resolves its digest: {format_command('apply', context.project.entry)}"
        )
        context.ports.observer.on_message(message)
