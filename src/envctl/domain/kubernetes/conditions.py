"""What the conditions in the status of an object say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Phase = Literal["ready", "waiting", "failed"]
Conditions = Mapping[str, Mapping[str, Any]]
TRUE, FALSE = "True", "False"


@dataclass(frozen=True)
class Readiness:
    """Whether an object is ready for its purpose."""

    phase: Phase
    why: str = ""  # reason of the waiting or of the failure; empty if it is ready


READY = Readiness("ready")
UNSEEN = Readiness("waiting", "its controller has not seen it yet")
OUTDATED = Readiness("waiting", "its controller has not seen the change yet")


def read_conditions(found: object) -> Conditions:
    """Return the conditions in a list of the API by their type."""
    listed = found if isinstance(found, list) else ()
    return {str(each["type"]): each for each in listed if isinstance(each, Mapping) and "type" in each}


def is_true(conditions: Conditions, name: str) -> bool:
    return conditions.get(name, {}).get("status") == TRUE


def describe_condition(condition: Mapping[str, Any]) -> str:
    parts = (str(condition.get(key) or "") for key in ("reason", "message"))
    return ": ".join(filter(None, parts)) or f"{condition.get('type')} is {condition.get('status')}"
