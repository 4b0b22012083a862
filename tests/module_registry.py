"""A registry of modules on loopback, repositories in git, and the CLI configuration that leads Terraform there."""

import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "modules.example.com"
Code = Mapping[str, str]


@dataclass
class ModuleRegistry:
    """`modules` are the files of each version, by the three parts of an address. `asked` are the paths that were."""

    url: str
    modules: dict[str, dict[str, Code]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish_module(self, name: str, version: str, code: Code) -> str:
        """The address to call it by."""
        self.modules.setdefault(name, {})[version] = code
        return f"{HOST}/{name}"

    def write_cli_config(self, folder: Path) -> Path:
        """A CLI configuration file. No other registry is known to it."""
        file = folder / "terraform.rc"
        service = json.dumps({"modules.v1": f"{self.url}/v1/modules/"}).replace('":', '" =')
        file.write_text(f'host "{HOST}" {{ services = {service} }}\n')
        return file

    def answer_path(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        self.asked.append(path)
        match path.partition("?")[0].strip("/").split("/"):
            case ["v1", "modules", *name, "versions"] if "/".join(name) in self.modules:
                known = [{"version": version} for version in self.modules["/".join(name)]]
                return 200, {}, json.dumps({"modules": [{"versions": known}]}).encode()
            case ["v1", "modules", *name, version, "download"] if version in self.modules.get("/".join(name), {}):
                place = f"{self.url}/archives/{'/'.join(name)}/{version}.tar.gz?archive=tar.gz"
                return 204, {"X-Terraform-Get": place}, b""
            case ["archives", *name, file] if "/".join(name) in self.modules:
                version = file.removesuffix(".tar.gz")
                return 200, {}, pack_archive(self.modules["/".join(name)][version])
        return 404, {}, b'{"errors": ["Not Found"]}'


@contextmanager
def serve_registry() -> Iterator[ModuleRegistry]:
    """Until the end of the block; after it nobody answers there any more."""
    known = ModuleRegistry("")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = known.answer_path(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Not on the screen."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        known.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield known
        finally:
            server.shutdown()


def pack_archive(code: Code) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in code.items():
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def commit_repository(folder: Path, code: Code, tag: str = "v1") -> str:
    """Commits that, and gives the commit. `folder` is made where it is not there."""
    for name, text in code.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, "-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "--message=it")
    run_git(folder, "tag", "--force", tag)
    return run_git(folder, "rev-parse", "HEAD").strip()


def run_git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True, timeout=30).stdout
