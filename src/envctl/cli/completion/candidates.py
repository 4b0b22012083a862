"""Completion candidates from the project's files only: no Terraform, no AWS, no network.

The project file is read without validation. Invalid names are left out, because some shells evaluate candidates.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from envctl.adapters.disk.files import read_bytes, read_text
from envctl.adapters.disk.paths import expand_home
from envctl.cli.project_folder import choose_project_folder

_NAME = r"(?a)[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)?"
_OUTPUT = r'(?am)^\s*output\s+"?([A-Za-z_][\w-]*)"?'
_CHECKPOINT_INTERVAL = 256


def complete_environments(context: typer.Context) -> list[str]:
    """Complete environments, except those already on the command line."""
    values = context.params.values()
    given = {str(each) for value in values for each in (value if isinstance(value, tuple | list) else [value])}
    return [name for name in _read_environments(context) if name not in given]


def complete_sources(context: typer.Context) -> list[str]:
    """Complete the source of a promotion: any environment but the last."""
    return _read_order(context)[:-1]


def complete_targets(context: typer.Context) -> list[str]:
    """Complete the target of a promotion: the environment after the source."""
    order = _read_order(context)
    source = context.params.get("source")
    return [after for before, after in pairwise(order) if source in (None, before)]


def complete_gated(context: typer.Context) -> list[str]:
    """Complete the environments with gates; all environments if none has one."""
    with_gates = [name for name in _read_environments(context) if _find_gates(context, name)]
    return with_gates or complete_environments(context)


def complete_gates(context: typer.Context) -> list[str]:
    """Complete the gates of the given environment, or of all."""
    names = _read_environments(context)
    # While the value of an option is completed, Typer leaves the arguments before it in `args`.
    environment = context.params.get("environment") or next(iter(context.args), None)
    return _keep_valid_names(
        gate for name in names if environment in (None, name) for gate in _find_gates(context, name)
    )


def complete_stacks(context: typer.Context) -> list[str]:
    return _keep_valid_names(_find_table(_read_project_file(context), "stacks"))


def complete_outputs(context: typer.Context, incomplete: str) -> list[str]:
    """Complete STACK.OUTPUT, and OUTPUT alone if it is unique and the word is not empty."""
    declared = {stack: _find_declared_outputs(context, stack) for stack in complete_stacks(context)}
    qualified = [f"{stack}.{name}" for stack, names in declared.items() for name in names]
    plain = [name for names in declared.values() for name in names]
    unique = [name for name in plain if incomplete and plain.count(name) == 1]
    return _keep_valid_names([*qualified, *unique])


def complete_platforms() -> list[str]:
    from envctl.domain.terraform.provider_lock import PLATFORMS

    return list(PLATFORMS)


def complete_codes() -> list[str]:
    from envctl.adapters.local.templates import PackagedTemplates
    from envctl.usecases.inspect.explain import list_codes

    return list_codes(PackagedTemplates())


def complete_releases(context: typer.Context) -> list[str]:
    """Complete releases by short id, newest first."""
    return _keep_valid_names(name[:12] for name in reversed(_find_releases(context)))


def _find_project_root(context: typer.Context) -> Path:
    given = context.find_root().params.get("project")
    return expand_home(given) if given else choose_project_folder(None, "")


def _read_project_file(context: typer.Context) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(read_text(_find_project_root(context) / "envctl.toml", "utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}


def _find_table(document: object, *path: str) -> Mapping[str, Any]:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def _read_order(context: typer.Context) -> list[str]:
    document = _read_project_file(context)
    order = _find_table(document, "pipeline").get("order")
    return _keep_valid_names(order if isinstance(order, list) else _find_table(document, "environments"))


def _read_environments(context: typer.Context) -> list[str]:
    """Return the environments of the pipeline, then the standalone ones."""
    sections = _find_table(_read_project_file(context), "environments")
    standalone = (name for name in sections if _find_table(sections, name).get("pipeline") is False)
    return [*_read_order(context), *_keep_valid_names(standalone)]


def _find_gates(context: typer.Context, environment: str) -> list[str]:
    from envctl.domain.config.gates import find_default_gates

    declared = _find_table(_read_project_file(context), "environments", environment, "gates")
    if "approvals" in declared:
        return list(_find_table(declared, "approvals"))
    return list(find_default_gates(_read_order(context), environment))


def _find_declared_outputs(context: typer.Context, stack: str) -> list[str]:
    """Find the outputs in the files of a module by a regular expression."""
    module = _find_table(_read_project_file(context), "stacks", stack).get("module")
    module = module or _find_table(_read_project_file(context), "stacks", stack).get("root")
    if not isinstance(module, str):
        return []
    found: dict[str, None] = {}
    with suppress(OSError, ValueError):
        for file in sorted((_find_project_root(context) / module).glob("*.tf")):
            found.update(dict.fromkeys(re.findall(_OUTPUT, read_text(file))))
    return list(found)


def _find_releases(context: typer.Context) -> list[str]:
    """Return releases from the ledger of a local store, or remembered from earlier reads of a remote one."""
    from envctl.cli.completion import known_releases

    root, document = _find_project_root(context), _read_project_file(context)
    if context.find_root().params.get("in_sandbox"):
        name = _find_table(document, "project").get("name")
        return known_releases.load_known_releases(root / ".envctl" / "sandbox", f"s3://{name}-envctl-store")
    url = str(_find_table(document, "store").get("url", "file://.envctl/store"))
    if not url.startswith("file://"):
        return known_releases.load_known_releases(root / ".envctl", url)
    with suppress(OSError):
        return known_releases.find_release_names(_read_ledger_tail(root / url.removeprefix("file://")))
    return []


def _read_ledger_tail(store: Path) -> list[bytes]:
    """Read the last checkpoint and the entries after it."""
    checkpoints = sorted((store / "checkpoints").glob("*.json.gz"))[-1:]
    after = checkpoints[0].stem if checkpoints else ""
    entries = sorted(file for file in (store / "ledger").glob("*.json") if file.name > after)
    return [read_bytes(file) for file in (*checkpoints, *entries[-2 * _CHECKPOINT_INTERVAL :])]


def _keep_valid_names(names: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and re.fullmatch(_NAME, name)))
