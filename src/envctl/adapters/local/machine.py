"""Clock, nonces, identity and head cache of this machine."""

import contextlib
import fcntl
import getpass
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.local.git_commands import run_git
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart

# Between two checkpoints are 64 entries, and more only where one that must be signed is late.
MAX_COPIES = 1000


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomNonces:
    def new(self) -> str:
        return secrets.token_hex(8)


@dataclass(frozen=True, eq=False, repr=False)
class LocalIdentity:
    """The actor of a run of GitHub Actions or GitLab CI; else git's author address, or the user name: unverified.
    `start` is what started the run.
    """

    project: Path
    environment: Mapping[str, str]
    start: RunStart = NO_START

    def identify_actor(self) -> Actor:
        return self._local_actor

    def explain_doubt(self) -> str:
        if self._local_actor.via == "local":
            return ""
        return "the project has no resources in AWS to confirm a name"

    def find_start(self) -> RunStart:
        return self.start

    def name_session(self) -> str:
        from envctl.domain.aws.access import format_session_name
        from envctl.domain.ci.job_role import describe_run

        return format_session_name(self.identify_actor(), describe_run(self.environment))

    @cached_property
    def _local_actor(self) -> Actor:
        known, schedule = self.environment, self.start.schedule
        if known.get("GITHUB_ACTIONS") == "true" and known.get("GITHUB_ACTOR"):
            run = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"
            wanted = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
            url = run.format_map(known) if all(key in known for key in wanted) else ""
            return Actor(schedule or known["GITHUB_ACTOR"], via="github", run_url=url)
        if known.get("GITLAB_CI") == "true" and known.get("GITLAB_USER_LOGIN"):
            return Actor(schedule or known["GITLAB_USER_LOGIN"], via="gitlab", run_url=known.get("CI_JOB_URL", ""))
        return Actor(known.get("GIT_AUTHOR_EMAIL") or run_git(self.project, "config", "user.email") or _user_name())


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _replace_file(file: Path, text: str) -> None:
    temporary = file.with_suffix(f".{os.getpid()}")
    try:
        temporary.write_text(text)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


class FileHeadCache:
    """Stores the last ledger entry seen, for each store URL, and copies of the entries of one remote store."""

    def __init__(self, file: Path, store: Callable[[], str]) -> None:
        self._file = file
        self._copies_file = file.with_name("entries.json")
        self._store_url = cache(store)

    def load_head(self) -> tuple[int, str] | None:
        return self._read_heads().get(self._store_url())

    def save_head(self, seq: int, head: str) -> None:
        # Reading the ledger must work on a read-only disk: a lost cache entry is harmless.
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._lock_folder():
                self._write_if_later(seq, head)

    def _write_if_later(self, seq: int, head: str) -> None:
        """Write the head unless another command of this project wrote a later one."""
        known = self._read_heads()
        if seq <= known.get(self._store_url(), (0, ""))[0]:
            return
        known[self._store_url()] = (seq, head)
        _replace_file(self._file, json.dumps(known))

    def load_copies(self) -> Mapping[int, bytes]:
        def build(document: Mapping[str, Any]) -> dict[int, bytes]:
            if document["store"] != self._store_url():
                return {}
            return {int(number): text.encode() for number, text in document["entries"].items()}

        return read_document(self._copies_file, build, {})

    def save_copies(self, copies: Mapping[int, bytes]) -> None:
        if self._store_url().startswith("file:"):
            return
        newest = sorted(copies)[-MAX_COPIES:]
        texts = {number: copies[number].decode() for number in newest}
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _replace_file(self._copies_file, json.dumps({"store": self._store_url(), "entries": texts}))

    @contextmanager
    def _lock_folder(self) -> Iterator[None]:
        """Lock the folder of the file for one command: a lock file would be left behind."""
        descriptor = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with contextlib.suppress(OSError):  # Some file systems lock no folders.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read_heads(self) -> dict[str, tuple[int, str]]:
        return read_document(self._file, _build_heads, {})


def _build_heads(document: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    return {store: (int(seq), str(head)) for store, (seq, head) in document.items()}
