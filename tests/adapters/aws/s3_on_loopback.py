"""An S3 on loopback that answers as it is told, and otherwise as a server does that ignores `If-None-Match`."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ERROR = "<Error><Code>{}</Code><Message>{}</Message></Error>"
NOT_THERE = (404, ERROR.format("NoSuchKey", "The specified key does not exist."))
DENIED = (403, ERROR.format("AccessDenied", "Access Denied"))
LISTED = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>{}</ListBucketResult>'
ENTRY = (
    "<Contents><Key>{}</Key><LastModified>2026-11-25T08:00:00.000Z</LastModified>"
    '<ETag>"{}"</ETag><Size>{}</Size></Contents>'
)
Answer = tuple[int, str]


@dataclass
class Loopback:
    """`told` is what it says to a request, by its method and its sub-resource, like `GET policy` or `HEAD `. `owner` is
    whose the buckets are: who expects somebody else is refused.
    """

    url: str = ""
    owner: str = ""
    told: dict[str, Answer] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def loopback() -> Iterator[Loopback]:
    there = Loopback()

    class Visit(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True)
            what = next((name for name, (value, *_) in query.items() if not value), "")
            asked = f"{self.command} {'buckets' if parts.path == '/' else what}"
            there.asked.append(asked)
            expected = self.headers.get("x-amz-expected-bucket-owner", there.owner)
            if expected != there.owner:
                self.answer(DENIED)
            elif asked in there.told:
                self.answer(there.told[asked])
            else:
                self.answer(_keep(there, self.command, unquote(parts.path), query, body))

        def answer(self, answer: Answer) -> None:
            status, text = answer
            data = text.encode()
            self.send_response(status)
            for name, value in {"ETag": f'"{hashlib.md5(data).hexdigest()}"', **there.headers}.items():
                self.send_header(name, value)
            self.send_header("Last-Modified", "Wed, 25 Nov 2026 08:00:00 GMT")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    there.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _keep(there: Loopback, method: str, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
    """PUT, GET and LIST, path-style. Whatever comes last under a key is what it holds."""
    key = path.lstrip("/").partition("/")[2]
    if method == "PUT":
        there.objects[key] = body
        return 200, ""
    if "list-type" in query:
        prefix = query.get("prefix", [""])[0]
        found = {name: data for name, data in sorted(there.objects.items()) if name.startswith(prefix)}
        return 200, LISTED.format("".join(ENTRY.format(name, "x", len(data)) for name, data in found.items()))
    return (200, there.objects[key].decode()) if key in there.objects else NOT_THERE
