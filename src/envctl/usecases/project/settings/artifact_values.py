"""The artifacts of a release: their values in the settings of the entry environment, and images given by tag."""

from dataclasses import replace
from functools import partial

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.settings_places import find_shared_path, find_stack_path
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.images.image_reference import Image, is_pinned_image
from envctl.domain.release.artifacts import select_images
from envctl.domain.release.bundle import Release
from envctl.domain.terraform.variables import Assignment, Schema
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key
from envctl.usecases.project.settings.settings_files import load_settings_files


def read_artifacts(context: Context, schema: Schema) -> dict[str, object]:
    """Read the artifacts of the release from the settings of the entry environment. `usecases/account/account_check.py`
    resolves image tags before any deployment.
    """
    project = context.project
    files = load_settings_files(context, project.entry, schema)
    found: dict[str, object] = {}
    problems = []
    for name, artifact in project.artifacts.items():
        variable, locate = artifact.variable, partial(locate_key, context.ports, "artifacts", name)
        declaring = [stack for stack, variables in schema.items() if any(variable == v.name for v in variables)]
        wanted = artifact.stacks or declaring[:1]
        if lacking := [stack for stack in artifact.stacks or () if stack not in declaring]:
            message = f"artifact {name} fills the variable {variable}, which the stack {lacking[0]} does not declare"
            problems.append(Problem("E114", message, "declare it in its module, or remove the stack", locate()))
            continue
        if not declaring:
            message = f"artifact {name} fills the variable {variable}, which no stack declares"
            hint = "declare it in a module, or remove the artifact"
            problems.append(Problem("E114", message, hint, locate()))
            continue
        given: list[Assignment | None] = []
        for stack in wanted:
            # The last one counts for a stack; without stacks, that of the files for all stacks.
            places = ("", stack) if artifact.stacks else ("",)
            counting = [each for file in files if file.stack in places for each in file.assignments]
            given.append(next((each for each in reversed(counting) if each.name == variable), None))
        if None in given:
            message = f"artifact {name} has no value"
            stack = wanted[given.index(None)] if artifact.stacks else ""
            path = find_stack_path(project, project.entry, stack) if stack else ""
            path = path or find_shared_path(project, project.entry)
            hint = f"add `{variable} = …` to {path}: new images start in that environment"
            problems.append(Problem("E115", message, hint, locate()))
            continue
        assigned = [each for each in given if each is not None]
        value = assigned[0].value
        if other := [each for each in assigned if each.value != value]:
            message = f"artifact {name} has two values: here, and in {assigned[0].location}"
            hint = f"write one value, or one artifact for each stack, with `stacks` in [artifacts.{name}]"
            problems.append(Problem("E356", message, hint, other[0].location))
        elif artifact.kind == "oci" and (wrong := _find_image_fault(value)):
            message = f"artifact {name} is not an image: {wrong}"
            hint = f'write `{variable} = "REPOSITORY:TAG"`, or `{variable} = "REPOSITORY@sha256:…"`'
            problems.append(Problem("E430", message, hint, assigned[0].location))
        else:
            # Without the tag beside a digest: two tags of one content must not make two releases.
            is_pinned = artifact.kind == "oci" and is_pinned_image(value)
            found |= dict.fromkeys(artifact.keys, str(replace(Image.parse(str(value)), tag="")) if is_pinned else value)
    if problems:
        raise ConfigurationError(*problems)
    return found


def _find_image_fault(value: object) -> str:
    """Return the fault of an image reference, or an empty text."""
    if not isinstance(value, str):
        return "it is not a string"
    try:
        image = Image.parse(value)
    except ValueError as error:
        return str(error)
    # Registries would default to `latest`, an unwanted guess.
    return "" if image.tag or image.digest else "it has no tag and no digest"


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
