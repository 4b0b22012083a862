"""A network mirror of providers on loopback. It counts fetched packages; each package is a script."""

import io
import json
import os
import ssl
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

ADDRESS = "example.com/acme/tiny"
LOCAL_PLATFORM = "linux_amd64"


@dataclass
class ProviderMirror:
    """The content of a mirror, and its fetched packages."""

    versions: tuple[str, ...] = ("1.0.0", "1.1.0", "2.0.0")
    platforms: tuple[str, ...] = (LOCAL_PLATFORM, "darwin_arm64")
    package_seconds: float = 0.0  # seconds per package
    package_bytes: int = 1000  # bytes of a package
    program: str = "exit 1"
    fetched: Counter[str] = field(default_factory=Counter)  # by type, version and platform
    asked: int = 0
    url: str = ""
    surroundings: Mapping[str, str] = field(default_factory=dict)  # leads Terraform to this mirror only

    def build_package(self, kind: str, version: str, platform: str) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            program = zipfile.ZipInfo(f"terraform-provider-{kind}_v{version}")
            program.external_attr = 0o755 << 16
            text = f"#!/bin/sh\n# {kind} {version} {platform}\n{self.program}\n{'#' * self.package_bytes}\n"
            archive.writestr(program, text)
        return packed.getvalue()

    def answer_path(self, path: str) -> bytes | None:
        """Return the file at `HOST/NAMESPACE/TYPE/NAME`, or None."""
        *_, kind, name = path.strip("/").split("/")
        self.asked += 1
        if name == "index.json":
            return json.dumps({"versions": {version: {} for version in self.versions}}).encode()
        if name.endswith(".json"):
            version = name.removesuffix(".json")
            return json.dumps(
                {"archives": {each: {"url": f"{version}_{each}.zip"} for each in self.platforms}}
            ).encode()
        if name.endswith(".zip"):
            version, _, platform = name.removesuffix(".zip").partition("_")
            time.sleep(self.package_seconds)
            self.fetched[f"{kind} {version} {platform}"] += 1
            return self.build_package(kind, version, platform)
        return None


@contextmanager
def serve_provider_mirror(home: Path) -> Iterator[ProviderMirror]:
    """Serve a mirror until the end of the block."""
    mirror = ProviderMirror()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = mirror.answer_path(self.path)
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "application/json" if self.path.endswith(".json") else "application/zip")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Write no log."""

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    home.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(home / "authority.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        mirror.url = f"https://localhost:{server.server_address[1]}/mirror/"
        (home / "terraform.rc").write_text(
            f'provider_installation {{\n  network_mirror {{\n    url = "{mirror.url}"\n  }}\n}}\n'
        )
        mirror.surroundings = {
            "TF_CLI_CONFIG_FILE": os.fspath(home / "terraform.rc"),
            "SSL_CERT_FILE": os.fspath(home / "authority.pem"),
        }
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield mirror
        finally:
            server.shutdown()
            thread.join()
