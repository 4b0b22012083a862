"""Hints for keys of the project file that belong to another place, or have another form there."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from envctl.domain.config.fields import TomlPath
from envctl.domain.text.suggestions import find_nearest

_STATE_HINT = (
    "[state] counts for all environments: use {env}, {account_id} or {region} in its keys; a stack can differ, in"
    " [stacks.STACK.state]"
)
_SETTINGS_HINT = "settings belong in environments/ENV/terraform.tfvars; values that are the same everywhere in `set`"
_SECRETS_HINT = 'secret values belong in [secrets.values], such as "STACK.VARIABLE" = "env:NAME"'
_BACKEND_HINT = "keys of the backend belong in [state], or in [stacks.STACK.state] for this stack"
_ALIAS_HINT = 'write it as [stacks.STACK.providers] "PROVIDER.ALIAS" = { … }'
# By table, and then by the key that people write there.
_PLACES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "environments": {
            **dict.fromkeys(("state", "backend", "bucket"), _STATE_HINT),
            **dict.fromkeys(("set", "settings", "variables", "vars", "values"), _SETTINGS_HINT),
            "secrets": _SECRETS_HINT,
            "stacks": "a stack is in all environments of the pipeline; its values there: environments/ENV/STACK.tfvars",
            "approvals": "write it in [environments.ENV.gates]",
        },
        "stacks": {
            **dict.fromkeys(("settings", "variables", "vars", "values", "tfvars"), _SETTINGS_HINT),
            **dict.fromkeys(("secrets", "secret_values"), _SECRETS_HINT),
            **dict.fromkeys(("backend", "bucket", "key", "prefix", "workspace"), _BACKEND_HINT),
            **dict.fromkeys(("alias", "aliases", "provider", "configuration_aliases"), _ALIAS_HINT),
            **dict.fromkeys(("source", "path", "folder"), "the folder is called module, or root for a root module"),
            **dict.fromkeys(("depends_on", "needs"), 'write after = ["STACK"], or read an output: inputs'),
            "account_id": f"an account belongs to an environment; for a provider in another one, {_ALIAS_HINT}",
        },
    }
)


def find_place(path: TomlPath) -> str:
    """Return where an unknown key belongs; empty if nothing is known about it."""
    if len(path) != 3:  # noqa: PLR2004 (the table, a name, the key)
        return ""
    table, name, key = (str(part) for part in path)
    hint = _PLACES.get(table, {}).get(key, "")
    return hint.replace("ENV" if table == "environments" else "STACK", name)


def suggest_table(path: TomlPath, reason: str) -> str:
    """Return how a table is written in TOML, for a value that must be one; else empty."""
    if reason != "must be a table" or isinstance(path[-1], int):
        return ""
    if path == ("project",):
        return 'write it as a table: [project], and below it name = "NAME"'
    keys = [str(part) if str(part).replace("_", "").replace("-", "").isalnum() else f'"{part}"' for part in path]
    return f"write it as a table: [{'.'.join(keys)}], or {keys[-1]} = {{ … }}"


def suggest_choice(path: TomlPath, value: object, reason: str) -> str:
    """Return the nearest of the words that a reason lists, for a value that must be one of them; else empty."""
    if path == ("state", "backend") and value == "cloud":
        return "use remote, with the organization and the workspaces of the cloud block"
    near = find_nearest(value, re.findall(r"'([^']+)'", reason)) if isinstance(value, str) else None
    return f"did you mean {near}?" if near else ""
