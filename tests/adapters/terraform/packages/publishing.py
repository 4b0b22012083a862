"""Packages as HashiCorp and OpenTofu publish them, signed with a key of the tests, and a mirror on loopback."""

import contextlib
import io
import subprocess
import threading
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from envctl.adapters.terraform.packages.signature import SigningKey
from envctl.domain.text.sha256 import sha256

ELF, MACH_O = b"\x7fELF", b"\xcf\xfa\xed\xfe"
VERSION = "1.15.5"


def build_program(platform: str) -> bytes:
    """The begin of a program for this platform, and some text: nothing starts it."""
    return (ELF if platform.startswith("linux") else MACH_O) + f" {platform}".encode()


def pack(members: Sequence[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        # The same name twice is what some tests need.
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


@dataclass(frozen=True)
class Signer:
    """A key of gpg in a folder of its own."""

    home: Path

    def run(self, *words: str, data: bytes = b"") -> bytes:
        line = [
            "gpg",
            "--homedir",
            str(self.home),
            "--batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            *words,
        ]
        return subprocess.run(line, input=data, capture_output=True, check=True, timeout=60).stdout

    @classmethod
    def create(cls, home: Path, *, at: str = "", expires: str = "never") -> "Signer":
        home.mkdir(mode=0o700)
        made = cls(home)
        past = ["--faked-system-time", at] if at else []
        made.run(*past, "--quick-gen-key", "Tests <tests@example.com>", "rsa2048", "sign", expires)
        return made

    def export(self) -> SigningKey:
        listed = self.run("--with-colons", "--fingerprint").decode()
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        return SigningKey(self.run("--armor", "--export").decode(), fingerprint)

    def sign(self, data: bytes, *, at: str = "") -> bytes:
        return self.run(*(["--faked-system-time", at] if at else []), "--detach-sign", data=data)

    def end(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, timeout=60)


@dataclass
class Publisher:
    """Writes the files of one version into a folder: zips, their sums, and the signature."""

    folder: Path
    signer: Signer
    program: str = "terraform"
    version: str = VERSION
    zips: dict[str, bytes] = field(default_factory=dict)

    def publish(self, platforms: Sequence[str], *, zips: Mapping[str, bytes] | None = None, at: str = "") -> None:
        for platform in platforms:
            data = (zips or {}).get(platform) or pack(
                [("LICENSE.txt", b"free"), (self.program, build_program(platform))]
            )
            self.zips[f"{self.program}_{self.version}_{platform}.zip"] = data
        sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in self.zips.items()).encode()
        ending = ".sig" if self.program == "terraform" else ".gpgsig"
        name = f"{self.program}_{self.version}_SHA256SUMS"
        files = {**self.zips, name: sums, f"{name}{ending}": self.signer.sign(sums, at=at)}
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            (self.folder / path).write_bytes(data)

    @property
    def sums(self) -> Path:
        return self.folder / f"{self.program}_{self.version}_SHA256SUMS"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            # As GitHub does for a file of a release.
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/round/"):
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; below `/moved` each address redirects to itself without that."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
