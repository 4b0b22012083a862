"""The TLS-terminating forward proxy on loopback. It relays AWS hosts to the sandbox's cloud and refuses all others."""

import json
import socketserver
import ssl
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from importlib.util import find_spec
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from aws_api_emulator.certificates import CertificateAuthority
from aws_api_emulator.control import ControlApi
from aws_api_emulator.control_calls import CONTROL_PREFIX
from aws_api_emulator.exchange import Cloud, Request, Response
from aws_api_emulator.hosts import is_cluster_endpoint, is_loopback, parse_aws_host

_CONNECTION_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_WITHOUT_BODY = ("1", "204", "304")

if TYPE_CHECKING:
    from kube_api_emulator.server.api.requests import KubernetesApi

    from aws_api_emulator.eks.clusters import KubernetesClusters
_GAP_CODE = "SandboxGap"
# What a cluster of EKS needs besides.
_CLUSTER_MODULES = ("kube_api_emulator", "cel_expr_python")


class ProxyServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves one connection per thread, kept alive: a TLS handshake costs more than most AWS calls."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    # Set once the port is known, before the first request.
    cloud: Cloud
    control: ControlApi
    clusters_hint = "install the package kube-api-emulator with its extra server"

    def __init__(self, port: int, certificates: CertificateAuthority) -> None:
        self.certificates = certificates
        self.stopping = threading.Event()
        self._clusters_lock = threading.Lock()
        self._clusters: KubernetesClusters | None = None
        super().__init__(("127.0.0.1", port), ProxyHandler)

    def find_cluster_api(self, host: str) -> "KubernetesApi | None":
        """Return the API of the Kubernetes cluster with this endpoint."""
        # Most projects have none.
        from aws_api_emulator.eks.clusters import KubernetesClusters

        with self._clusters_lock:
            self._clusters = self._clusters or KubernetesClusters(self.cloud)
        return self._clusters.find_api(host)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base class's)
        # A client that disconnects early is no error.
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class ProxyHandler(BaseHTTPRequestHandler):
    """Serves a connection: plain requests to the sandbox itself, or CONNECT and the requests in its tunnel."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered: headers and body of a response leave in one segment.
    wbufsize = -1
    server: ProxyServer
    tunnel: str | None = None

    def do_CONNECT(self) -> None:
        host = parse_aws_host(self.path)
        if self.tunnel or host is None:
            self._refuse_request(f"the envctl sandbox relays AWS hosts only, and refuses {self.path}")
            return
        if is_cluster_endpoint(host) and (reason := self._explain_missing_cluster(host)):
            self._refuse_request(reason)
            return
        try:
            context = self.server.certificates.context_for_host(host)
        except ValueError:
            self._refuse_request(f"the envctl sandbox cannot issue a certificate for {host}")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self._enter_tunnel(host, context)

    def serve(self) -> None:
        if self.tunnel is None and not self.path.startswith("/"):
            self._refuse_request(f"the envctl sandbox relays HTTPS only, and refuses {self.path.partition('?')[0]}")
            return
        host = self.headers.get("Host", "")
        if self.tunnel is None and not is_loopback(host):
            named = host or "a host without a name"
            self._refuse_request(f"the envctl sandbox answers on loopback only, not as {named}")
            return
        body = self._read_body()
        if self.tunnel and is_cluster_endpoint(self.tunnel):
            self._serve_cluster(self.tunnel, body)
            return
        # The body is complete here: the backend must not parse chunks in it.
        headers = [(name, value) for name, value in self.headers.items() if name.lower() != "transfer-encoding"]
        scheme = "https" if self.tunnel else "http"
        request = Request(self.command, scheme, self.tunnel or host, self.path, headers, body)
        self._send_response(self._answer_request(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Log no line per request: errors are logged at their source."""

    def _enter_tunnel(self, host: str, context: ssl.SSLContext) -> None:
        # A client that does not trust the CA disconnects here and reports it itself.
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", self.wbufsize)
        self.tunnel = host
        # Python's own client opens the tunnel with HTTP/1.0; without this line it would be closed here.
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        # The server closes only the accepted socket; TLS has replaced it.
        self.connection.close()

    def _explain_missing_cluster(self, host: str) -> str:
        """Return why there is no API at the endpoint of a cluster; empty if there is one."""
        if missing := [name for name in _CLUSTER_MODULES if find_spec(name) is None]:
            return f"clusters in the envctl sandbox need {', '.join(missing)}: {self.server.clusters_hint}"
        if self.server.find_cluster_api(host) is None:
            return f"no EKS cluster of the envctl sandbox has the endpoint {host}"
        return ""

    def _serve_cluster(self, host: str, body: bytes) -> None:
        api = self.server.find_cluster_api(host)
        if api is None:
            self._refuse_request(f"the EKS cluster with the endpoint {host} has been deleted")
        else:
            from kube_api_emulator.server.api.server import serve_request

            serve_request(self, api, body, self.server.stopping)

    def _answer_request(self, request: Request) -> Response:
        try:
            if self.tunnel is None and request.target.startswith(CONTROL_PREFIX):
                return self.server.control.answer_request(request)
            return self.server.cloud.answer_request(request)
        except Exception as error:  # noqa: BLE001 (a gap of the emulator must not end the connection)
            self._log_text(f"{request.method} https://{request.host}{request.target.partition('?')[0]}")
            self._log_text(traceback.format_exc())
            return _build_error_response(request, error)

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _send_response(self, response: Response) -> None:
        code, _, reason = response.status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in response.headers:
            if name.lower() not in _CONNECTION_HEADERS:
                self.send_header(name, value)
        length = str(len(response.body))
        if self.command == "HEAD":
            # The length of the response to GET.
            declared = (value for name, value in response.headers if name.lower() == "content-length")
            self.send_header("Content-Length", next(declared, length))
        elif not code.startswith(_WITHOUT_BODY):
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _refuse_request(self, message: str) -> None:
        self._log_text(message)
        self.close_connection = True
        self._send_response(Response("403 Forbidden", [("Content-Type", "text/plain")], f"{message}\n".encode()))

    @staticmethod
    def _log_text(message: str) -> None:
        sys.stderr.write(f"{message.rstrip()}\n")


def _build_error_response(request: Request, error: Exception) -> Response:
    """Return 400 for a gap of the emulator, because clients repeat a 5xx up to 25 times over 15 minutes in vain.

    Return 500 for any other RuntimeError: a race, such as a dictionary changed during iteration, may pass on a retry.
    """
    gap = isinstance(error, NotImplementedError) or not isinstance(error, RuntimeError)
    status = "400 Bad Request" if gap else "500 Internal Server Error"
    message = f"the envctl sandbox cannot do this: {error or type(error).__name__} (its log file has the details)"
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    if "json" in kind:
        body = json.dumps({"__type": _GAP_CODE, "message": message}).encode()
        return Response(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", _GAP_CODE)], body)
    return Response(status, [("Content-Type", "text/xml")], _format_xml_error(request.host, message).encode())


def _format_xml_error(host: str, message: str) -> str:
    error = f"<Error><Code>{_GAP_CODE}</Code><Message>{escape(message)}</Message></Error>"
    if host.startswith("ec2."):
        return f"<Response><Errors>{error}</Errors><RequestID>sandbox</RequestID></Response>"
    if host.startswith("s3.") or ".s3." in host:
        return error
    return f"<ErrorResponse>{error}<RequestId>sandbox</RequestId></ErrorResponse>"
