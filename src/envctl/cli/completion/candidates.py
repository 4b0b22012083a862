"""What the shell offers for a word, from the project's files alone: no Terraform, no AWS, no network.

The project file is read as it lies there and never checked: what is wrong with it is for other commands to say. Names
that envctl would not take are left out, since some shells evaluate what they are offered.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from envctl.adapters.disk.paths import in_home
from envctl.adapters.disk.reading import read_bytes, read_text

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)?", re.ASCII)
_OUTPUT = re.compile(r'^\s*output\s+"?([A-Za-z_][\w-]*)"?', re.MULTILINE | re.ASCII)
_CHECKPOINT = 256


def environments(context: typer.Context) -> list[str]:
    """All of them but those that the command line has already."""
    given = _given(context)
    return [name for name in (*_order(context), *_beside(context)) if name not in given]


def sources(context: typer.Context) -> list[str]:
    """From where a promotion can come."""
    return _order(context)[:-1]


def targets(context: typer.Context) -> list[str]:
    """Where a promotion from the source can go."""
    order = _order(context)
    source = context.params.get("source")
    return [after for before, after in pairwise(order) if source in (None, before)]


def gated(context: typer.Context) -> list[str]:
    """The environments that ask for approvals."""
    asking = [name for name in (*_order(context), *_beside(context)) if _gates_of(context, name)]
    return asking or environments(context)


def gates(context: typer.Context) -> list[str]:
    """Those of the environment that is named, or of all."""
    order = (*_order(context), *_beside(context))
    # An option without its value, which is what is being completed, leaves the arguments before it where they are.
    wanted = context.params.get("environment") or next(iter(context.args), None)
    return _safe(gate for name in order if wanted in (None, name) for gate in _gates_of(context, name))


def stacks(context: typer.Context) -> list[str]:
    return _safe(_table(_document(context), "stacks"))


def outputs(context: typer.Context, incomplete: str) -> list[str]:
    """As STACK.OUTPUT, and as OUTPUT where somebody has begun so and it is enough."""
    declared = {stack: _declared(context, stack) for stack in stacks(context)}
    whole = [f"{stack}.{name}" for stack, names in declared.items() for name in names]
    alone = [name for names in declared.values() for name in names]
    short = [name for name in alone if incomplete and alone.count(name) == 1]
    return _safe([*whole, *short])


def platforms() -> list[str]:
    """Those that people commonly work on."""
    from envctl.domain.terraform.provider_lock import PLATFORMS

    return list(PLATFORMS)


def releases(context: typer.Context) -> list[str]:
    """By the names that people use, newest first."""
    return _safe(name[:12] for name in reversed(_releases(context)))


def _root(context: typer.Context) -> Path:
    return in_home(context.find_root().params.get("project") or ".")


def _document(context: typer.Context) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(read_text(_root(context) / "envctl.toml", "utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}


def _table(document: object, *path: str) -> Mapping[str, Any]:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def _order(context: typer.Context) -> list[str]:
    document = _document(context)
    order = _table(document, "pipeline").get("order")
    return _safe(order if isinstance(order, list) else _table(document, "environments"))


def _beside(context: typer.Context) -> list[str]:
    """Those that stand beside the pipeline."""
    sections = _table(_document(context), "environments")
    return _safe(name for name in sections if _table(sections, name).get("pipeline") is False)


def _given(context: typer.Context) -> set[str]:
    values = context.params.values()
    return {str(each) for value in values for each in (value if isinstance(value, tuple | list) else [value])}


def _gates_of(context: typer.Context, environment: str) -> list[str]:
    from envctl.domain.config.rules.environment_rules import find_usual_gates

    told = _table(_document(context), "environments", environment, "gates")
    if "approvals" in told:
        return list(_table(told, "approvals"))
    return list(find_usual_gates(_order(context), environment))


def _declared(context: typer.Context, stack: str) -> list[str]:
    """The outputs in the module's files, as a look at them tells."""
    module = _table(_document(context), "stacks", stack).get("module")
    if not isinstance(module, str):
        return []
    found: dict[str, None] = {}
    with suppress(OSError, ValueError):
        for file in sorted((_root(context) / module).glob("*.tf")):
            found.update(dict.fromkeys(_OUTPUT.findall(read_text(file))))
    return list(found)


def _releases(context: typer.Context) -> list[str]:
    """Of a store on this machine its own ledger; of any other what was read of it before."""
    from envctl.cli.completion import known_releases

    root, document = _root(context), _document(context)
    if context.find_root().params.get("in_sandbox"):
        name = _table(document, "project").get("name")
        return known_releases.recall(root / ".envctl" / "sandbox", f"s3://{name}-envctl-store")
    url = str(_table(document, "store").get("url", "file://.envctl/store"))
    if not url.startswith("file://"):
        return known_releases.recall(root / ".envctl", url)
    with suppress(OSError):
        return known_releases.named_in(_ledger(root / url.removeprefix("file://")))
    return []


def _ledger(store: Path) -> list[bytes]:
    """The last checkpoint, and what came after it."""
    checkpoints = sorted((store / "checkpoints").glob("*.json.gz"))[-1:]
    after = checkpoints[0].stem if checkpoints else ""
    entries = sorted(file for file in (store / "ledger").glob("*.json") if file.name > after)
    return [read_bytes(file) for file in (*checkpoints, *entries[-2 * _CHECKPOINT :])]


def _safe(names: Iterable[object]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and _NAME.fullmatch(name)))
