"""What an apply could tell of one change: a digest of each planned value by its place, or a sign for what is unknown or
sensitive. It is made of the document itself, and not of what is shown of it.

A value that is there already and stays is not planned. A sensitive value has a sign and no digest: a digest of a short
secret can be guessed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.attributes import below, is_secret, marks_of
from envctl.domain.plan.canonical import (
    ABSENT,
    SENSITIVE,
    SENSITIVE_UNKNOWN,
    UNKNOWN,
    Step,
    canonical_text,
    digest_of,
    place,
    sign_of,
)
from envctl.domain.plan.changes import Action, Marker

# Beside the places of values, which begin with a bracket.
OBJECT, ORDER, PROVIDER, CONFIGURED, IMPORTED, PROGRAMS = (
    "object",
    "order",
    "provider",
    "provider configuration",
    "imported as",
    "programs",
)
_WHOLE = frozenset({Action.CREATE, Action.READ})
# What is shorter stands in many a text that has nothing to do with it.
SHORTEST = 3
_GOES = frozenset({Action.DELETE, Action.FORGET})

Leaf = tuple[str, str]


def planned(raw: Mapping[str, Any], action: Action, secrets: frozenset[str]) -> dict[str, str]:
    """Of a change to a resource, with what it is done to and by which provider."""
    change = raw["change"]
    told = dict(_values(change, action, secrets))
    told[PROVIDER] = sign_of(raw.get("provider_name", ""))
    if len(change["actions"]) > 1:
        told[ORDER] = sign_of(change["actions"])
    if change.get("importing") is not None:
        told[IMPORTED] = _hidden({key: each for key, each in change["importing"].items() if each}, secrets)
    if (which := _object(change, secrets)) is not None:
        told[OBJECT] = which
    return told


def configured(code: Mapping[str, Any]) -> dict[str, str]:
    """Which of the configurations of its provider it has: another account or region is another one."""
    key = code.get("provider_config_key")
    return {CONFIGURED: sign_of(key)} if key else {}


def imported(importing: Mapping[str, Any] | None, secrets: frozenset[str]) -> str:
    """What it is imported as, for people."""
    if importing is None:
        return ""
    if _holds_secret(importing, secrets):
        return Marker.SENSITIVE.value
    if importing.get("unknown") is True:
        return Marker.UNKNOWN.value
    if importing.get("id"):
        return str(importing["id"])
    return canonical_text(importing["identity"]) if importing.get("identity") else ""


def whole(value: object, sensitive: object, unknown: object, secrets: frozenset[str]) -> dict[str, str]:
    """All of a value that is new. A schema has every attribute, so that null at the top says nothing."""
    found = _leaves((), value, sensitive, unknown, secrets)
    return {where: _sign(leaf) for where, leaf in found if leaf != _NULL or where.count(",")}


def _values(change: Mapping[str, Any], action: Action, secrets: frozenset[str]) -> Iterator[tuple[str, str]]:
    marks = marks_of(change)
    unknown = change.get("after_unknown")
    if action in _GOES:
        return
    if action in _WHOLE:
        yield from whole(change.get("after"), marks, unknown, secrets).items()
        return
    was = dict(_leaves((), change.get("before"), marks, None, secrets))
    will = dict(_leaves((), change.get("after"), marks, unknown, secrets))
    for where in sorted({**was, **will}):
        if was.get(where) != will.get(where):
            yield where, _sign(will[where]) if where in will else ABSENT


_NULL = ("", canonical_text(None))


def _sign(leaf: Leaf) -> str:
    sign, text = leaf
    return sign or digest_of(text)


def _leaves(
    steps: tuple[Step, ...], value: object, sensitive: object, unknown: object, secrets: frozenset[str]
) -> Iterator[tuple[str, Leaf]]:
    """Each value that holds no other, by its place: its sign, and its text, which is for comparing alone where there is
    a sign.
    """
    if sensitive is True:
        hidden = (SENSITIVE_UNKNOWN if _any(unknown) else SENSITIVE, canonical_text([value, unknown or None]))
        yield place(steps), _NULL if value is None and not _any(unknown) else hidden
    elif unknown is True:
        yield place(steps), (UNKNOWN, "")
    elif keys := _keys(value, unknown):
        for key in keys:
            item = value.get(key) if isinstance(value, Mapping) else None
            yield from _leaves((*steps, key), item, below(sensitive, key), below(unknown, key), secrets)
    elif length := _length(value, unknown):
        for index in range(length):
            item = value[index] if isinstance(value, list) and index < len(value) else None
            yield from _leaves((*steps, index), item, below(sensitive, index), below(unknown, index), secrets)
    else:
        # A mark that fits nothing hides what it was meant for.
        hides = bool(sensitive) and value is not None and not isinstance(value, Mapping | list)
        sign = SENSITIVE if hides or _holds_secret(value, secrets) else ""
        yield place(steps), (sign, canonical_text(value))


def _keys(value: object, unknown: object) -> list[str]:
    own = value if isinstance(value, Mapping) else {}
    more = unknown if isinstance(unknown, Mapping) else {}
    return list(dict.fromkeys((*own, *more))) if not isinstance(value, list) else []


def _length(value: object, unknown: object) -> int:
    own = len(value) if isinstance(value, list) else 0
    return max(own, len(unknown) if isinstance(unknown, list) else 0) if not isinstance(value, Mapping) else 0


def _any(unknown: object) -> bool:
    if isinstance(unknown, Mapping):
        return any(map(_any, unknown.values()))
    return any(map(_any, unknown)) if isinstance(unknown, list) else unknown is True


def _object(change: Mapping[str, Any], secrets: frozenset[str]) -> str | None:
    """Which object it is done to: its identity, or else its id, which no refresh changes. None for what is not there
    yet.
    """
    before = change.get("before")
    own = before.get("id") if isinstance(before, Mapping) else None
    which = change.get("before_identity") or own
    if which is None:
        return None
    marked = below(marks_of(change), "id") or marks_of(change) is True
    return SENSITIVE if marked else _hidden(which, secrets)


def _hidden(value: object, secrets: frozenset[str]) -> str:
    return SENSITIVE if _holds_secret(value, secrets) else sign_of(value)


def _holds_secret(value: object, secrets: frozenset[str]) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_secret(item, secrets) for item in value.values())
    if isinstance(value, list):
        return any(_holds_secret(item, secrets) for item in value)
    if is_secret(value, secrets):
        return True
    # A text with a secret in its middle, like an address with a password, could be guessed from its digest.
    return isinstance(value, str) and any(secret in value for secret in secrets if len(secret) >= SHORTEST)
