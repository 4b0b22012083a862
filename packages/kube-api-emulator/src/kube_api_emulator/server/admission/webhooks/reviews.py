"""AdmissionReview: the question to a webhook, and its answer.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/webhook/request/admissionreview.go
(CreateAdmissionObjects, VerifyAdmissionResponse), pkg/admission/plugin/webhook/errors/statuserror.go (ToStatusErr).
"""

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.admission.webhooks.client import CallError
from kube_api_emulator.server.conversion import to_version
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.go.go_json import find_json_problem
from kube_api_emulator.server.status_errors import StatusError

_GROUP, _VERSIONS = "admission.k8s.io", ("v1", "v1beta1")
_FIRST_REFUSAL = 400


@dataclass(frozen=True)
class Verdict:
    """The answer of a webhook.

    Attributes:
        refusal: None if it allows the write.
        patch: operations of a JSON patch; None for no change.
    """

    refusal: StatusError | None
    patch: object
    warnings: tuple[str, ...]


def build_review(request: AdmissionRequest, matched: Resource, hook: Mapping[str, Any]) -> Object:
    """Return the question about a write to a webhook that matches a version of the resource."""
    version = next(each for each in hook["admissionReviewVersions"] if each in _VERSIONS)
    described = {name: value for name, value in request.describe(matched).items() if value != ""}
    objects = {"object": request.item, "oldObject": request.live}
    shown = {name: item and to_version(matched, item) for name, item in objects.items()}
    asked = {"uid": str(uuid.uuid4()), **described, **shown}
    return {"kind": "AdmissionReview", "apiVersion": f"{_GROUP}/{version}", "request": asked}


def read_verdict(review: Object, answer: bytes, name: str, *, may_patch: bool) -> Verdict:
    """Return what a webhook has answered to a review. Raises CallError for an answer that is not valid."""
    found = _parse_answer(answer)
    response = found.get("response")
    if not isinstance(response, dict):
        raise _refuse_answer("webhook response was absent")
    patch, patch_type = response.get("patch") or "", response.get("patchType")
    if review["apiVersion"] == f"{_GROUP}/v1":
        _check_answer(review, found, response)
        _check_patch_type(bool(patch), patch_type, may_patch=may_patch)
        if patch and patch_type != "JSONPatch":
            raise CallError(f'unsupported patch type "{patch_type}"')
    refusal = None if response.get("allowed") is True else _build_refusal(name, response.get("status") or {})
    operations = _decode_patch(patch) if patch and may_patch and not refusal else None
    return Verdict(refusal, operations, tuple(map(str, response.get("warnings") or ())))


def _refuse_answer(problem: str) -> CallError:
    return CallError(f"received invalid webhook response: {problem}")


def _parse_answer(answer: bytes) -> Object:
    try:
        found = json.loads(answer)
    except ValueError:
        problem = find_json_problem(answer)
        raise CallError(f"failed to call webhook: couldn't get version/kind; json parse error: {problem}") from None
    if not isinstance(found, dict):
        raise CallError("failed to call webhook: couldn't get version/kind; json parse error: not an object")
    return found


def _check_answer(review: Object, found: Object, response: Object) -> None:
    """Check that an answer is that to a review. Raises CallError."""
    uid, sent = response.get("uid") or "", review["request"]["uid"]
    if uid != sent:
        raise _refuse_answer(f"expected response.uid={json.dumps(sent)}, got {json.dumps(uid)}")
    group, _, version = (found.get("apiVersion") or "").rpartition("/")
    shown, wanted = f"{group}/{version}, Kind={found.get('kind') or ''}", f"{_GROUP}/v1, Kind=AdmissionReview"
    if shown != wanted:
        raise _refuse_answer(f"expected webhook response of {wanted}, got {shown}")


def _check_patch_type(has_patch: bool, patch_type: object, *, may_patch: bool) -> None:
    """Check that a patch comes with its type, and only where one may come. Raises CallError."""
    if not may_patch and (has_patch or patch_type is not None):
        name = "patch" if has_patch else "patchType"
        raise _refuse_answer(f"validating webhook may not return response.{name}")
    if has_patch and patch_type is None:
        raise _refuse_answer("webhook returned response.patch but not response.patchType")
    if not has_patch and patch_type is not None:
        raise _refuse_answer("webhook returned response.patchType but not response.patch")


def _decode_patch(patch: str) -> object:
    try:
        return json.loads(base64.b64decode(patch, validate=True))
    except (ValueError, binascii.Error) as error:
        raise CallError(f"received undecodable patch in webhook response: {error}") from error


def _build_refusal(name: str, status: Object) -> StatusError:
    """Return the refusal of a webhook in the words of the server. Its code is 400 unless the webhook gives another."""
    denied = f'admission webhook "{name}" denied the request'
    reason = status.get("reason") or ""
    explanation = status.get("message") or reason
    message = f"{denied}: {explanation}" if explanation else f"{denied} without explanation"
    return StatusError(max(status.get("code") or 0, _FIRST_REFUSAL), reason, message, status.get("details"))
