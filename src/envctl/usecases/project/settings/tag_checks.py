"""Checks of the tags in a release against the default tags of an environment."""

from collections.abc import Iterator, Mapping

from envctl.domain.errors import Problem
from envctl.domain.plan.tag_keys import CASE_INSENSITIVE_PREFIX, FIRST_MERGING_MAJOR
from envctl.domain.release.bundle import Release
from envctl.domain.release.place.environment_place import Place
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.provider_lock import read_version, split_provider_blocks
from envctl.usecases.ports.context import Context


def find_tag_problems(
    context: Context, release: Release, settings: EnvironmentSettings, place: Place
) -> Iterator[Problem]:
    """Yield problems (E186) of tags beside the default tags of a place with a region. Without tags, search no code."""
    is_merging = _has_merging_provider(release)
    prefix = CASE_INSENSITIVE_PREFIX if is_merging else "aws_"
    files = {path: file.data for path, file in release.files.items() if path.endswith(".tf")}
    if not any(prefix.encode() in data and b"tags" in data for data in files.values()):
        return
    from envctl.domain.release.place.default_tags import StackTags, describe_tag_conflicts
    from envctl.domain.release.place.provider_keys import render_configurations

    stacks = {stack: each for stack, each in release.wiring.stacks.items() if each.has_default_tags}
    folders = {each.module for each in stacks.values()}
    found = context.ports.config_reader.find_resource_tags(files, folders, prefix)
    for stack, wired in stacks.items():
        if not found[wired.module]:
            continue
        default = _read_tags(render_configurations(release.wiring, place, stack).get("aws", {}))
        declared = (each for each in release.wiring.schema[stack] if each.has_default and each.name not in wired.inputs)
        arguments = {**{each.name: each.default for each in declared}, **settings.arguments[stack]}
        own = (each for each in settings.settings if stack in each.stacks)
        lines = {each.name: each.location for each in own if each.location}
        known = StackTags(stack, default, arguments, lines, is_merging)
        yield from describe_tag_conflicts(found[wired.module], known)


def _read_tags(arguments: Mapping[str, object]) -> Mapping[str, object]:
    block = arguments.get("default_tags")
    first = block[0] if isinstance(block, list) and block else block
    tags = first.get("tags") if isinstance(first, Mapping) else None
    return tags if isinstance(tags, Mapping) else {}


def _has_merging_provider(release: Release) -> bool:
    for address, block in split_provider_blocks(release.lock_bytes() or b"").items():
        if address.endswith("/hashicorp/aws"):
            major = read_version(block).partition(".")[0]
            return not major.isdigit() or int(major) >= FIRST_MERGING_MAJOR
    return True
