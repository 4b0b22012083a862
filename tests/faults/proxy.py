"""A proxy on loopback in front of the sandbox that fails requests on purpose.

with FaultyProxy(sandbox, folder) as proxy:
    proxy.plan = fail_every(5, LostResponse(), is_write)
    subprocess.run(..., env=proxy.build_environment())
"""

import http.client
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import assert_never
from urllib.parse import urlsplit

from aws_api_emulator.certificates import CertificateAuthority
from aws_api_emulator.exchange import Request, Response
from aws_api_emulator.proxy import ProxyHandler, ProxyServer

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.faults.faults import (
    Delayed,
    Dropped,
    ErrorResponse,
    Fault,
    FaultPlan,
    Hung,
    LostResponse,
    TruncatedResponse,
    no_fault,
)


class FaultyProxy:
    """Fails requests by `plan`, and records all requests with their faults in `asked`."""

    def __init__(self, sandbox: RunningSandbox, folder: Path) -> None:
        self.plan: FaultPlan = no_fault
        self.asked: list[tuple[Request, Fault | None]] = []
        self.over = threading.Event()
        self._behind = _SandboxClient(sandbox)
        folder.mkdir(parents=True, exist_ok=True)
        certificates = CertificateAuthority(folder)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificates.authority_pem)
        self._server = _Server(certificates, self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def build_environment(self) -> dict[str, str]:
        """Return the variables of a process that uses this proxy as AWS."""
        return {
            "HTTPS_PROXY": self.url,
            "AWS_CA_BUNDLE": os.fspath(self.ca_file),
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @contextmanager
    def use_plan(self, plan: FaultPlan) -> Iterator[None]:
        before, self.plan = self.plan, plan
        try:
            yield
        finally:
            self.plan = before

    def record_request(self, request: Request) -> Fault | None:
        fault = self.plan(request)
        self.asked.append((request, fault))
        return fault

    def forward_request(self, request: Request) -> Response:
        return self._behind.send_request(request)

    def close_connection(self) -> None:
        self._behind.close()

    def __enter__(self) -> "FaultyProxy":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def release_hung(self) -> None:
        """Close hung connections."""
        self.over.set()
        self.over = threading.Event()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release_hung()
        self._server.shutdown()
        self._server.server_close()


class _SandboxClient:
    """A client of the sandbox's own proxy."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._proxy = urlsplit(sandbox.proxy_url).netloc
        self._trust = ssl.create_default_context(cafile=os.fspath(sandbox.ca_file))
        self._local = threading.local()

    def send_request(self, request: Request) -> Response:
        """Send a request on the connection of the calling thread, which serves one client and one host."""
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self._proxy, context=self._trust, timeout=60)
            connection.set_tunnel(request.host, 443)
            self._local.connection = connection
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", request.host)
        connection.putheader("Content-Length", str(len(request.body)))
        for name, value in request.headers:
            if name.lower() not in {"host", "content-length", "connection", "expect"}:
                connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Response(f"{response.status} {response.reason}", response.getheaders(), response.read())

    def close(self) -> None:
        """Close the connection of the calling thread."""
        if connection := getattr(self._local, "connection", None):
            connection.close()


class _Server(ProxyServer):
    def __init__(self, certificates: CertificateAuthority, proxy: FaultyProxy) -> None:
        super().__init__(0, certificates)
        self.RequestHandlerClass = _Handler
        self.proxy = proxy


class _Handler(ProxyHandler):
    """Applies the fault of each request in a tunnel."""

    server: _Server

    def serve(self) -> None:
        body = self._read_body()
        headers = [(name, value) for name, value in self.headers.items() if name.lower() != "transfer-encoding"]
        request = Request(self.command, "https", self.tunnel or "", self.path, headers, body)
        proxy = self.server.proxy
        fault = proxy.record_request(request)
        match fault:
            case None:
                self._send_response(proxy.forward_request(request))
            case Delayed(seconds):
                proxy.over.wait(seconds)
                self._send_response(proxy.forward_request(request))
            case Hung():
                proxy.over.wait()
                self._reset_connection()
            case Dropped():
                self._reset_connection()
            case LostResponse():
                proxy.forward_request(request)
                self._reset_connection()
            case TruncatedResponse():
                self._send_truncated(proxy.forward_request(request))
            case ErrorResponse():
                if fault.done:
                    proxy.forward_request(request)
                self._send_response(to_s3_response(fault))
            case _:
                assert_never(fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve  # noqa: N815

    def _send_truncated(self, response: Response) -> None:
        """Send half of the body that the headers announce."""
        self.send_response_only(int(response.status.partition(" ")[0]))
        for name, value in response.headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body) + 1))
        self.end_headers()
        self.wfile.write(response.body[: len(response.body) // 2])
        self.wfile.flush()
        self._reset_connection()

    def finish(self) -> None:
        super().finish()
        self.server.proxy.close_connection()

    def _reset_connection(self) -> None:
        """End the connection with a TCP reset, as of a lost machine."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def to_s3_response(fault: ErrorResponse) -> Response:
    body = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message>{fault.extra}</Error>"
    headers: Mapping[str, str] = {"Content-Type": "application/xml", "Date": _format_http_date(), **fault.headers}
    return Response(f"{fault.status} Said", list(headers.items()), b'<?xml version="1.0"?>' + body.encode())


def _format_http_date() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
