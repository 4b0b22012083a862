"""Clock, Marks, Identity and Witness of this machine."""

import contextlib
import fcntl
import getpass
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from envctl.adapters.disk.reading import read_text
from envctl.adapters.local.git import ask
from envctl.domain.ledger.events import Actor


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomMarks:
    def fresh(self) -> str:
        return secrets.token_hex(8)


class LocalIdentity:
    """Inside GitHub Actions the actor and the run; else git's author address, or the user's name: both unverified."""

    def __init__(self, project: Path, environment: Mapping[str, str]) -> None:
        self._project = project
        self._environment = environment

    def actor(self) -> Actor:
        return self._actor

    def doubt(self) -> str:
        return "nothing of the project lies in AWS, which would vouch for a name" if self._actor.via == "github" else ""

    @cached_property
    def _actor(self) -> Actor:
        known = self._environment
        if known.get("GITHUB_ACTIONS") == "true" and known.get("GITHUB_ACTOR"):
            run = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"
            wanted = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
            url = run.format_map(known) if all(key in known for key in wanted) else ""
            return Actor(known["GITHUB_ACTOR"], "github", run_url=url)
        return Actor(known.get("GIT_AUTHOR_EMAIL") or ask(self._project, "config", "user.email") or _user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


class FileWitness:
    """Remembers, for each store, the last entry that this machine saw."""

    def __init__(self, file: Path, store: Callable[[], str]) -> None:
        self._file = file
        self._find_store = store

    @cached_property
    def _store(self) -> str:
        return self._find_store()

    def recall(self) -> tuple[int, str] | None:
        return self._read().get(self._store)

    def remember(self, seq: int, head: str) -> None:
        # Reading the ledger must work on a read-only disk; all that is lost is a reminder.
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                self._write_later(seq, head)

    def _write_later(self, seq: int, head: str) -> None:
        """Never goes back: another command of the same folder may have seen more by now."""
        known = self._read()
        if seq <= known.get(self._store, (0, ""))[0]:
            return
        known[self._store] = (seq, head)
        temporary = self._file.with_suffix(f".{os.getpid()}")
        try:
            temporary.write_text(json.dumps(known))
            temporary.replace(self._file)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One command at a time reads the file and writes it. Its folder is locked, so that no other file is left."""
        descriptor = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with contextlib.suppress(OSError):  # There are file systems that lock no folders.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            return {store: (seq, head) for store, (seq, head) in json.loads(read_text(self._file)).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
