"""The settings to destroy a leaving stack: as stored by its last deployment.

Sensitive values are never stored. They come from the current settings, from `removed.tfvars` or from their source in
`[secrets.values]`; missing ones are empty, with a message.
"""

from collections.abc import Collection, Mapping, Sequence

from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.settings.settings import find_key
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.empty_values import build_empty_value
from envctl.domain.terraform.variables import Variable
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.project.environment_settings import list_builtin_values
from envctl.usecases.project.settings_files import load_settings_files
from envctl.usecases.release import release_store
from envctl.usecases.release.stack_origins import StackOrigin


def removed_settings_path(environment: str) -> str:
    return f"environments/{environment}/removed.tfvars"


def find_arguments(
    context: Context,
    environment: str,
    stack: str,
    *,
    maker: StackOrigin,
    lost: Sequence[str],
    positioned: Mapping[str, object],
    secret_values: Collection[str] = (),
) -> dict[str, object]:
    """Return the arguments of a leaving stack.

    `lost` are inputs wired to removed stacks; `positioned` are the traffic arguments of a rollout. `secret_values` are
    variables with values from `[secrets.values]`.
    """
    wiring = maker.release.wiring
    kept = release_store.load_settings(context.ports, environment, maker.settings)
    known = kept.arguments.get(stack, {}) if kept else {}
    today = _load_current_values(context, environment, stack)
    given = wiring.stacks[stack].set_values
    filled = list_builtin_values(context.project, environment, wiring.project)
    builtin = {**{name: value for name, value in filled.items() if name != "region"}, **positioned}
    there, named = context.project.environments[environment], wiring.stacks[stack].region
    region = (there.regions.get(named, "") if named else there.region) or ""
    found: dict[str, object] = {}
    missing: list[str] = []
    for variable in wiring.schema[stack]:
        name = variable.name
        if name in secret_values or (name in wiring.stacks[stack].inputs and name not in lost):
            continue
        if name in given:
            found[name] = convert_value(given[name], variable.type)[0]
        elif name in known:
            found[name] = known[name]
        elif name in builtin or (name == "region" and region):
            found[name] = builtin.get(name, region)
        elif name in today:
            found[name] = today[name]
        elif key := find_key(wiring.artifacts, stack, name):
            found[name] = wiring.artifacts[key]
        elif not variable.has_default:
            found[name] = build_empty_value(variable.type)
            missing.append(name)
    if missing:
        context.ports.observer.on_message(_describe_missing(environment, stack, missing, wiring.schema[stack]))
    return found


def find_secret_sources(context: Context, environment: str, stack: str, maker: StackOrigin) -> dict[str, SecretSource]:
    """Return the sources of secret values of a leaving stack: of today, else as stored by its last deployment."""
    today = context.project.secrets.values
    kept = release_store.load_settings(context.ports, environment, maker.settings)
    stored = kept.sources.get(stack, {}) if kept else {}
    wired = maker.release.wiring.stacks[stack].inputs
    found: dict[str, SecretSource] = {}
    for variable in maker.release.wiring.schema[stack]:
        if not variable.sensitive or variable.name in wired:
            continue
        if key := find_key(today, stack, variable.name):
            found[variable.name] = today[key]
        elif variable.name in stored:
            found[variable.name] = stored[variable.name]
    return found


def _load_current_values(context: Context, environment: str, stack: str) -> Mapping[str, object]:
    files = list(load_settings_files(context, environment, {stack: ()}))
    path = removed_settings_path(environment)
    if (data := context.ports.tree.read_contents(path)) is not None:
        files.append(context.ports.config_reader.parse_settings(data, path))
    return {each.name: each.value for file in files for each in file.assignments}


def _describe_missing(environment: str, stack: str, missing: Sequence[str], variables: Sequence[Variable]) -> str:
    sensitive = {variable.name for variable in variables if variable.sensitive}
    what = "sensitive settings are" if sensitive.issuperset(missing) else "settings are"
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{stack} leaves {environment}, and some of its {what} not stored: {join_names(missing)} {verb} empty in this"
        f" plan. If the plan fails for this reason, add them to {removed_settings_path(environment)}"
    )
