"""The place of a release as a value with a digest, which an approval binds: the target of an apply in one environment.

It is built from the blocks rendered for Terraform and therefore complete. Module arguments belong to the settings and
their digest. The identity of the caller (a profile, a session, a job) is excluded.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from envctl.domain.config.project import Project
from envctl.domain.plan.provider_accounts import parse_role_account
from envctl.domain.release.place.environment_place import Place, resolve_place
from envctl.domain.release.place.provider_keys import render_provider_blocks
from envctl.domain.release.place.provider_roles import find_region
from envctl.domain.release.wiring import Wiring
from envctl.domain.settings.settings import format_canonical_json
from envctl.domain.text.lists import join_first

FORMAT = 1
MAX_DIFFERENCES = 4
# In the order of display. One value may be rendered in several blocks.
_LABELS = {
    "access.account_id": "account",
    "provider.aws.allowed_account_ids[0]": "account",
    "backend.s3.allowed_account_ids[0]": "account",
    "access.region": "region",
    "provider.aws.region": "region",
    "access.assume_role": "role",
    "provider.aws.assume_role[0].role_arn": "role",
    "backend.s3.assume_role.role_arn": "role",
    "backend.s3.bucket": "state bucket",
    "backend.s3.region": "region",
    "cluster.region": "region",
    "cluster.name": "cluster",
    "cluster.context": "context",
    "backend.s3.key": "state key",
    "backend.local.path": "state file",
    "workspace": "workspace",
    "access.external_id": "external id",
    "provider.aws.assume_role[0].external_id": "external id",
    "backend.s3.assume_role.external_id": "external id",
}
_ABSENT = "none"
# Of a backend, the keys that make the place of a state; the others say how to get there.
_BACKEND_KEYS = frozenset(
    {"bucket", "key", "prefix", "path", "container_name", "storage_account_name", "address", "secret_suffix"}
    | {"namespace", "schema_name", "organization", "hostname", "workspaces", "workspace_dir", "workspace_key_prefix"}
)
_CLUSTER = ("cluster", "context")
_MOVING = frozenset({"account", "region", "state bucket", "state key", "state file", "workspace"})


class MalformedPlaceError(ValueError):
    """The bytes are no encoded place."""


@dataclass(frozen=True)
class BoundPlace:
    """The target of an apply, as bound to an approval."""

    environment: str
    access: Mapping[str, Any]  # account, region and role used by envctl itself, and other accounts open to providers
    stacks: Mapping[str, Mapping[str, Any]]  # `backend` and `provider` blocks, and `workspace`, by stack

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the encoded place, its key in the store."""
        return hashlib.sha256(encode(self)).hexdigest()

    @property
    def summary(self) -> str:
        """Account and region for display; empty if the project sets neither."""
        found: dict[str, str] = {}
        for _, path, value in _walk_values(self):
            found.setdefault(_LABELS.get(path, ""), value)
        account = f"account {found['account']}" if "account" in found else ""
        return ", ".join(filter(None, (account, found.get("region", ""))))


def bind_place(wiring: Wiring, place: Place) -> BoundPlace:
    access = {
        "account_id": place.account_id,
        "region": place.region,
        "assume_role": place.assume_role,
        "external_id": place.external_id,
        "session_tags": dict(place.session_tags),
        "other_accounts": list(place.other_accounts),
    }
    access = {name: value for name, value in access.items() if value}
    stacks: dict[str, dict[str, Any]] = {}
    for stack, wired in wiring.stacks.items():
        if (code := wired.kubernetes) is not None:
            target = {"name": code.cluster, "context": code.context, "region": find_region(wiring, stack, place)}
            stacks[stack] = {"cluster": {key: value for key, value in target.items() if value}}
            continue
        stacks[stack] = render_place(wiring, stack, place)
        # Terraform gets the workspace in its environment: no block has it.
        if workspace := place.backend.workspace_for_stack(stack):
            stacks[stack]["workspace"] = workspace
    return BoundPlace(place.environment, access, stacks)


def resolve_bound_place(project: Project, environment: str, wiring: Wiring) -> BoundPlace:
    """Return the place for an apply of a release with that wiring."""
    return bind_place(wiring, resolve_place(project, environment))


def encode(place: BoundPlace) -> bytes:
    document = {"format": FORMAT, "environment": place.environment, "access": place.access, "stacks": place.stacks}
    return format_canonical_json(document).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> BoundPlace:
    """Return the place encoded in the bytes. Raises MalformedPlaceError."""
    try:
        document = json.loads(data.decode("utf-8", "surrogatepass"))
        read = BoundPlace(document["environment"], document["access"], document["stacks"])
        if document["format"] != FORMAT or encode(read) != data or not isinstance(read.environment, str):
            raise MalformedPlaceError("its bytes are not in the canonical form of envctl")
        list(_walk_values(read))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedPlaceError(str(error)) from error
    return read


def list_differences(before: BoundPlace, after: BoundPlace) -> tuple[str, ...]:
    """Return the changed values, like `account 222222222222 -> 999999999999`, the account first."""
    old = {(stack, path): value for stack, path, value in _walk_values(before)}
    new = {(stack, path): value for stack, path, value in _walk_values(after)}
    order = list(dict.fromkeys(_LABELS.values()))
    found: dict[str, int] = {}
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if was != now:
            label = _LABELS.get(key[1], key[1])
            # Stacks share most values, and the backend repeats those of the provider.
            found[f"{label} {was} -> {now}"] = order.index(label) if label in order else len(order)
    return tuple(sorted(found, key=lambda text: (found[text], text)))


@dataclass(frozen=True)
class Move:
    """A value of a place that is another one now, with its words; empty where it was not or is no longer set."""

    label: str  # such as `region`, or `state bucket`
    key: str  # its last key: of `[state]`, for a value of the backend
    was: str
    now: str
    stack: str = ""

    @property
    def leads_elsewhere(self) -> bool:
        """False for another role in the same account, which reaches the same resources, and for another name of a
        cluster: a plan compares the clusters themselves.
        """
        accounts = {parse_role_account(self.was), parse_role_account(self.now)} - {""}
        return self.label not in ("role", *_CLUSTER) or len(accounts) > 1


def list_moves(before: BoundPlace, after: BoundPlace, stacks: Collection[str]) -> tuple[Move, ...]:
    """Return what makes these stacks, or the environment, another target: account, region, state; and another role or
    name of a cluster.
    """
    old = {(stack, path): value for stack, path, value in _walk_values(before)}
    new = {(stack, path): value for stack, path, value in _walk_values(after)}
    found: dict[Move, None] = {}
    for stack, path in dict.fromkeys((*new, *old)):
        was, now = old.get((stack, path), ""), new.get((stack, path), "")
        label = _LABELS.get(path, "")
        if was == now or (stack and stack not in stacks):
            continue
        if not was and label in ("account", "region", "role"):
            # Said for the first time, as for the recorded rules: mostly it is where it was.
            continue
        keys = [re.sub(r"\[\d+\]", "", each) for each in path.split(".")]
        if keys[0] == "backend" and label not in _MOVING and keys[2] in _BACKEND_KEYS:
            label = f"state {keys[2]}"
        if label in (*_MOVING, "role", *_CLUSTER) or label.startswith("state "):
            found[Move(label, keys[-1], was, now, stack)] = None
    order = list(dict.fromkeys(_LABELS.values()))
    unique = {(each.label, each.was, each.now): each for each in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda each: order.index(each.label) if each.label in order else 99))


def describe_differences(before: BoundPlace, after: BoundPlace) -> str:
    """Return the first differences as text; empty without any."""
    return join_first(list_differences(before, after), MAX_DIFFERENCES)


def _walk_values(place: BoundPlace) -> Iterator[tuple[str, str, str]]:
    """Yield stack, path and text of each value, access and providers first."""
    for name, setting in place.access.items():
        for path, value in _walk_leaves(f"access.{name}", setting):
            yield "", path, value
    for stack, blocks in place.stacks.items():
        for kind in sorted(blocks, reverse=True):
            for path, value in _walk_leaves(kind, blocks[kind]):
                yield stack, path, value


def _walk_leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if path.startswith("provider.") and path.count(".") == 1 and isinstance(value, list):
        # The configurations of a provider with aliases, by their names: their order has no meaning.
        for item in value:
            yield from _walk_leaves(f"{path}.{item['alias']}" if "alias" in item else path, item)
    elif isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _walk_leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from _walk_leaves(f"{path}[{position}]", item)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def render_place(wiring: Wiring, stack: str, place: Place) -> dict[str, Any]:
    """Return the blocks of the root module that decide the target of an apply: backend and providers."""
    keys = place.backend.settings_for_stack(stack, root=wiring.find_root_folder(stack))
    backend, code = {place.backend.kind: keys}, wiring.stacks[stack].root_code
    if code is None:
        return {"backend": backend, "provider": render_provider_blocks(wiring, place, stack)}
    from envctl.domain.release.place.provider_overrides import render_provider_overrides

    return {"backend": backend, "provider": render_provider_overrides(wiring, stack, place, code)}
