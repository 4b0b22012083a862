"""Images made of raw bytes, real registries on loopback, and a way to look into them that is none of envctl's."""

import gzip
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = "/usr/bin/docker-registry"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Content:
    """An image: its blobs, its manifests by digest, each after what it names, and the digest of the last."""

    blobs: dict[str, bytes]
    manifests: dict[str, tuple[str, bytes]]
    digest: str


def single(seed: str, size: int = 100, platform: str = "linux/amd64") -> Content:
    """A configuration and two layers; the larger one has `size` bytes at least, and nobody can press them."""
    system, _, architecture = platform.partition("/")
    config = json.dumps({"os": system, "architecture": architecture, "seed": seed}).encode()
    noise = b"".join(hashlib.sha256(f"{seed}{n}".encode()).digest() for n in range(size // 32 + 1))
    layers = [gzip.compress(b"first of all", mtime=0), noise]
    described = [_described("application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in layers]
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _described("application/vnd.oci.image.config.v1+json", config),
        "layers": described,
    }
    # Written in a way that nobody would write it: its bytes have to stay what they are.
    data = json.dumps(document, indent=3).encode() + b"\n"
    return Content({digest(blob): blob for blob in (config, *layers)}, {digest(data): (MANIFEST, data)}, digest(data))


def for_platforms(seed: str, *platforms: str, size: int = 100) -> Content:
    """An index of one image for each platform."""
    images = {platform: single(seed + platform, size, platform) for platform in platforms}
    listed = []
    for platform, image in images.items():
        system, _, architecture = platform.partition("/")
        described = _described(MANIFEST, image.manifests[image.digest][1])
        listed.append({**described, "platform": {"os": system, "architecture": architecture}})
    data = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    blobs = {name: blob for image in images.values() for name, blob in image.blobs.items()}
    manifests = {name: found for image in images.values() for name, found in image.manifests.items()}
    return Content(blobs, manifests | {digest(data): (INDEX, data)}, digest(data))


def _described(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest(data), "size": len(data)}


@dataclass
class Registry:
    """Debian's docker-registry. With a `login` it asks for one, and with a `certificate` it speaks TLS."""

    folder: Path
    port: int
    login: tuple[str, str] | None = None
    hashed: str = ""
    certificate: tuple[Path, Path] | None = None
    authority: Path | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": os.fspath(self.folder / "data")}},
            "http": {"addr": self.host},
        }
        if self.login:
            (self.folder / "htpasswd").write_text(f"{self.login[0]}:{self.hashed}\n")
            config["auth"] = {"htpasswd": {"realm": "test", "path": os.fspath(self.folder / "htpasswd")}}
        if self.certificate:
            config["http"]["tls"] = dict(zip(("certificate", "key"), map(os.fspath, self.certificate), strict=True))
        # JSON is YAML.
        (self.folder / "config.yml").write_text(json.dumps(config))
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", os.fspath(self.folder / "config.yml")], stdout=log, stderr=log, env={}
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.ask("GET", "/v2/")
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, "the registry does not answer"
                time.sleep(0.02)
            else:
                return

    def down(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        if self.certificate:
            context = ssl.create_default_context(cafile=self.authority)
            context.check_hostname = False
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(self.host, timeout=10, context=context)
        else:
            connection = http.client.HTTPConnection(self.host, timeout=10)
        if self.login:
            headers["Authorization"] = f"Basic {b64encode(':'.join(self.login).encode()).decode()}"
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def push(self, repository: str, content: Content, tag: str = "") -> None:
        for name, blob in content.blobs.items():
            _, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
            where = headers["location"].partition(self.host)[2]
            status, _, said = self.ask("PUT", f"{where}&digest={name}", blob)
            assert status == 201, said
        for name, (kind, data) in content.manifests.items():
            for reference in (name, *([tag] if tag and name == content.digest else [])):
                status, _, said = self.ask("PUT", f"/v2/{repository}/manifests/{reference}", data, Content_Type=kind)
                assert status == 201, said

    def holds(self, repository: str, content: Content) -> bool:
        """Whether all of it is there, to the byte."""
        for name, blob in content.blobs.items():
            status, _, data = self.ask("GET", f"/v2/{repository}/blobs/{name}")
            if (status, data) != (200, blob):
                return False
        for name, (kind, manifest) in content.manifests.items():
            status, headers, data = self.ask("GET", f"/v2/{repository}/manifests/{name}", Accept=kind)
            if (status, headers.get("content-type"), data) != (200, kind, manifest):
                return False
        return True

    def has_manifest(self, repository: str, name: str) -> bool:
        return self.ask("HEAD", f"/v2/{repository}/manifests/{name}", Accept=f"{MANIFEST}, {INDEX}")[0] == 200

    def has_blob(self, repository: str, name: str) -> bool:
        return self.ask("HEAD", f"/v2/{repository}/blobs/{name}")[0] == 200
