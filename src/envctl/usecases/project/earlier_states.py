"""States from before envctl: a root that names one, or has one beside its code, is not made a second time."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import join, normpath
from typing import TYPE_CHECKING

from envctl.domain.config.fields import find_table
from envctl.domain.config.project import Project
from envctl.domain.config.states.backends import BACKENDS, has_password, list_placeholders
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release.bundle import Release
from envctl.domain.release.code_search import StateBlock
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.project import SourceTree
from envctl.usecases.project.root_modules import STATES_FOLDER, search_roots

if TYPE_CHECKING:
    from envctl.domain.ledger.state import LedgerState

_FILE, _UNKNOWN = "terraform.tfstate", "…"


def require_known_states(context: Context, release: Release, environment: str, present: "LedgerState") -> None:
    """Raise ConfigurationError (E163) if a root of the release would be made a second time in the environment."""
    if problems := [*find_unknown_states(context, release, (environment,), present)]:
        raise ConfigurationError(*problems)


def find_unknown_states(
    context: Context, release: Release, environments: Sequence[str], present: "LedgerState | None"
) -> Iterator[Problem]:
    """Yield a problem for each root with an earlier state that `envctl.toml` does not name, if envctl has none of it in
    some of the environments. Without a ledger, files alone tell what envctl has.
    """
    ports, stacks = context.ports, release.wiring.stacks
    roots = {name: context.project.every_stack[name] for name in sorted(context.project.unplaced_roots & stacks.keys())}
    lacking: dict[str, list[str]] = {}
    for name, stack in roots.items():
        for each in environments if stacks[name].is_root else ():
            known = {name, stack.moved_from or name}
            files = [ports.tree.read_contents(f".envctl/state/{each}/{one}.tfstate") for one in known]
            has_begun = present is not None and any(map(present.find_environment(each).has_begun, known))
            if not has_begun and not any(files):
                lacking.setdefault(name, []).append(each)
    for name, code in search_roots(ports, release, release.files, lacking).items() if lacking else ():
        earlier = _find_earlier_state(ports.tree, roots[name].folder, code.states)
        if earlier is None:
            continue
        what, gone = (
            (earlier.kind, "the block") if code.states else (f"an older state, {earlier.location}", "that file")
        )
        message = (
            f"the stack {name} has {what}, envctl.toml has no [state], and envctl has no state of {name} in"
            f" {join_names(lacking[name])}: it would create everything a second time"
        )
        table = _format_table(context.project, name, earlier.backend, earlier.keys)
        anew = f'if there is no such state: remove {gone}, or write [state] with backend = "local"'
        yield Problem("E163", message, f"say in envctl.toml where it is:\n{table}\n{anew}", earlier.location)


def _find_earlier_state(tree: SourceTree, folder: str, blocks: Sequence[StateBlock]) -> StateBlock | None:
    """Return what the block of a root, and the files of Terraform beside it, say of its state: the record of
    `terraform init` has what a partial block leaves to options.
    """
    beside, record = (normpath(f"{folder}/{each}") for each in (_FILE, f".terraform/{_FILE}"))
    said = find_table(_read_state(tree.read_contents(record)), "backend")
    kind, config = str(said.get("type", "local")), find_table(said, "config")
    files = {path: file.data for path, file in (tree.read_folder(f"{folder}/{STATES_FOLDER}", (_FILE,)) or {}).items()}
    workspace = {"workspace": "{env}"} if files else {}
    for block in blocks:
        keys = {**(config if kind == block.backend else {}), **block.keys, **workspace}
        return StateBlock(block.location, f"a {block.kind} block", block.backend, keys)
    files[beside] = tree.read_contents(beside) or b'{"resources": []}'
    # A state without that key may hold some: an old or an encrypted one.
    held = [path for path, data in files.items() if _read_state(data).get("resources", True)]
    found = [record] if config else held
    return StateBlock(Location(found[0]), "", kind, {**config, **workspace}) if found else None


def _read_state(data: bytes | None) -> Mapping[str, object]:
    try:
        return find_table(json.loads(data or b"{}"))
    except ValueError:
        return {}


def _format_table(project: Project, stack: str, backend: str, keys: Mapping[str, object]) -> str:
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
