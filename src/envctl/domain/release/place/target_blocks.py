"""The blocks of a root module that decide the target of an apply, and the keys of `envctl.toml` behind them."""

from collections.abc import Iterator
from typing import Any

from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.place.provider_keys import list_project_tables, render_provider_blocks
from envctl.domain.release.wiring import Wiring


def render_place(wiring: Wiring, stack: str, place: Place) -> dict[str, Any]:
    """Return the blocks of the root module that decide the target of an apply: backend and providers."""
    keys = place.backend.settings_for_stack(stack, root=wiring.find_root_folder(stack))
    backend, code = {place.backend.kind: keys}, wiring.stacks[stack].root_code
    if code is None:
        return {"backend": backend, "provider": render_provider_blocks(wiring, place, stack)}
    from envctl.domain.release.place.provider_overrides import render_provider_overrides

    return {"backend": backend, "provider": render_provider_overrides(wiring, stack, place, code)}


def list_project_keys(environment: str, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the keys of envctl.toml behind a rendered path, the nearest first.

    A path is like `module`, `web`, `size`, with the stack; or like `provider`, `web`, `aws.us_east_1`, `region`, with
    the stack and the name of a configuration; or like `backend`, `web`, `s3`, `key`.
    """
    rest = path[1:]
    if path[:1] == ("backend",) and len(path) > 3:  # noqa: PLR2004 (its kind, and its key)
        for table in (("stacks", rest[0], "state"), ("state",)):
            for length in range(len(path), 3, -1):
                yield (*table, *path[3:length])
        yield ("state",)
    if path[:1] == ("module",) and len(rest) > 1:
        stack, name = rest[:2]
        yield ("stacks", stack, "inputs", name)
        yield ("stacks", stack, "set", name)
        filled = {"source": ("stacks", stack, "module"), "project": ("project", "name")}
        filled |= {"environment": ("environments", environment), "region": ("environments", environment, "region")}
        if name in filled:
            yield filled[str(name)]
    if path[:1] == ("provider",) and len(rest) > 1:
        yield from _list_provider_keys(environment, str(rest[0]), str(rest[1]), rest[2:])


def _list_provider_keys(
    environment: str, stack: str, name: str, keys: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    tables = list_project_tables(stack, environment, name)
    for table in tables:
        for length in range(len(keys), 0, -1):
            yield (*table, *keys[:length])
    # An AWS provider may have another local name.
    if name.partition(".")[0] == "aws" or (keys and str(keys[0]) in _PROJECT_KEYS):
        yield ("environments", environment, _PROJECT_KEYS.get(str(keys[0]), "") if keys else "account_id")
    yield from tables


_PROJECT_KEYS = {"allowed_account_ids": "account_id", "assume_role": "assume_role", "region": "region"}
