"""Planned values by path, with their digests for the fingerprint: unknown and sensitive values have a sign instead.
They are made from the plan document itself, not from its redacted form.

Unchanged values are left out. A sensitive value has no digest: the digest of a short secret can be guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from envctl.adapters.terraform.plans.attributes import merge_sensitive_marks, select_marks
from envctl.adapters.terraform.plans.repeated_blocks import has_unknown
from envctl.domain.plan import fingerprint
from envctl.domain.plan.changes import Action, Marker, PlannedValue
from envctl.domain.plan.fingerprint import plan_value, to_canonical_json
from envctl.domain.plan.wanted_deletions import PROVIDER_CONFIGURATION
from envctl.domain.redaction.plan_secrets import PlanSecrets

# Further keys beside the paths. A path of a value begins with a bracket.
OBJECT, ORDER, PROVIDER, PROGRAMS = "object", "order", "provider", "programs"
IMPORTED = "imported as"
_FULLY_PLANNED = frozenset({Action.CREATE, Action.READ})
_REMOVING = frozenset({Action.DELETE, Action.FORGET})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value other than a container. With a sign, the text only serves for comparison."""

    sign: str
    text: str
    shown: object

    def to_planned(self, before: "Leaf | None" = None) -> PlannedValue:
        return PlannedValue(self.sign or fingerprint.digest_text(self.text), before and before.shown, self.shown)


def list_planned_values(raw: Mapping[str, Any], action: Action, secrets: PlanSecrets) -> dict[str, PlannedValue]:
    """Return what a change of a resource plans: its values, object, provider, import and order of actions."""
    change = raw["change"]
    planned = dict(_list_values(change, action, secrets))
    planned[PROVIDER] = plan_value(raw.get("provider_name", ""))
    if len(change["actions"]) > 1:
        planned[ORDER] = plan_value(change["actions"])
    if change.get("importing") is not None:
        planned[IMPORTED] = hide_secret({key: each for key, each in change["importing"].items() if each}, secrets)
    if (identity := _find_identity(change, secrets)) is not None:
        planned[OBJECT] = identity
    return planned


def find_provider_config(code: Mapping[str, Any]) -> dict[str, PlannedValue]:
    """Return the key of its provider configuration: accounts and regions have one each."""
    key = code.get("provider_config_key")
    return {PROVIDER_CONFIGURATION: plan_value(key)} if key else {}


def format_import(importing: Mapping[str, Any] | None, secrets: PlanSecrets) -> str:
    """Format the id of the imported object for display; empty without an import."""
    if importing is None:
        return ""
    if secrets.has_secret(importing):
        return Marker.SENSITIVE.value
    if importing.get("unknown") is True:
        return Marker.UNKNOWN.value
    identity = importing.get("identity")
    return str(importing.get("id") or "") or (to_canonical_json(identity) if identity else "")


def list_whole_value(
    value: object, sensitive: object, unknown: object, secrets: PlanSecrets
) -> dict[str, PlannedValue]:
    """Return all of a new value, except nulls at the top: a schema lists every attribute."""
    leaves = _walk_leaves((), value, sensitive, unknown, secrets)
    return {path: leaf.to_planned() for path, leaf in leaves if leaf != _NULL or path.count(",")}


def _list_values(change: Mapping[str, Any], action: Action, secrets: PlanSecrets) -> Iterator[tuple[str, PlannedValue]]:
    marks = merge_sensitive_marks(change)
    unknown = change.get("after_unknown")
    if action in _REMOVING:
        return
    if action in _FULLY_PLANNED:
        yield from list_whole_value(change.get("after"), marks, unknown, secrets).items()
        return
    before = dict(_walk_leaves((), change.get("before"), marks, None, secrets))
    after = dict(_walk_leaves((), change.get("after"), marks, unknown, secrets))
    for path in sorted({**before, **after}):
        old, new = before.get(path), after.get(path)
        # By what they are, and not by what is shown: two sensitive values look the same.
        if (old and (old.sign, old.text)) != (new and (new.sign, new.text)):
            yield path, (new or _ABSENT).to_planned(old)


_NULL = Leaf("", to_canonical_json(None), None)
_ABSENT = Leaf(fingerprint.ABSENT, "", None)


def _walk_leaves(
    steps: tuple[fingerprint.PathStep, ...], value: object, sensitive: object, unknown: object, secrets: PlanSecrets
) -> Iterator[tuple[str, Leaf]]:
    """Yield each value other than a container by its path."""
    if sensitive is True:
        sign = fingerprint.SENSITIVE_UNKNOWN if has_unknown(unknown) else fingerprint.SENSITIVE
        is_null = value is None and not has_unknown(unknown)
        hidden = Leaf(sign, to_canonical_json([value, unknown or None]), Marker.SENSITIVE)
        yield fingerprint.encode_path(steps), _NULL if is_null else hidden
    elif unknown is True:
        yield fingerprint.encode_path(steps), Leaf(fingerprint.UNKNOWN, "", Marker.UNKNOWN)
    elif parts := _list_parts(value, unknown):
        for key, item in parts:
            marks = select_marks(sensitive, key), select_marks(unknown, key)
            yield from _walk_leaves((*steps, key), item, *marks, secrets)
    else:
        # A mark of another shape than its value redacts the whole value.
        is_marked = bool(sensitive) and value is not None and not isinstance(value, Mapping | list)
        sign = fingerprint.SENSITIVE if is_marked or secrets.has_secret(value) else ""
        shown = Marker.SENSITIVE if is_marked or secrets.is_secret(value) else value
        yield fingerprint.encode_path(steps), Leaf(sign, to_canonical_json(value), shown)


def _list_parts(value: object, unknown: object) -> list[tuple[fingerprint.PathStep, object]]:
    """Return the parts of a map or list by key or index: its own, and those only marked unknown, as None."""
    if isinstance(value, Mapping) or (isinstance(unknown, Mapping) and not isinstance(value, list)):
        own = value if isinstance(value, Mapping) else {}
        return [(key, own.get(key)) for key in {**own, **(unknown if isinstance(unknown, Mapping) else {})}]
    items = [value if isinstance(value, list) else (), unknown if isinstance(unknown, list) else ()]
    return [(index, item) for index, (item, _) in enumerate(zip_longest(*items))]


def _find_identity(change: Mapping[str, Any], secrets: PlanSecrets) -> PlannedValue | None:
    """Return the identity of the changed object, or else its id: no refresh changes it. None for a new object."""
    before = change.get("before")
    own = before.get("id") if isinstance(before, Mapping) else None
    identity = change.get("before_identity") or own
    if identity is None:
        return None
    marked = select_marks(merge_sensitive_marks(change), "id") or merge_sensitive_marks(change) is True
    return plan_value(Marker.SENSITIVE) if marked else hide_secret(identity, secrets)


def hide_secret(value: object, secrets: PlanSecrets) -> PlannedValue:
    """Return a planned value without marks of its own."""
    return plan_value(Marker.SENSITIVE if secrets.has_secret(value) else value)
