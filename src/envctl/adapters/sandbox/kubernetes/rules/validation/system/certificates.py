"""CertificateSigningRequests (pkg/apis/certificates/validation)."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes, format_value
from envctl.adapters.sandbox.kubernetes.rules.validation.names import list_label_problems, list_subdomain_problems

Part = Mapping[str, Any]

_USAGES = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"),
    *("decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"),
    *("ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)
_LEAST_SECONDS = 600
_LONGEST_SIGNER = 571
_REQUEST = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+[A-Za-z0-9+/=\s]+-----END \1-----")


def check_signing_request(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
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
