"""Bodies in Kubernetes' protobuf, which kubectl and helm send for built-in kinds."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kube_api_emulator.schemas.packed import ProtobufFields, load_protobuf_fields
from kube_api_emulator.server.api.wire_format import split_message
from kube_api_emulator.server.resources import Object

MEDIA = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_SIGN_BIT, _NUMBERS = 1 << 63, 1 << 64
_LIST, _MAP, _POINTER = "[]", "{}", "*"
# The value of a field that Go writes although it means nothing.
_NOTHING: Any = object()


def parse_protobuf(raw: bytes) -> Object | None:
    """Return the object of a body; None for an unknown kind. Raises ValueError for a damaged body."""
    if not raw.startswith(_MAGIC):
        raise ValueError("it does not begin as Kubernetes' protobuf")
    envelope = dict(split_message(raw[len(_MAGIC) :]))
    type_ = {number: _decode_text(value) for number, value in split_message(_require_bytes(envelope.get(1, b"")))}
    version, kind = type_.get(1, ""), type_.get(2, "")
    fields = load_protobuf_fields()
    # Options of a request belong to no group, and name the group of the object.
    message = fields.kinds.get(f"{version}/{kind}") or fields.kinds.get(f"/{kind}")
    if message is None:
        return None
    content = _require_bytes(envelope.get(2, b""))
    return {"apiVersion": version, "kind": kind} | _read_message(fields, message, content)


def _read_message(fields: ProtobufFields, message: str, raw: bytes) -> Object:
    found: Object = {}
    known = fields.messages[message]
    for number, value in split_message(raw):
        name, packed_type = known.get(number, ("", ""))
        type_ = packed_type.removeprefix(_POINTER)
        if not type_:
            continue
        if not name:
            # A part whose fields stand among those of its owner.
            found |= _read_message(fields, type_, _require_bytes(value))
        elif type_.startswith(_LIST):
            found.setdefault(name, []).append(_read_value(fields, type_[len(_LIST) :], value))
        elif type_.startswith(_MAP):
            key, inner = _read_entry(fields, type_[len(_MAP) :], _require_bytes(value))
            found.setdefault(name, {})[key] = inner
        else:
            content = _read_value(fields, type_, value)
            if content is not _NOTHING and (packed_type != type_ or content not in ("", 0, False)):
                found[name] = content
    return found


def _read_entry(fields: ProtobufFields, type_: str, raw: bytes) -> tuple[str, Any]:
    entry = dict(split_message(raw))
    empty = 0 if type_ in ("number", "flag") else b""
    return _decode_text(entry.get(1, b"")), _read_value(fields, type_, entry.get(2, empty))


def _read_value(fields: ProtobufFields, type_: str, value: int | bytes) -> Any:  # noqa: ANN401 (a part of JSON)
    if type_ in fields.messages:
        return _read_message(fields, type_, _require_bytes(value))
    if type_ in ("number", "flag"):
        return _read_number(type_, value)
    if type_ == "text":
        return _decode_text(value)
    raw = _require_bytes(value)
    if type_ == "bytes":
        return base64.b64encode(raw).decode()
    parts = dict(split_message(raw)) if type_ != "items" else {}
    match type_:
        case "items":
            return [_decode_text(each) for _, each in split_message(raw)]
        case "Quantity":
            return _decode_text(parts.get(1, b"")) or _NOTHING
        case "IntOrString":
            return _read_int_or_string(parts)
        case "Raw":
            return json.loads(_require_bytes(parts[1])) if parts.get(1) else _NOTHING
        case "Time" | "MicroTime":
            return _read_time(parts, has_micros=type_ == "MicroTime")
    raise ValueError(f"it has a field of type {type_}")


def _read_number(type_: str, value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a number has another type")  # noqa: TRY004 (of the body)
    number = value - _NUMBERS if value & _SIGN_BIT else value
    return bool(number) if type_ == "flag" else number


def _read_int_or_string(parts: Mapping[int, int | bytes]) -> Any:  # noqa: ANN401 (a number or a text)
    if parts.get(1):
        return _decode_text(parts.get(3, b""))
    return _read_number("number", parts.get(2, 0)) or _NOTHING


def _read_time(parts: Mapping[int, int | bytes], *, has_micros: bool) -> Any:  # noqa: ANN401 (a text, or nothing)
    if not parts:
        return _NOTHING
    seconds, nanos = (_read_number("number", parts.get(number, 0)) for number in (1, 2))
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if has_micros else "%Y-%m-%dT%H:%M:%SZ")


def _decode_text(value: int | bytes) -> str:
    return _require_bytes(value).decode()


def _require_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a field has another type")  # noqa: TRY004 (of the body)
    return value
