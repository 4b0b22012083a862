"""S3: the conditions of a bucket's policy."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

if TYPE_CHECKING:
    from flask import Request

# What is known of the request whose key is being looked at. All that reaches the sandbox came through TLS.
_REQUEST: ContextVar[Mapping[str, str]] = ContextVar(
    "_REQUEST", default=MappingProxyType({"aws:securetransport": "true"})
)
_VERSIONED = "versionId"


def _apply() -> None:
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    stock = S3Response.key_response

    def key_response(self: S3Response, request: "Request", full_url: str, headers: dict[str, str]) -> object:
        known = dict(_REQUEST.get())
        if "If-None-Match" in request.headers:
            known["s3:if-none-match"] = request.headers["If-None-Match"]
        if f"{_VERSIONED}=" in full_url:
            known[_VERSIONED] = "given"
        before = _REQUEST.set(known)
        try:
            return stock(self, request, full_url, headers)
        finally:
            _REQUEST.reset(before)

    def get_permission(self: FakeBucket, action: str, resource: str) -> object:
        known = _REQUEST.get()
        if action == "s3:DeleteObject" and _VERSIONED in known:
            action = "s3:DeleteObjectVersion"
        said = [] if self.policy is None else _statements(json.loads(self.policy))
        heard = [{**each, "Condition": {}} for each in said if _holds(each.get("Condition", {}), known)]
        if not heard:
            return PermissionResult.NEUTRAL
        policy = IAMPolicy(json.dumps({"Statement": heard}))
        return policy.is_action_permitted(action, resource)

    replace_method(S3Response, key_response)
    replace_method(FakeBucket, get_permission)


def _statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = policy["Statement"]
    return found if isinstance(found, list) else [found]


def _holds(condition: Mapping[str, Mapping[str, object]], known: Mapping[str, str]) -> bool:
    """Whether the statement speaks of this request. One whose operator is not known here is left out."""
    return all(
        _meets(operator, known.get(key.lower()), wanted)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _meets(operator: str, there: str | None, wanted: object) -> bool:
    values = [str(each).lower() for each in (wanted if isinstance(wanted, list) else [wanted])]
    match operator:
        case "Bool":
            return there in values
        case "Null":
            return str(there is None).lower() in values
        case _:
            return False


PATCH = Patch(
    name="s3-bucket-policy",
    service="s3",
    gap="moto passes over conditions, so a bucket that refuses plain HTTP refuses every upload and download",
    apply=_apply,
)
