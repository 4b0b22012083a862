"""Problems of an object, collected in the words of kube-apiserver.

Source: k8s.io/apimachinery v0.36.2, pkg/util/validation/field/errors.go (Invalid, Required, NotSupported, Forbidden,
Duplicate), pkg/api/validation/objectmeta.go (ValidateImmutableField).
"""

import json
import re
from collections.abc import Iterable, Sequence

from kube_api_emulator.server.rules.content_errors import Cause
from kube_api_emulator.server.rules.go.go_structs import format_go_json, show_go

_PORT_RANGE = "must be between 1 and 65535, inclusive"
_LAST_PORT = 65535

# Go quotes control characters without a letter of their own with two digits.
_CONTROL = re.compile(r"\\u00([01][0-9a-f])")


def format_value(value: object, code: str = "") -> str:
    """Return a value as the messages show it: a text in quotes, all else as JSON.

    `code` is the Go type of a struct or a map, as `show_go` knows it.
    """
    if code == "s":
        value = value or ""
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: f"\\x{found[1]}", json.dumps(value, ensure_ascii=False))
    return format_go_json(show_go(code, value) if code else value)


class Causes(list[Cause]):
    """The problems of one object."""

    def require(self, field: str, detail: str = "") -> None:
        self.append(Cause(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value"))

    def refuse(self, field: str, value: object, detail: str, code: str = "") -> None:
        """Refuse a value. `code` is its Go type, if that is a struct or a map."""
        shown = f"Invalid value: {format_value(value, code)}"
        self.append(Cause(field, "FieldValueInvalid", f"{shown}: {detail}" if detail else shown))

    def refuse_whole(self, field: str, detail: str) -> None:
        """Refuse a struct, which the message does not show."""
        self.append(Cause(field, "FieldValueInvalid", f"Invalid value: {detail}"))

    def refuse_choice(self, field: str, value: object, choices: Iterable[str]) -> None:
        listed = ", ".join(format_value(each) for each in choices)
        message = f"Unsupported value: {format_value(value)}: supported values: {listed}"
        self.append(Cause(field, "FieldValueNotSupported", message))

    def forbid(self, field: str, detail: str) -> None:
        self.append(Cause(field, "FieldValueForbidden", f"Forbidden: {detail}"))

    def report_duplicate(self, field: str, value: object, detail: str = "") -> None:
        text = f"Duplicate value: {format_value(value)}"
        self.append(Cause(field, "FieldValueDuplicate", f"{text}: {detail}" if detail else text))

    def report_missing(self, field: str, value: object, detail: str = "") -> None:
        text = f": {detail}" if detail else ""
        self.append(Cause(field, "FieldValueNotFound", f"Not found: {format_value(value)}{text}"))

    def report_length(self, field: str, most: int, unit: str = "bytes") -> None:
        text = f"may not be more than {most} {unit.removesuffix('s') if most == 1 else unit}"
        self.append(Cause(field, "FieldValueTooLong", f"Too long: {text if most >= 0 else 'value is too long'}"))

    def report_count(self, field: str, count: int, most: int) -> None:
        text = f"must have at most {most} {'item' if most == 1 else 'items'}" if most >= 0 else "has too many items"
        self.append(Cause(field, "FieldValueTooMany", f"Too many: {count}: {text}"))

    # -- checks ------------------------------------------------------------------------------------------------------

    def check_choice(self, field: str, value: object, choices: Sequence[str]) -> None:
        """Report a value besides the choices; None is no value."""
        if value is not None and value not in choices:
            self.refuse_choice(field, value, choices)

    def check_not_negative(self, field: str, value: object) -> None:
        if isinstance(value, int) and value < 0:
            self.refuse(field, value, "must be greater than or equal to 0")

    def check_port(self, field: str, value: object) -> None:
        if isinstance(value, int) and not 1 <= value <= _LAST_PORT:
            self.refuse(field, value, _PORT_RANGE)

    def check_unchanged(self, field: str, value: object, before: object, code: str = "") -> None:
        if value != before and drop_empty(value) != drop_empty(before):
            self.refuse(field, value, "field is immutable", code)


def drop_empty(value: object) -> object:
    """Return a value without its empty lists, which are no lists for the server."""
    if isinstance(value, dict):
        return {name: drop_empty(inner) for name, inner in value.items() if inner is not None and inner != []}
    return [drop_empty(each) for each in value] or None if isinstance(value, list) else value
