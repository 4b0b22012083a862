"""Readers of the cells of tables (pkg/printers/internalversion in kubernetes/kubernetes)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kube_api_emulator.server.resources import Object

Reader = Callable[[Object], object]

NONE, UNSET, UNKNOWN = "<none>", "<unset>", "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
# Below each limit, the two units that an age is shown in; the smaller one is missing if the age is long.
_UNITS = (
    (2 * _MINUTE, (1, "s"), None),
    (10 * _MINUTE, (_MINUTE, "m"), (1, "s")),
    (3 * _HOUR, (_MINUTE, "m"), None),
    (8 * _HOUR, (_HOUR, "h"), (_MINUTE, "m")),
    (48 * _HOUR, (_HOUR, "h"), None),
    (8 * _DAY, (_DAY, "d"), (_HOUR, "h")),
    (2 * _YEAR, (_DAY, "d"), None),
    (8 * _YEAR, (_YEAR, "y"), (_DAY, "d")),
)
_SHORT_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def format_age(timestamp: str, until: str = "", none: str = UNKNOWN) -> str:
    """Return the time between two moments, without the second until now, as kubectl shows it."""
    try:
        created = datetime.fromisoformat(timestamp)
        ended = datetime.fromisoformat(until) if until else datetime.now(UTC)
        seconds = (ended - created).total_seconds()
    except (ValueError, TypeError):
        return none
    return "<invalid>" if seconds <= -2 else format_duration(max(0, int(seconds)))  # noqa: PLR2004 (as kubectl)


def format_duration(seconds: int) -> str:
    """Return a duration with two or three figures, as kubectl shows it."""
    for limit, (size, unit), rest in _UNITS:
        if seconds < limit:
            more = seconds % size // rest[0] if rest else 0
            return f"{seconds // size}{unit}" + (f"{more}{rest[1]}" if rest and more else "")
    return f"{seconds // _YEAR}y"


def read_name(item: Object) -> str:
    """Return the name of an object; that of a bookmark has none."""
    return str(item["metadata"].get("name", ""))


def read_age(item: Object) -> str:
    return format_age(item["metadata"].get("creationTimestamp", ""))


def read_path(*path: str, otherwise: object = NONE) -> Reader:
    """Return a reader of a value."""

    def read(item: Object) -> object:
        found: object = item
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return otherwise if found in (None, "") else found

    return read


def read_text(*path: str, otherwise: str = "") -> Reader:
    """Return a reader of a value as text."""
    read = read_path(*path, otherwise=otherwise)
    return lambda item: str(read(item))


def count_items(*path: str) -> Reader:
    """Return a counter of the items of a list or a map."""
    read = read_path(*path, otherwise=())

    def count(item: Object) -> int:
        found = read(item)
        return len(found) if isinstance(found, Sequence | Mapping) else 0

    return count


def divide(part: Reader, whole: Reader) -> Reader:
    return lambda item: f"{part(item)}/{whole(item)}"


def join_list(items: Sequence[str], most: int, separator: str = ",") -> str:
    """Return the first texts of a list, and how many there are besides."""
    more = f" + {len(items) - most} more..." if len(items) > most else ""
    return separator.join(items[:most]) + more


def join_modes(modes: Sequence[str]) -> str:
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in modes)


def show_labels(*path: str) -> Reader:
    """Return a reader of labels."""
    read = read_path(*path, otherwise={})

    def show(item: Object) -> str:
        found = read(item)
        labels = sorted(found.items()) if isinstance(found, Mapping) else ()
        return ",".join(f"{name}={value}" for name, value in labels) or NONE

    return show


def show_selector(*path: str, otherwise: str = NONE) -> Reader:
    """Return a reader of a selector with labels and expressions, in the syntax of `kubectl get -l`."""
    read = read_path(*path, otherwise={})

    def show(item: Object) -> str:
        found = read(item)
        return (format_selector(found) if isinstance(found, Mapping) else "") or otherwise

    return show


def format_selector(selector: Mapping[str, Any]) -> str:
    terms = [(name, f"{name}={value}") for name, value in (selector.get("matchLabels") or {}).items()]
    terms += [(each["key"], _format_expression(each)) for each in selector.get("matchExpressions") or ()]
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0]))


def _format_expression(expression: Mapping[str, Any]) -> str:
    key, values = expression["key"], ",".join(sorted(expression.get("values") or ()))
    match expression.get("operator"):
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case "In":
            return f"{key} in ({values})"
        case _:
            return f"{key} notin ({values})"


def show_containers(field: str, *path: str) -> Reader:
    """Return a reader of a field of each container of a template."""
    read = read_path(*path, "spec", "containers", otherwise=())

    def show(item: Object) -> str:
        found = read(item)
        return ",".join(str(each.get(field, "")) for each in found) if isinstance(found, Sequence) else ""

    return show


def show_template(*path: str) -> dict[str, Reader]:
    """Return the readers of names and images of a template."""
    return {"Containers": show_containers("name", *path), "Images": show_containers("image", *path)}


def list_addresses(item: Object) -> list[str]:
    """Return the addresses of the load balancer of an object."""
    ingress = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return sorted({str(each.get("ip") or each.get("hostname") or "") for each in ingress} - {""})
