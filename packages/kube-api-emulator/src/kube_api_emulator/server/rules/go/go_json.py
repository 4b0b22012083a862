"""Problems of JSON in the words of Go's encoding/json, for the frequent ones.

Source: sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730, internal/golang/encoding/json/scanner.go (stateBeginValue,
stateEndValue, stateInString); k8s.io/apiserver v0.36.2, pkg/endpoints/handlers/rest.go (summarizeData).
"""

import json

_VALUE = "looking for beginning of value"
_END = "unexpected end of JSON input"
# Beginnings of the messages of Python, and what Go says of the character.
_PLACES = (
    ("Expecting property name", "looking for beginning of object key string"),
    ("Expecting ':'", "after object key"),
    ("Expecting ','", "after object key:value pair"),
    ("Extra data", "after top-level value"),
    ("Invalid control character", "in string literal"),
)


def find_json_problem(text: bytes) -> str:
    """Return why a text is no JSON."""
    shown = text.decode(errors="replace")
    try:
        json.loads(shown)
    except json.JSONDecodeError as error:
        if not shown[error.pos :].strip() or error.msg.startswith("Unterminated"):
            return _END
        where = next((words for begin, words in _PLACES if error.msg.startswith(begin)), _VALUE)
        return f"invalid character '{shown[error.pos]}' {where}"
    return "invalid UTF-8"


def shorten_body(body: bytes) -> str:
    """Return the begin of a body as messages show it: JSON as text, all else in hexadecimal digits."""
    most = 30
    if not body:
        return "<empty>"
    shown = (lambda part: part.decode(errors="replace")) if body[:1] == b"{" else bytes.hex
    return shown(body) if len(body) <= most else f"{shown(body[:most])} ..."
