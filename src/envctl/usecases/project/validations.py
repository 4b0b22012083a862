"""Settings checked against the `validation` blocks of a release, before Terraform runs."""

from collections.abc import Mapping
from posixpath import dirname

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.bundle import Release
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.ports.context import Context
from envctl.usecases.project import load
from envctl.usecases.project.load import NO_MOVES, locate_key


def load_valid_settings(
    context: Context, environment: str, release: Release, *, moves: Mapping[str, str] = NO_MOVES
) -> EnvironmentSettings:
    """Load the settings of an environment for a release. Raises ConfigurationError for values that Terraform would
    refuse as well (E216).
    """
    settings = load.load_settings(context, environment, release.wiring, moves=moves)
    if problems := _find_refused_values(context, release, settings):
        raise ConfigurationError(*dict.fromkeys(problems))
    return settings


def _find_refused_values(context: Context, release: Release, settings: EnvironmentSettings) -> list[Problem]:
    rules = {
        stack: context.ports.config_reader.parse_validations(_collect_module(release, wired.module))
        for stack, wired in release.wiring.stacks.items()
    }
    if not any(each.rules for each in rules.values()):
        return []
    # Imported late: many modules have no such blocks.
    from envctl.domain.settings.refused_values import StackInterface, find_refused_values

    stacks = {
        stack: StackInterface(release.wiring.schema[stack], rules[stack], frozenset(wired.inputs))
        for stack, wired in release.wiring.stacks.items()
    }
    places = {
        "project": locate_key(context.ports, "project", "name"),
        "environment": locate_key(context.ports, "environments", settings.environment),
        "region": locate_key(context.ports, "environments", settings.environment, "region"),
    }
    return list(find_refused_values(settings, stacks, places))


def _collect_module(release: Release, folder: str) -> dict[str, bytes]:
    return {path: file.data for path, file in release.files.items() if (dirname(path) or ".") == folder}
