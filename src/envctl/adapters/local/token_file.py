"""The private file with the ID token of the job: boto3 and Terraform read it whenever they renew their credentials."""

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from envctl.adapters.disk.files import write_private
from envctl.domain.ci.id_token import read_claims, read_time
from envctl.domain.errors import EnvctlError

DEFAULT_LIFE = timedelta(minutes=5)
"""Assumed for a token without an end."""
RETRY_PAUSE = timedelta(seconds=15)
"""After a failed renewal: a reader meanwhile finds the token before."""
_NAME = "id-token"


class TokenFile:
    """Writes a token, and a new one before each ends, until `close`.

    Args:
        request_token: returns a new token, or raises EnvctlError.
        folder: of the runner, which removes it at the end of the job.
        renewing: False for a token that the forge gives only once.
    """

    def __init__(
        self,
        request_token: Callable[[], str],
        folder: str = "",
        *,
        renewing: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._request_token = request_token
        self._folder = folder if folder and Path(folder).is_dir() else None
        self.is_renewing = renewing
        self._now = now
        self._home: Path | None = None
        self._due = datetime.max.replace(tzinfo=UTC)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def create(self, *, renew_alone: bool = True) -> Path:
        """Write the first token, and return the path. `renew_alone` renews it in a thread."""
        token = self._request_token()
        # Only its owner may enter.
        self._home = Path(tempfile.mkdtemp(prefix="envctl-", dir=self._folder))
        self._write_token(token)
        if self.is_renewing and renew_alone:
            self._thread = threading.Thread(target=self._renew_until_closed, name="id-token", daemon=True)
            self._thread.start()
        return self.path

    @property
    def path(self) -> Path:
        if self._home is None:
            raise ValueError("the token file is not open")
        return self._home / _NAME

    def renew_if_due(self) -> None:
        """Write a new token if the one before ends soon. A failure is met again with the next attempt."""
        with self._lock:
            if not self.is_renewing or self._home is None or self._now() < self._due:
                return
            try:
                self._write_token(self._request_token())
            except (EnvctlError, OSError):
                self._due = self._now() + RETRY_PAUSE

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            home, self._home = self._home, None
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)

    def _write_token(self, token: str) -> None:
        temporary = self.path.with_suffix(".new")
        write_private(temporary, token.encode())
        temporary.replace(self.path)
        now = self._now()
        claims = read_claims(token)
        began, ends = read_time(claims, "iat") or now, read_time(claims, "exp")
        # By the length of its life: the clock of this machine may be wrong.
        life = ends - began if ends and ends > began else DEFAULT_LIFE
        self._due = now + life / 2

    def _renew_until_closed(self) -> None:
        while not self._closing.wait(min(max((self._due - self._now()).total_seconds(), 1.0), 60.0)):
            with contextlib.suppress(Exception):
                self.renew_if_due()
