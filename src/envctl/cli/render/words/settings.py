"""Settings: values, origins and stacks."""

from collections.abc import Callable, Collection
from typing import assert_never

from envctl.cli.render.values.hcl_text import format_hcl
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.settings import Setting

SETTINGS_PATHS_HINT = (
    "settings belong in environments/ENV/terraform.tfvars, for one stack in environments/ENV/STACK.tfvars, for all"
    " environments in environments/common.tfvars, or where [settings] files says"
)
MAX_NAMED_STACKS = 3


def format_stacks(setting: Setting, everywhere: Collection[str]) -> str:
    """Return the stacks of a setting; a count in place of a long list with all of them."""
    if len(setting.stacks) > MAX_NAMED_STACKS and len(setting.stacks) == len(everywhere):
        return f"all {len(everywhere)} stacks"
    return ", ".join(setting.stacks)


def format_value(setting: Setting) -> str:
    return format_hcl(Marker.SENSITIVE if setting.sensitive else setting.value)


def format_origin(setting: Setting, locate: Callable[[str], str] = str) -> str:
    """Return the source of a value. `locate` may show its `file:line` from another folder than the project's."""
    match setting.origin:
        case "file":
            return locate(str(setting.location)) if setting.location else "a settings file"
        case "artifact":
            return f"artifact, {locate(str(setting.location))}" if setting.location else "artifact of the release"
        case "default":
            return f"module default, {locate(str(setting.location))}" if setting.location else "module default"
        case "envctl":
            return "envctl"
        case "secret":
            return f"secret value, {setting.location}" if setting.location else "secret value"
        case "set":
            return f"set, {setting.location}" if setting.location else "set in the release"
        case _:
            assert_never(setting.origin)
