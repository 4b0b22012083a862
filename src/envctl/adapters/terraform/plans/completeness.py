"""Completeness of a plan document: it is not partial, and each of its keys is known."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans import plan_keys
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.text.lists import join_first

MAX_NAMED = 5


def check_completeness(stack: str, document: Mapping[str, Any], allowed: Collection[str] = ()) -> None:
    """Raise OperationFailedError for a partial plan and for unknown keys. `allowed` lists further keys accepted by the
    project, such as `resource_changes.change.fancy`.
    """
    if problem := _describe_partial_plan(stack, document):
        raise OperationFailedError(problem)
    if unknown := sorted(set(_find_unknown_keys(document)) - set(allowed)):
        what = "an unknown key" if len(unknown) == 1 else "unknown keys"
        message = f"the plan of {stack} has {what}: {join_first(unknown, MAX_NAMED)}"
        named = ", ".join(f'"{key}"' for key in unknown)
        hint = f"update envctl; if the key has no effect, allow it in envctl.toml: [terraform] plan_keys = [{named}]"
        raise OperationFailedError(Problem("E351", message, hint))


def check_changes_found(stack: str, document: Mapping[str, Any], *, seen: bool) -> None:
    """Raise OperationFailedError if Terraform calls the plan applyable, but no change was found in it."""
    if document.get("applyable") is True and not seen:
        message = f"the plan of {stack} would make changes unknown to envctl"
        hint = "check it with terraform show; this Terraform may be too new for this envctl: update envctl"
        raise OperationFailedError(Problem("E352", message, hint))


def _describe_partial_plan(stack: str, document: Mapping[str, Any]) -> Problem | None:
    if deferred := [*_list_deferred(document)]:
        message = f"the plan of {stack} defers a part; envctl can't check it: {join_first(deferred, MAX_NAMED)}"
        return Problem("E350", message, "give its inputs known values, or apply the inputs in their own stack")
    if document.get("errored") is True:
        return Problem("E350", f"the plan of {stack} ended with an error, and is incomplete", "plan again")
    if document.get("complete") is False:
        message = f"the plan of {stack} is incomplete"
        return Problem("E350", message, "plan everything: no -target, -exclude or -allow-deferral in TF_CLI_ARGS")
    return None


def _list_deferred(document: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in (("deferred_changes", "resource_change"), ("deferred_action_invocations", "action_invocation")):
        for each in document.get(key) or ():
            reason = str(each.get("reason", "")).replace("_", " ")
            yield f"{each.get(inner, {}).get('address', key)}{f' ({reason})' if reason else ''}"
    for raw in document.get("resource_changes") or ():
        if raw.get("index_unknown") is True:
            yield str(raw.get("address", "resource_changes"))


def _find_unknown_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys missing in their table. An empty value has no effect and is skipped."""
    parts: list[tuple[str, object, plan_keys.KeyTable]] = [("", document, plan_keys.PLAN_KEYS)]
    changes = [("output_changes.", change) for change in (document.get("output_changes") or {}).values()]
    for raw in document.get("resource_changes") or ():
        parts.append(("resource_changes.", raw, plan_keys.RESOURCE_CHANGE_KEYS))
        changes.append(("resource_changes.change.", raw.get("change")))
    for where, change in changes:
        parts.append((where, change, plan_keys.CHANGE_KEYS))
        if isinstance(change, Mapping):
            parts.append((f"{where}importing.", change.get("importing"), plan_keys.IMPORTING_KEYS))
    invocations = document.get("action_invocations") or ()
    parts += [("action_invocations.", raw, plan_keys.ACTION_INVOCATION_KEYS) for raw in invocations]
    for where, fields, known in parts:
        for key, value in fields.items() if isinstance(fields, Mapping) else ():
            if key not in known and value is not False and value not in (None, "", [], {}):
                yield f"{where}{key}"
