"""moto as a WSGI application in this process, without a second server or connection."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_api_emulator.exchange import Caller, EksCluster, Headers, Request, Response
from aws_api_emulator.patches import apply_patches

if TYPE_CHECKING:
    from flask import Flask
    from moto.backends import SERVICE_NAMES

# moto reads these during its import or later: they are set before.
MOTO_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false",
    # Its CORS headers would let any page in a browser read the sandbox.
    "MOTO_DISABLE_GLOBAL_CORS": "true",
}

# Calls without effect, to the services of nearly every project, in the order in which a command needs them. The first
# call to EC2 takes a second.
_WARM_UP_CALLS: dict[SERVICE_NAMES, bytes] = {
    "s3": b"",
    "sts": b"Action=GetCallerIdentity&Version=2011-06-15",
    "iam": b"Action=ListRoles&Version=2010-05-08",
    "ec2": b"Action=DescribeVpcs&Version=2016-11-15",
}
# moto's services import each other in circles: a second importing thread could meet a half-loaded module.
_IMPORT_LOCK = threading.Lock()
# Modules of such a circle that requests import without the lock: they are loaded before any thread starts.
_CIRCULAR_MODULES = ("moto.iam.access_control", "moto.s3.responses", "moto.iam.responses", "moto.sts.responses")


class MotoCloud:
    """Configures moto for this process. No moto module may be imported before."""

    def __init__(self) -> None:
        os.environ.update(MOTO_SETTINGS)
        for module in _CIRCULAR_MODULES:
            import_module(module)
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        applications: dict[str, Flask] = {}

        def find_application(service: SERVICE_NAMES) -> Flask:
            with _IMPORT_LOCK:
                if service not in applications:
                    apply_patches(service)
                    applications[service] = create_backend_app(service)
                return applications[service]

        self._find_application = find_application
        self._application = DomainDispatcherApplication(find_application)

    def answer_request(self, request: Request) -> Response:
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _error: object = None) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        chunks: Iterable[bytes] = self._application(_to_wsgi_environ(request), start_response)
        body = b"".join(chunks)
        if close := getattr(chunks, "close", None):
            close()
        status, headers = started[-1]
        return Response(status, headers, body)

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        with _IMPORT_LOCK:
            from moto.core.exceptions import ServiceException
            from moto.s3.models import s3_backends

            apply_patches("s3")
        backend = s3_backends[account_id]["aws"]
        if name in backend.buckets:
            return
        try:
            backend.create_bucket(name, region)
            backend.put_bucket_versioning(name, "Enabled")
        except ServiceException as error:
            raise ValueError(error.message) from error

    def find_cluster(self, host: str) -> EksCluster | None:
        with _IMPORT_LOCK:
            apply_patches("eks")
            from aws_api_emulator.eks_clusters import find_eks_cluster
        return find_eks_cluster(host)

    def identify_caller(self, access_key: str) -> Caller:
        from aws_api_emulator.callers import identify_caller

        return identify_caller(access_key)

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        for service, body in _WARM_UP_CALLS.items():
            # Before the call, because the dispatcher locks all services while it creates one.
            self._find_application(service)
            self.answer_request(_build_signed_call(service, body))
        from moto.ec2.models import ec2_backends

        for account_id, region in places:
            _ = ec2_backends[account_id][region]


def _build_signed_call(service: str, body: bytes) -> Request:
    """Return a request with an invalid signature: moto routes by its scope and does not verify it."""
    headers = [
        ("Authorization", f"AWS4-HMAC-SHA256 Credential=sandbox/20000101/us-east-1/{service}/aws4_request, x"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    return Request("POST", "https", f"{service}.us-east-1.amazonaws.com", "/", headers, body)


def _to_wsgi_environ(request: Request) -> dict[str, Any]:
    from moto.core.request import (
        PRESERVED_HEADER_NAMES_ENVIRON_KEY,
        environ_key_for_header,
        should_preserve_original_header_name,
    )

    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # WSGI expects the bytes of the path as latin-1 text.
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": request.host.partition(":")[0],
        "SERVER_PORT": "443" if request.scheme == "https" else request.host.partition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    names: dict[str, str] = {}
    for name, value in request.headers:
        # WSGI cannot distinguish `X_Foo` from `X-Foo`; only S3 metadata may contain `_`, and keeps it.
        preserved = should_preserve_original_header_name(name)
        if "_" in name and not preserved:
            continue
        key = environ_key_for_header(name)
        if preserved:
            names[key] = name
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["HTTP_HOST"] = request.host
    environ["CONTENT_LENGTH"] = str(len(request.body))
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
    return environ
