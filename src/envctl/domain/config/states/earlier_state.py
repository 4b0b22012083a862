"""The finished table `[state]` for a state from before envctl, by what its `backend` or `cloud` block says."""

import json
import re
from collections.abc import Mapping
from posixpath import join, normpath

from envctl.domain.config.project import Project
from envctl.domain.config.states.backends import BACKENDS, has_password, list_placeholders

_UNKNOWN = "…"


def format_state_table(project: Project, stack: str, backend: str, keys: Mapping[str, object]) -> str:
    """Return the tables for envctl.toml. `keys` are those of the block; what it does not say is `…`.

    Names and accounts of environments become placeholders. Secrets are left out.
    """
    name = "remote" if backend == "cloud" else backend
    if name not in BACKENDS:
        return f'[state]\nbackend = "{_UNKNOWN}"  # envctl has no backend {name}: move the states to another one'
    kind = BACKENDS[name]
    known = (kind.keys | {"workspace"}) - kind.secret_keys.keys()
    table = {key: each for key, each in keys.items() if key in known and each is not None and not has_password(each)}
    if name == "local":
        table = {"path": "terraform.tfstate", **table}
        folder = project.every_stack[stack].folder
        table |= {key: normpath(join(folder, str(table[key]))) for key in table.keys() & {"path", "workspace_dir"}}
    elif name == "remote":
        said = table.get("workspaces")
        parts = {key: said[key] for key in ("name", "prefix") if said.get(key)} if isinstance(said, Mapping) else {}
        table["workspaces"] = parts or {"name": _UNKNOWN}
        table |= {"workspace": "{env}"} if "prefix" in parts else {}
    elif name == "s3":
        # Terraform's older key of the role.
        table |= {"assume_role": keys["role_arn"]} if "role_arn" in keys else {}
        table |= {"workspace": "{env}"} if "workspace_key_prefix" in keys else {}
    for key in (*({"bucket"} & kind.keys), *kind.required_keys, kind.place_key):
        table.setdefault(key, _UNKNOWN)
    accounts = {each.account_id: "{account_id}" for each in project.environments.values() if each.account_id}
    words = {**accounts, **dict.fromkeys(project.environments, "{env}")}
    longest = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{longest})(?![A-Za-z0-9])")
    texts = {key: re.sub(r'"(\w+)": ', r"\1 = ", json.dumps(each, default=str)) for key, each in table.items()}
    for key in texts.keys() & {*kind.identity_keys, "assume_role"}:
        texts[key] = pattern.sub(lambda found: words[found[0]], texts[key])
    own = {kind.place_key: texts.pop(kind.place_key)} if len(project.every_stack) > 1 else {}
    lines = ["[state]", f'backend = "{name}"', *(f"{key} = {each}" for key, each in texts.items())]
    lines += [f"[stacks.{stack}.state]\n{key} = {each}" for key, each in own.items()]
    if len(project.environments) > 1 and not any(list_placeholders([*texts.values(), *own.values()])):
        lines.append("# each environment needs its own: write {env} into it")
    return "\n".join(lines).replace(json.dumps(_UNKNOWN), f'"{_UNKNOWN}"')
