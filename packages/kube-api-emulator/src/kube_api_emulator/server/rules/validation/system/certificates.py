"""CertificateSigningRequests.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/certificates/validation/validation.go (validateCertificateSigningRequest,
validateConditions, ValidateCertificateSigningRequestStatusUpdate, validateCertificateSigningRequestUpdate),
pkg/apis/core/validation/names.go (ValidateSignerName).
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes, format_value
from kube_api_emulator.server.rules.validation.names import list_label_problems, list_subdomain_problems

Part = Mapping[str, Any]

_USAGES = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"),
    *("decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"),
    *("ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)
_DECISIONS = ("Approved", "Denied")
_FINAL = (*_DECISIONS, "Failed")
_LEAST_SECONDS = 600
_LONGEST_SIGNER = 571
_REQUEST = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+[A-Za-z0-9+/=\s]+-----END \1-----")


def check_signing_request(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    request = spec.get("request")
    try:
        found = _REQUEST.search(base64.b64decode(request or ""))
    except (binascii.Error, ValueError):
        found = None
    if found is None or found[1] != b"CERTIFICATE REQUEST":
        causes.refuse("spec.request", request or None, "PEM block type must be CERTIFICATE REQUEST")
    usages = list(spec.get("usages") or ())
    if not usages:
        causes.require("spec.usages")
    for index, usage in enumerate(usages):
        causes.check_choice(f"spec.usages[{index}]", usage, _USAGES)
    for index, usage in enumerate(usages):
        if usage in usages[:index]:
            causes.report_duplicate(f"spec.usages[{index}]", usage)
    signer = spec.get("signerName") or ""
    if signer == "kubernetes.io/legacy-unknown":
        text = "the legacy signerName is not allowed via this API version"
        causes.refuse("spec.signerName", signer, text)
    else:
        _check_signer(signer, causes)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _LEAST_SECONDS:
        text = "may not specify a duration less than 600 seconds (10 minutes)"
        causes.refuse("spec.expirationSeconds", seconds, text)
    _check_conditions(item, before, causes)


def check_new_conditions(item: Part, status: Part, old: Part, causes: Causes) -> None:  # noqa: ARG001
    """Check that a write of the status decides nothing, and has a certificate."""
    known = {each.get("type") for each in old.get("conditions") or ()}
    sent = {each.get("type") for each in status.get("conditions") or ()}
    for type_ in _DECISIONS:
        if type_ in sent - known:
            causes.forbid("status.conditions", f'updates may not add a condition of type "{type_}"')
    certificate = base64.b64decode(status.get("certificate") or "")
    if certificate and b"-----BEGIN CERTIFICATE-----" not in certificate:
        text = "must contain at least one CERTIFICATE PEM block"
        causes.refuse("status.certificate", "<certificate data>", text)


def _check_conditions(item: Part, before: Part | None, causes: Causes) -> None:
    seen: set[str] = set()
    for index, condition in enumerate((item.get("status") or {}).get("conditions") or ()):
        field, type_, status = f"status.conditions[{index}]", condition.get("type") or "", condition.get("status") or ""
        if not type_:
            causes.require(f"{field}.type")
        choices = ("True",) if type_ in _FINAL else ("False", "True", "Unknown")
        if not status:
            causes.require(f"{field}.status")
        elif status not in choices:
            causes.refuse_choice(f"{field}.status", status, choices)
        if type_ in seen:
            causes.report_duplicate(f"{field}.type", type_)
        if {"Approved": "Denied", "Denied": "Approved"}.get(type_) in seen:
            causes.refuse("status.conditions", type_, "Approved and Denied conditions are mutually exclusive")
        seen.add(type_)
    for former in ((before or {}).get("status") or {}).get("conditions") or ():
        if former.get("type") in _FINAL and former["type"] not in seen:
            causes.forbid("status.conditions", f'updates may not remove a condition of type "{former["type"]}"')


def _check_labels(text: str, find: Callable[[str], list[str]], causes: Causes) -> None:
    """Check the labels of a name up to the first wrong one."""
    for label in text.split("."):
        problems = find(label)
        for problem in problems:
            causes.refuse("spec.signerName", text, f"validating label {format_value(label)}: {problem}")
        if problems:
            return


def _check_signer(name: str, causes: Causes) -> None:
    field = "spec.signerName"
    if not name:
        causes.require(field)
        return
    parts = name.split("/")
    if len(parts) != 2:  # noqa: PLR2004
        causes.refuse(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    domain, path = parts
    _check_labels(domain, list_label_problems, causes)
    if "." not in domain:
        causes.refuse(field, domain, "should be a domain with at least two segments separated by dots")
    _check_labels(path, list_subdomain_problems, causes)
    if len(name) > _LONGEST_SIGNER:
        causes.report_length(field, _LONGEST_SIGNER)
