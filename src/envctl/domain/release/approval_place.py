"""The place that an approval is bound to: where an apply of one release lands in one environment.

It is taken from what is rendered for Terraform, so that nothing can decide where an apply lands and be left out here.
The arguments of modules are settings, and have a digest of their own. Who plans (a profile, a session, a job) is no
part of it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from envctl.domain.release.contents import Wiring
from envctl.domain.release.root_module import Place, render_place
from envctl.domain.settings.values import canonical
from envctl.domain.text.lists import first_of

FORMAT = 1
NAMED = 4
# In the order in which they are named. One value is rendered in several blocks.
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
    "access.external_id": "external id",
    "provider.aws.assume_role[0].external_id": "external id",
    "backend.s3.assume_role.external_id": "external id",
}
_ABSENT = "none"


class MalformedPlaceError(ValueError):
    """The bytes are not a place."""


@dataclass(frozen=True)
class BoundPlace:
    """Attributes:

    environment: its name.
    access: the account and the role that envctl checks and takes itself, whether they are rendered or not, and the
        other accounts in which providers may act.
    stacks: for each stack of a release its `backend` and its `provider` blocks.
    """

    environment: str
    access: Mapping[str, Any]
    stacks: Mapping[str, Mapping[str, Any]]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes under which it is kept."""
        return hashlib.sha256(encode(self)).hexdigest()

    @property
    def summary(self) -> str:
        """The account and the region in a few words; empty where the project names neither."""
        found: dict[str, str] = {}
        for _, path, value in _values(self):
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
    said = {name: value for name, value in access.items() if value}
    return BoundPlace(place.environment, said, {stack: render_place(wiring, stack, place) for stack in wiring.stacks})


def encode(place: BoundPlace) -> bytes:
    document = {
        "format": FORMAT,
        "environment": place.environment,
        "access": place.access,
        "stacks": place.stacks,
    }
    return canonical(document).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> BoundPlace:
    """Raises MalformedPlaceError."""
    try:
        document = json.loads(data.decode("utf-8", "surrogatepass"))
        read = BoundPlace(document["environment"], document["access"], document["stacks"])
        if document["format"] != FORMAT or encode(read) != data or not isinstance(read.environment, str):
            raise MalformedPlaceError("its bytes are not in the form in which envctl writes them")
        list(_values(read))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedPlaceError(str(error)) from error
    return read


def list_differences(before: BoundPlace, after: BoundPlace) -> tuple[str, ...]:
    """What is another value in the second place, like `account 222222222222 -> 999999999999`, the account first."""
    old = {(stack, path): value for stack, path, value in _values(before)}
    new = {(stack, path): value for stack, path, value in _values(after)}
    order = list(dict.fromkeys(_LABELS.values()))
    found: dict[str, int] = {}
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if was != now:
            label = _LABELS.get(key[1], key[1])
            # Stacks have most of it in common, and the backend has what the provider has.
            found[f"{label} {was} -> {now}"] = order.index(label) if label in order else len(order)
    return tuple(sorted(found, key=lambda text: (found[text], text)))


def describe_differences(before: BoundPlace, after: BoundPlace) -> str:
    """The first of the differences in words; empty where there are none."""
    return first_of(list_differences(before, after), NAMED)


def _values(place: BoundPlace) -> Iterator[tuple[str, str, str]]:
    """The stack, the path and the text of each value, those of access and of providers first."""
    for name, said in place.access.items():
        for path, value in _leaves(f"access.{name}", said):
            yield "", path, value
    for stack, blocks in place.stacks.items():
        for kind in sorted(blocks, reverse=True):
            for path, value in _leaves(kind, blocks[kind]):
                yield stack, path, value


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from _leaves(f"{path}[{position}]", item)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
