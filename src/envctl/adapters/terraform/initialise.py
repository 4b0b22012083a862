"""`terraform init`, where something that it depends on has changed since the last time."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.terraform import events, running
from envctl.adapters.terraform.launcher import Launcher, check
from envctl.adapters.terraform.process import Ended
from envctl.adapters.terraform.running import Site
from envctl.domain.layout import CODE, LOCK_FILE, MAIN
from envctl.domain.provider_lock import providers
from envctl.usecases.ports import Progressed

STAMP = ".initialised"
_NEEDS_INIT = re.compile(r"terraform init|tofu init|[Ii]nitialization required|provider.*not (?:installed|available)")


class Initialiser:
    """`cache` is the folder of the plugin cache and of its lock."""

    def __init__(self, launcher: Launcher, cache: Path) -> None:
        self._launcher = launcher
        self._cache = cache

    def once(self, site: Site, provider_lock: bytes | None) -> None:
        lock, stamp = site.directory / LOCK_FILE, site.directory / STAMP
        wanted = self._fingerprint(site)
        if _read(stamp) == wanted.encode() and _covered(_read(lock), provider_lock):
            return
        # Before anything is taken away that an earlier Terraform may look for.
        running.demand_free(site)
        stamp.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        if provider_lock is not None:
            lock.write_bytes(provider_lock)
        with self._one_at_a_time():
            begun = Progressed(site.stack.name, "init")
            ended, transcript = self._launcher.follow(site, begun, "init", reconfigure=True)
        check(ended, transcript, site, "init")
        stamp.write_text(wanted)

    def again(self, site: Site) -> None:
        """Something outside of what the stamp covers was taken away, a cache for example."""
        (site.directory / STAMP).unlink(missing_ok=True)
        self.once(site, _read(site.directory / LOCK_FILE) or None)

    def _fingerprint(self, site: Site) -> str:
        """What `init` depends on beside the provider lock: the code, the backend, and which Terraform it is."""
        code = site.directory.parent / CODE
        parts = [
            *self._launcher.binary(site.stack),
            self._launcher.environment(site.stack).get("TF_CLI_CONFIG_FILE", ""),
        ]
        digest = hashlib.sha256("\0".join(parts).encode() + _told_to_init(site.directory / MAIN))
        for path in sorted(p for p in code.rglob("*") if p.is_file()):
            digest.update(os.fspath(path.relative_to(code)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Concurrent first inits on one plugin cache break each other: one runs at a time, across processes."""
        (self._cache / "plugins").mkdir(parents=True, exist_ok=True)
        with (self._cache / "init.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def wanted(transcript: events.Transcript, ended: Ended) -> bool:
    """Whether a run has failed for the want of it."""
    said = " ".join([*(f"{d.summary} {d.detail}" for d in transcript.errors), ended.errors])
    return ended.code != 0 and _NEEDS_INIT.search(said) is not None


def _told_to_init(main: Path) -> bytes:
    """The parts of a root module that `init` looks at. Settings are not among them: they change more often."""
    document = json.loads(main.read_bytes())
    sources = {name: call["source"] for name, call in document["module"].items()}
    return json.dumps([document["terraform"], sorted(document.get("provider", ())), sources], sort_keys=True).encode()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _covered(stack: bytes, wanted: bytes | None) -> bool:
    """Whether what a stack was initialised with is what the lock asks for, be it for other stacks as well."""
    asked = providers(wanted or b"").items()
    return providers(stack).items() <= asked
