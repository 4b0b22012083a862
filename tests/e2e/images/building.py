"""Images built from a Dockerfile by Debian's buildah: no Docker engine, and nothing is pulled.

All of it lives in one folder. Each command has mount points of its own, so that none is left on the machine, whatever
happens.
"""

import contextlib
import fcntl
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.adapters.registry.oci import Registry
from tests.e2e.images.node_image import read_npmrc
from tests.programs import IMAGE_PATH

APP = Path(__file__).parents[3] / "app"
FILL_PROGRAM = Path(__file__).with_name("node_image.py")
BASE = "localhost/base"
OWN_MOUNTS = ("unshare", "--mount")
LIMITS = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
POLICY_VERBS = {"from", "build", "commit", "push"}
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class BuiltImage:
    """`repository` begins with the registry; `digest` is the one that the registry gives."""

    repository: str
    tag: str
    digest: str

    @property
    def tagged(self) -> str:
        return f"{self.repository}:{self.tag}"

    @property
    def pinned(self) -> str:
        return f"{self.repository}@{self.digest}"


@dataclass(frozen=True)
class Workshop:
    """Processes of one test run share a folder: one of them builds at a time, and all have what was built. `fills` is
    the program that makes what the base image is in here.
    """

    folder: Path
    fills: Path = FILL_PROGRAM

    def publish_image(
        self, source: Path, registry: Registry, repository: str, tag: str, *, cache: bool = True
    ) -> BuiltImage:
        """Builds the production image of a folder like app/, and pushes it."""
        name, digest = f"localhost/{repository}:{tag}", self.folder / "digest"
        with self._hold_lock():
            more = ("--target=production", f"--build-arg=APP_VERSION={tag}", *([] if cache else ["--no-cache"]))
            self._build_with_secret(source, name, ("npmrc", read_npmrc()), *more)
            where = f"docker://{registry.host}/{repository}:{tag}"
            self.run_buildah(
                "push", "--tls-verify=false", "--compression-level=1", f"--digestfile={digest}", name, where
            )
            return BuiltImage(f"{registry.host}/{repository}", tag, digest.read_text().strip())

    def build_image(self, source: Path, name: str, secret: tuple[str, str]) -> None:
        """`secret` is the name of a file that the build may look into, and what it holds."""
        with self._hold_lock():
            self._build_with_secret(source, name, secret)

    def _build_with_secret(self, source: Path, name: str, secret: tuple[str, str], *more: str) -> None:
        self._ensure_base_image()
        file = self.folder / "secret"
        file.touch(0o600)
        try:
            file.write_text(secret[1])
            self.run_buildah(
                *("build", "--isolation=chroot", "--pull=never", "--layers", *more),
                # The time is all that would differ between two builds of the same.
                *("--format=oci", "--timestamp=0", f"--secret=id={secret[0]},src={file}"),
                *(f"--build-arg=BASE_IMAGE={BASE}", f"--tag={name}", os.fspath(source)),
            )
        finally:
            file.unlink()

    @contextlib.contextmanager
    def open_container(self, reference: str) -> Iterator[str]:
        """The name of a container of an image in a registry, which does not run; or of one that was built here."""
        built = reference.startswith("localhost/")
        source = ("--pull=never", reference) if built else ("--tls-verify=false", f"docker://{reference}")
        name = self.run_buildah("from", "--quiet", *source).strip()
        try:
            yield name
        finally:
            self.run_buildah("rm", name)

    def read_config(self, name: str) -> dict[str, Any]:
        """What the image of a container says of how it is run."""
        config: dict[str, Any] = json.loads(self.run_buildah("inspect", name))["OCIv1"]["config"]
        return config

    def measure_sizes(self, name: str) -> tuple[int, int]:
        """Bytes of all files in the image of a container, and of those in the base image."""
        image = json.loads(self.run_buildah("inspect", name))["FromImageID"]
        listed = json.loads(self.run_buildah("images", "--json", "--no-trunc"))
        sizes = {each["id"].removeprefix("sha256:"): _parse_size(each["size"]) for each in listed}
        base = next(_parse_size(each["size"]) for each in listed if f"{BASE}:latest" in (each["names"] or []))
        return sizes[image], base

    def build_command(self, verb: str, *words: str) -> list[str]:
        where = [f"--root={self.folder / 'storage'}", f"--runroot={self.folder / 'run'}", "--storage-driver=overlay"]
        policy = [f"--signature-policy={self.folder / 'policy.json'}"] if verb in POLICY_VERBS else []
        return ["buildah", *where, verb, *policy, *words]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": IMAGE_PATH,
            "HOME": os.fspath(self.folder),
            "TMPDIR": os.fspath(self.folder / "tmp"),
            "CONTAINERS_CONF": os.fspath(self.folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": os.fspath(self.folder / "registries.conf"),
        }

    def run_buildah(self, verb: str, *words: str) -> str:
        return self._run_command(*self.build_command(verb, *words))

    def _run_command(self, *command: str, **more: str) -> str:
        done = subprocess.run(
            [*OWN_MOUNTS, *command],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def open(self) -> None:
        with self._hold_lock():
            self._use_marker.touch()

    def close(self) -> None:
        """Whoever is the last takes away what was built, which is large."""
        with self._hold_lock():
            self._use_marker.unlink()
            if not list(self.folder.glob("in-use-*")):
                for name in ("storage", "run", "tmp"):
                    shutil.rmtree(self.folder / name, ignore_errors=True)

    @property
    def _use_marker(self) -> Path:
        return self.folder / f"in-use-{os.getpid()}"

    @contextlib.contextmanager
    def _hold_lock(self) -> Iterator[None]:
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ensure_base_image(self) -> None:
        if (self.folder / "storage").exists():
            return
        (self.folder / "tmp").mkdir()
        # Those that buildah sets by itself are higher than some machines allow.
        limits = [f"{name}={hard}:{hard}" for name, hard in ((n, resource.getrlimit(w)[1]) for n, w in LIMITS.items())]
        (self.folder / "containers.conf").write_text(f"[containers]\ndefault_ulimits = {json.dumps(limits)}\n")
        (self.folder / "registries.conf").write_text("unqualified-search-registries = []\n")
        (self.folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        name = self.run_buildah("from", "scratch").strip()
        # It asks npm for the settings of whoever runs the tests.
        self._run_command(
            sys.executable, os.fspath(self.fills), *self.build_command("mount", name), HOME=os.environ["HOME"]
        )
        self.run_buildah("commit", "--quiet", "--timestamp=0", "--rm", name, BASE)


def _parse_size(text: str) -> int:
    number, unit = text.split()
    return int(float(number) * UNITS[unit.upper()])
