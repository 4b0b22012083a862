"""AWS on loopback that fails one account on purpose: `python -m tests.e2e.faults.faulty_cloud FOLDER`.

`FOLDER/faults.json` says which account fails in which way from now on; `FOLDER/port` is where it answers.
"""

import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_plus

from aws_api_emulator.exchange import Request, Response
from aws_api_emulator.moto_cloud import MotoCloud

_ERROR_XML = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"
# What fails, and how AWS says so.
FAULTS = {
    "expired half-way": ("sns", 403, "ExpiredToken", "The security token included in the request is expired"),
    "throttled": ("sns", 400, "Throttling", "Rate exceeded"),
    "role denied": ("sts", 403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"),
}


class FaultyCloud:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._moto = MotoCloud()
        # The sandbox makes the buckets of an endpoint in whatever account that takes its keys for.
        os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "true"
        self._accounts: dict[str, str] = {}

    def answer_request(self, request: Request) -> Response:
        service, account = self._identify_call(request)
        fails, status, code, message = FAULTS.get(self._read_faults().get(account, ""), ("", 0, "", ""))
        if fails == service:
            body = _ERROR_XML.format(code, message).encode()
            return Response(f"{status} Denied", [("Content-Type", "text/xml")], body)
        response = self._moto.answer_request(request)
        if service == "sts" and (key := re.search(rb"<AccessKeyId>(\w+)<", response.body)):
            self._accounts[key[1].decode()] = account
        return response

    def _read_faults(self) -> dict[str, str]:
        return dict(json.loads((self._folder / "faults.json").read_text()))

    def _identify_call(self, request: Request) -> tuple[str, str]:
        """The service that is called, and the account that it is called in."""
        signed = "".join(value for name, value in request.headers if name.lower() == "authorization")
        scope = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", signed)
        key, service = (scope[1], scope[2]) if scope else ("", "")
        role = re.search(r"RoleArn=arn:aws:iam::(\d+):", unquote_plus(request.body.decode("latin-1")))
        return service, role[1] if role else self._accounts.get(key, "")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: FaultyCloud

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers.get("Host", "")
        response = self.cloud.answer_request(
            Request(self.command, "https", host, self.path, self.headers.items(), body)
        )
        self.send_response_only(int(response.status.partition(" ")[0]))
        for name, value in response.headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


def main(folder: Path) -> None:
    Handler.cloud = FaultyCloud(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    (folder / "port.new").write_text(str(server.server_address[1]))
    (folder / "port.new").rename(folder / "port")
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
