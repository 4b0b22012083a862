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
        what = "a key that envctl does not know" if len(unknown) == 1 else "keys that envctl does not know"
        message = f"the plan of {stack} holds {what}: {join_first(unknown, MAX_NAMED)}"
        named = ", ".join(f'"{key}"' for key in unknown)
        hint = f"update envctl; if it changes nothing, let it pass in envctl.toml: [terraform] plan_keys = [{named}]"
        raise OperationFailedError(Problem("E351", message, hint))


def check_changes_found(stack: str, document: Mapping[str, Any], *, seen: bool) -> None:
    """Raise OperationFailedError if Terraform calls the plan applyable, but no change was found in it."""
    if document.get("applyable") is True and not seen:
        message = f"the plan of {stack} would change something, and envctl does not see what"
        hint = "look at it with terraform show; this Terraform may be newer than envctl knows: update envctl"
        raise OperationFailedError(Problem("E352", message, hint))


def _describe_partial_plan(stack: str, document: Mapping[str, Any]) -> Problem | None:
    if deferred := [*_list_deferred(document)]:
        message = f"the plan of {stack} defers a part, which can't be seen: {join_first(deferred, MAX_NAMED)}"
        return Problem("E350", message, "give what it waits for a value that is known, or apply that in an own stack")
    if document.get("errored") is True:
        return Problem("E350", f"the plan of {stack} ended with an error, and is only a part", "plan again")
    if document.get("complete") is False:
        message = f"the plan of {stack} is only a part of what there is to do"
        return Problem("E350", message, "plan the whole: no -target, -exclude or -allow-deferral in TF_CLI_ARGS")
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
