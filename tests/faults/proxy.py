"""A proxy on loopback in front of the sandbox that fails on purpose: for a client it is AWS, on a bad day.

with FaultyProxy(sandbox, folder) as proxy:
    proxy.plan = every(5, Unanswered(), writes)
    subprocess.run(..., env=proxy.environment())
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

from envctl.adapters.sandbox.certificates import Certificates
from envctl.adapters.sandbox.exchange import Request, Response
from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.adapters.sandbox.proxy import ProxyHandler, ProxyServer
from tests.faults.faults import Answered, CutOff, Delayed, Dropped, Fault, Hung, Plan, Unanswered, nothing


class FaultyProxy:
    """`plan` says what happens to each request from now on; `asked` are those that came, with what happened to them."""

    def __init__(self, sandbox: RunningSandbox, folder: Path) -> None:
        self.plan: Plan = nothing
        self.asked: list[tuple[Request, Fault | None]] = []
        self.over = threading.Event()
        self._behind = _Behind(sandbox)
        folder.mkdir(parents=True, exist_ok=True)
        certificates = Certificates(folder)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificates.authority_pem)
        self._server = _Server(certificates, self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """What a process needs to take this for AWS."""
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
    def going(self, plan: Plan) -> Iterator[None]:
        before, self.plan = self.plan, plan
        try:
            yield
        finally:
            self.plan = before

    def meets(self, request: Request) -> Fault | None:
        fault = self.plan(request)
        self.asked.append((request, fault))
        return fault

    def pass_on(self, request: Request) -> Response:
        return self._behind.answer(request)

    def forget(self) -> None:
        self._behind.close()

    def __enter__(self) -> "FaultyProxy":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def let_go(self) -> None:
        """Whoever hangs is hung up on."""
        self.over.set()
        self.over = threading.Event()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.let_go()
        self._server.shutdown()
        self._server.server_close()


class _Behind:
    """What really answers: the sandbox's own proxy, reached as any client reaches it."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._proxy = urlsplit(sandbox.proxy_url).netloc
        self._trust = ssl.create_default_context(cafile=os.fspath(sandbox.ca_file))
        self._local = threading.local()

    def answer(self, request: Request) -> Response:
        """Each thread serves one connection of a client, to one host, and has one of its own to the sandbox."""
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
        """That of the calling thread."""
        if connection := getattr(self._local, "connection", None):
            connection.close()


class _Server(ProxyServer):
    def __init__(self, certificates: Certificates, proxy: FaultyProxy) -> None:
        super().__init__(0, certificates)
        self.RequestHandlerClass = _Handler
        self.proxy = proxy


class _Handler(ProxyHandler):
    """Only what was sent through a tunnel is asked of AWS."""

    server: _Server

    def serve(self) -> None:
        body = self._read_body()
        headers = [(name, value) for name, value in self.headers.items() if name.lower() != "transfer-encoding"]
        request = Request(self.command, "https", self.tunnel or "", self.path, headers, body)
        proxy = self.server.proxy
        fault = proxy.meets(request)
        match fault:
            case None:
                self._send(proxy.pass_on(request))
            case Delayed(seconds):
                proxy.over.wait(seconds)
                self._send(proxy.pass_on(request))
            case Hung():
                proxy.over.wait()
                self._hang_up()
            case Dropped():
                self._hang_up()
            case Unanswered():
                proxy.pass_on(request)
                self._hang_up()
            case CutOff():
                self._send_half(proxy.pass_on(request))
            case Answered():
                if fault.done:
                    proxy.pass_on(request)
                self._send(in_the_words_of_s3(fault))
            case _:
                assert_never(fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve  # noqa: N815

    def _send_half(self, response: Response) -> None:
        """The headers promise more than comes."""
        self.send_response_only(int(response.status.partition(" ")[0]))
        for name, value in response.headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body) + 1))
        self.end_headers()
        self.wfile.write(response.body[: len(response.body) // 2])
        self.wfile.flush()
        self._hang_up()

    def finish(self) -> None:
        super().finish()
        self.server.proxy.forget()

    def _hang_up(self) -> None:
        """With a reset, as of a machine that is gone."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def in_the_words_of_s3(fault: Answered) -> Response:
    body = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message>{fault.extra}</Error>"
    headers: Mapping[str, str] = {"Content-Type": "application/xml", "Date": _now(), **fault.headers}
    return Response(f"{fault.status} Said", list(headers.items()), b'<?xml version="1.0"?>' + body.encode())


def _now() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
