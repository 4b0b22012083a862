"""Refusals of the content of a request, in the words of kube-apiserver.

Source: k8s.io/apimachinery v0.36.2, pkg/api/errors/errors.go (NewInvalid, NewBadRequest, NewGenericServerResponse),
pkg/runtime/error.go (NewNotRegisteredErrForKind).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kube_api_emulator.server.rules.go.json_types import name_type

# Where each part of the server registers its kinds, as its messages show it.
_SCHEMES = {
    "apiextensions.k8s.io": "pkg/apiserver/apiserver.go:55",
    "apiregistration.k8s.io": "pkg/apiserver/scheme/scheme.go:28",
}
_SCHEME = "pkg/api/legacyscheme/scheme.go:30"


class Cause(NamedTuple):
    """One problem of an object, as in `details.causes`."""

    field: str
    reason: str
    message: str


class ContentError(Exception):
    """A refusal of a request for its content.

    Attributes:
        code: the HTTP status.
        reason: as in the Status of the answer; empty for none.
        details: as in the Status of the answer; None for none.
        warnings: of the request.
    """

    warnings: tuple[str, ...] = ()

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details


def refuse_fields(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ContentError:
    """Return the refusal of an object with invalid fields (422)."""
    # The text names a problem once that was found twice.
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    listed = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    details = {"name": name, "group": group, "kind": kind, "causes": listed}
    qualified = f"{kind}.{group}" if group else kind
    return ContentError(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details)


def show_patched(item: Mapping[str, Any]) -> str:
    """Return an object as messages show it."""
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def refuse_patched(patched: str, error: ContentError) -> ContentError:
    """Return the refusal of an object that a patch has damaged (422): `patched` shows the object or the patch."""
    shown = json.dumps(patched, ensure_ascii=False)
    text = re.sub(r"^\S+ in version \S+ cannot be handled as an? \S+: ", "", str(error))
    cause = Cause("patch", "FieldValueInvalid", f"Invalid value: {shown}: {text}")
    refused = refuse_fields("", "", "", [cause])
    refused.details = {"causes": (refused.details or {})["causes"]}
    return refused


def name_scheme(group: str) -> str:
    """Return how messages name the part of the server that knows the kinds of a group."""
    return f'in scheme "{_SCHEMES.get(group, _SCHEME)}"'


def are_in_one_scheme(group: str, other: str) -> bool:
    """Return whether one part of the server knows the kinds of both groups."""
    return _SCHEMES.get(group) == _SCHEMES.get(other)


def check_patched_kind(version: str, kind: str, patched: Mapping[str, Any], *, is_custom: bool = False) -> None:
    """Check that a patch has not made another kind of an object. Raises ContentError 422."""
    found_version, found = patched.get("apiVersion") or version, patched.get("kind") or kind
    for name, value in (("apiVersion", found_version), ("kind", found)):
        if not isinstance(value, str) and not is_custom:
            problem = f"json: cannot unmarshal {name_type(value)} into Go struct field .{name} of type string"
            text = f"couldn't get version/kind; json parse error: {problem}"
            raise refuse_patched(show_patched(patched), ContentError(422, "Invalid", text))
    if is_custom and isinstance(found, str) and found:
        # The validation of custom resources checks their kind.
        found = kind
    if (found_version, found) != (version, kind):
        group = version.rpartition("/")[0]
        text = f'no kind "{found}" is registered for version "{found_version}" {name_scheme(group)}'
        raise refuse_patched(show_patched(patched), ContentError(422, "Invalid", text))


def refuse_request() -> ContentError:
    """Return the refusal of an impossible JSON patch (422)."""
    message = "the server rejected our request due to an error in our request"
    return ContentError(422, "Invalid", message, {})


def describe_object(namespace: str, name: str, api_version: str, kind: str) -> str:
    """Return an object as in messages: `shop/web; apps/v1, Kind=Deployment`."""
    version = api_version if "/" in api_version else f"/{api_version}"
    return f"{namespace}/{name}; {version}, Kind={kind}"
