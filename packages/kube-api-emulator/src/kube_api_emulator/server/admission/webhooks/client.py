"""One call of a webhook: HTTPS to loopback, in the words of the client of kube-apiserver.

Source: k8s.io/apiserver v0.36.2, pkg/util/webhook/client.go (hookClientConfig); k8s.io/apimachinery v0.36.2,
pkg/api/errors/errors.go (NewGenericServerResponse).
"""

import base64
import json
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from kube_api_emulator.server.closing_socket import ClosingSocket

_MOST_BYTES = 3 * 1024 * 1024
_HTTPS, _OK_CODES, _FIRST_FAILURE = 443, range(200, 207), 500
_CODES = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}
# Problems of certificates by their numbers in OpenSSL.
_EXPIRED, _UNKNOWN_AUTHORITY = (9, 10), (18, 19, 20, 21)


class CallError(Exception):
    """A call without a valid answer."""


def post_review(client: Mapping[str, Any], review: Mapping[str, Any], seconds: int) -> bytes:
    """Send a review to a webhook on loopback, and return its answer. Raises CallError."""
    parts = urlsplit(client["url"])
    target = f"{parts.path or '/'}?timeout={seconds}s"
    host, port = parts.hostname or "", parts.port or _HTTPS
    try:
        context = trust_bundle(client.get("caBundle") or "")
        connection = HTTPSConnection(host, port, timeout=seconds, context=context)
        try:
            headers = {"Accept": "application/json, */*", "Content-Type": "application/json"}
            connection.request("POST", target, json.dumps(review).encode(), headers)
            response = connection.getresponse()
            code, body = response.status, response.read(_MOST_BYTES)
        finally:
            connection.close()
    except (OSError, ValueError, HTTPException) as error:
        problem = _describe_failure(error, host, parts.netloc if parts.port else f"{parts.netloc}:{port}")
        text = f'Post "https://{parts.netloc}{target}": {problem}'
        raise CallError(f"failed to call webhook: {text}") from error
    if code not in _OK_CODES:
        raise CallError(f"failed to call webhook: {_describe_code(code, body)}")
    return body


def trust_bundle(bundle: str) -> ssl.SSLContext:
    """Return a context that trusts a bundle alone, or the authorities of the machine without one."""
    context = ssl.create_default_context(cadata=base64.b64decode(bundle).decode() if bundle else None)
    context.sslsocket_class = ClosingSocket
    # As Go: a certificate of the bundle is trusted itself, and needs no more extensions than it has.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _describe_failure(error: Exception, host: str, address: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        problem = error.verify_message
        if error.verify_code in _UNKNOWN_AUTHORITY:
            problem = "certificate signed by unknown authority"
        elif error.verify_code in _EXPIRED:
            problem = "certificate has expired or is not yet valid"
        elif "mismatch" in problem:
            problem = f"certificate is not valid for {host}"
        return f"tls: failed to verify certificate: x509: {problem}"
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {address}: connect: connection refused"
    return "EOF" if isinstance(error, ConnectionError) else str(error)


def _describe_code(code: int, body: bytes) -> str:
    text = body.decode(errors="replace").strip() or "unknown"
    if code in _CODES:
        return _CODES[code]
    if code >= _FIRST_FAILURE:
        return f"an error on the server ({json.dumps(text)}) has prevented the request from succeeding"
    if code in (403, 406, 415):
        return text
    return f"the server responded with the status code {code} but did not return more information"
