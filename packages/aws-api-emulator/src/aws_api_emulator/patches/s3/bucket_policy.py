"""S3: conditions in a bucket policy."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from flask import Request

# Condition keys of the current request. All requests to the sandbox come through TLS.
_REQUEST_KEYS: ContextVar[Mapping[str, str]] = ContextVar(
    "_REQUEST_KEYS", default=MappingProxyType({"aws:securetransport": "true"})
)
_VERSION_KEY = "versionId"


def _apply() -> None:
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    stock = S3Response.key_response

    def key_response(self: S3Response, request: "Request", full_url: str, headers: dict[str, str]) -> object:
        known = dict(_REQUEST_KEYS.get())
        if "If-None-Match" in request.headers:
            known["s3:if-none-match"] = request.headers["If-None-Match"]
        if f"{_VERSION_KEY}=" in full_url:
            known[_VERSION_KEY] = "given"
        before = _REQUEST_KEYS.set(known)
        try:
            return stock(self, request, full_url, headers)
        finally:
            _REQUEST_KEYS.reset(before)

    def get_permission(self: FakeBucket, action: str, resource: str) -> object:
        known = _REQUEST_KEYS.get()
        if action == "s3:DeleteObject" and _VERSION_KEY in known:
            action = "s3:DeleteObjectVersion"
        given = [] if self.policy is None else json.loads(self.policy)["Statement"]
        statements = given if isinstance(given, list) else [given]
        matching = [{**each, "Condition": {}} for each in statements if _is_met(each.get("Condition", {}), known)]
        if not matching:
            return PermissionResult.NEUTRAL
        policy = IAMPolicy(json.dumps({"Statement": matching}))
        return policy.is_action_permitted(action, resource)

    replace_methods(S3Response, key_response)
    replace_methods(FakeBucket, get_permission)


def _is_met(condition: Mapping[str, Mapping[str, object]], known: Mapping[str, str]) -> bool:
    """Check that a condition holds for this request. An unknown operator never holds."""
    return all(
        _matches_operator(operator, known.get(key.lower()), wanted)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _matches_operator(operator: str, actual: str | None, wanted: object) -> bool:
    values = [str(each).lower() for each in (wanted if isinstance(wanted, list) else [wanted])]
    match operator:
        case "Bool":
            return actual in values
        case "Null":
            return str(actual is None).lower() in values
        case _:
            return False


PATCH = Patch("s3-bucket-policy", "s3", _apply)
"""moto passes over conditions, so a bucket that refuses plain HTTP refuses every upload and download."""
