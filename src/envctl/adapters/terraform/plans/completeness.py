"""That a plan holds nothing which would be overlooked: it is whole, and each of its keys is known."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from envctl.adapters.terraform.plans.plan_keys import ACTION_INVOCATION, CHANGE, IMPORTING, PLAN, RESOURCE_CHANGE, Table
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.text.lists import first_of

NAMED = 5


def check_form(stack: str, document: Mapping[str, Any], allowed: Collection[str] = ()) -> None:
    """Raises OperationFailedError for a part of a plan, and for what this version does not know. `allowed` are keys
    that the project lets through, like `resource_changes.change.fancy`.
    """
    if problem := _partial(stack, document):
        raise OperationFailedError(problem)
    unknown = sorted(set(_unknown_keys(document)) - set(allowed))
    if unknown:
        what = "a key that envctl does not know" if len(unknown) == 1 else "keys that envctl does not know"
        message = f"the plan of {stack} holds {what}: {first_of(unknown, NAMED)}"
        named = ", ".join(f'"{key}"' for key in unknown)
        hint = f"update envctl; if it changes nothing, let it pass in envctl.toml: [terraform] plan_keys = [{named}]"
        raise OperationFailedError(Problem("E351", message, hint))


def check_seen(stack: str, document: Mapping[str, Any], *, seen: bool) -> None:
    """Raises OperationFailedError where Terraform says that an apply would do something, and nothing of it was seen."""
    if document.get("applyable") is True and not seen:
        message = f"the plan of {stack} would change something, and envctl does not see what"
        hint = "look at it with terraform show; this Terraform may be newer than envctl knows: update envctl"
        raise OperationFailedError(Problem("E352", message, hint))


def _partial(stack: str, document: Mapping[str, Any]) -> Problem | None:
    deferred = [*_deferred(document)]
    if deferred:
        message = f"the plan of {stack} defers a part, which can't be seen: {first_of(deferred, NAMED)}"
        return Problem("E350", message, "give what it waits for a value that is known, or apply that in an own stack")
    if document.get("errored") is True:
        return Problem("E350", f"the plan of {stack} ended with an error, and is only a part", "plan again")
    if document.get("complete") is False:
        message = f"the plan of {stack} is only a part of what there is to do"
        return Problem("E350", message, "plan the whole: no -target, -exclude or -allow-deferral in TF_CLI_ARGS")
    return None


def _deferred(document: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in (("deferred_changes", "resource_change"), ("deferred_action_invocations", "action_invocation")):
        for each in document.get(key) or ():
            reason = str(each.get("reason", "")).replace("_", " ")
            yield f"{each.get(inner, {}).get('address', key)}{f' ({reason})' if reason else ''}"
    for raw in document.get("resource_changes") or ():
        if raw.get("index_unknown") is True:
            yield str(raw.get("address", "resource_changes"))


def _unknown_keys(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _beyond("", document, PLAN)
    for raw in document.get("resource_changes") or ():
        yield from _beyond("resource_changes.", raw, RESOURCE_CHANGE)
        yield from _in_change("resource_changes.change.", raw.get("change"))
    for change in (document.get("output_changes") or {}).values():
        yield from _in_change("output_changes.", change)
    for raw in document.get("action_invocations") or ():
        yield from _beyond("action_invocations.", raw, ACTION_INVOCATION)


def _in_change(where: str, change: object) -> Iterator[str]:
    yield from _beyond(where, change, CHANGE)
    if isinstance(change, Mapping):
        yield from _beyond(f"{where}importing.", change.get("importing"), IMPORTING)


def _beyond(where: str, held: object, known: Table) -> Iterator[str]:
    """What is empty does nothing."""
    if isinstance(held, Mapping):
        yield from (f"{where}{key}" for key, value in held.items() if key not in known and not _empty(value))


def _empty(value: object) -> bool:
    return value is None or value is False or value in ("", [], {})
