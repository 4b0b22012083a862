"""States from before envctl: a root that names one, or has one beside its code, is not made a second time."""

import json
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any

from envctl.domain.config.states.earlier_state import format_state_table
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import Release
from envctl.domain.release.code_search import StateBlock
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.project import SourceTree
from envctl.usecases.project.root_modules import STATES_FOLDER, search_roots

_FILE = "terraform.tfstate"


def require_known_states(context: Context, release: Release, environment: str, present: LedgerState) -> None:
    """Raise ConfigurationError (E163) if a root of the release would be made a second time in the environment."""
    if problems := [*find_unknown_states(context, release, (environment,), present)]:
        raise ConfigurationError(*problems)


def find_unknown_states(
    context: Context, release: Release, environments: Sequence[str], present: LedgerState
) -> Iterator[Problem]:
    """Yield a problem for each root with an earlier state that `envctl.toml` does not name, if envctl has none of it in
    some of the environments.
    """
    ports, stacks = context.ports, release.wiring.stacks
    roots = {name: context.project.every_stack[name] for name in sorted(context.project.unplaced_roots & stacks.keys())}
    lacking: dict[str, list[str]] = {}
    for name, stack in roots.items():
        for each in environments if stacks[name].is_root else ():
            here, known = present.find_environment(each), {name, stack.moved_from or name}
            files = [ports.tree.read_contents(f".envctl/state/{each}/{one}.tfstate") for one in known]
            if not any(files) and not any(map(here.has_begun, known)):
                lacking.setdefault(name, []).append(each)
    for name, code in search_roots(ports, release, release.files, lacking).items() if lacking else ():
        earlier = _find_earlier_state(ports.tree, roots[name].folder, code.states)
        if earlier is None:
            continue
        what, gone = (earlier.kind, "the block") if code.states else (f"older state, {earlier.location}", "that file")
        message = (
            f"the stack {name} has a {what}, envctl.toml has no [state], and envctl has no state of {name} in"
            f" {join_names(lacking[name])}: it would create everything a second time"
        )
        table = format_state_table(context.project, name, earlier.backend, earlier.keys)
        anew = f'if there is no such state: remove {gone}, or write [state] with backend = "local"'
        yield Problem("E163", message, f"say in envctl.toml where it is:\n{table}\n{anew}", earlier.location)


def _find_earlier_state(tree: SourceTree, folder: str, blocks: Sequence[StateBlock]) -> StateBlock | None:
    """Return what the block of a root, and the files of Terraform beside it, say of its state: the record of
    `terraform init` has what a partial block leaves to options.
    """
    beside, record = (normpath(f"{folder}/{each}") for each in (_FILE, f".terraform/{_FILE}"))
    said = _read_state(tree.read_contents(record)).get("backend") or {"type": "local"}
    files = {path: file.data for path, file in (tree.read_folder(f"{folder}/{STATES_FOLDER}", (_FILE,)) or {}).items()}
    workspace = {"workspace": "{env}"} if files else {}
    for block in blocks:
        known = said.get("config", {}) if said["type"] == block.backend else {}
        return StateBlock(block.location, f"{block.kind} block", block.backend, {**known, **block.keys, **workspace})
    files[beside] = tree.read_contents(beside) or b'{"resources": []}'
    # A state without that key may hold some: an old or an encrypted one.
    found = (
        [record] if "config" in said else [path for path in files if _read_state(files[path]).get("resources", True)]
    )
    keys = {**said.get("config", {}), **workspace}
    return StateBlock(Location(found[0]), "", said["type"], keys) if found else None


def _read_state(data: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
