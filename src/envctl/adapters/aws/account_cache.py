"""Which credentials were found to be of the right account: a key never moves to another one, and asking takes time."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.disk.paths import in_home
from envctl.adapters.disk.reading import is_file, read_bytes, read_text
from envctl.domain.aws.access import PROFILE_FILES

WHO = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "HTTPS_PROXY",
)
"""What decides who one is. The secret parts of it do not: with a wrong secret nobody is anybody."""
NAMED = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN")


class RememberedAccess:
    """Kept in `file` as hashes. `project_file` says which account is the right one, and which role is taken."""

    def __init__(self, file: Path, project_file: Path, environment: Callable[[], Mapping[str, str]]) -> None:
        self._file = file
        self._project_file = project_file
        self._environment = environment

    def known(self, environment: str) -> bool:
        mark = self._mark(environment)
        return bool(mark) and self._read().get(environment) == mark

    def remember(self, environment: str) -> None:
        if mark := self._mark(environment):
            temporary = self._file.with_suffix(f".{os.getpid()}")
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps({**self._read(), environment: mark}))
                temporary.replace(self._file)
            except OSError:
                # All that is lost is time: it is asked again.
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def _mark(self, environment: str) -> str:
        """Empty where nothing names the credentials: those of a machine may be others tomorrow."""
        known = self._environment()
        if not any(known.get(name) for name in NAMED):
            return ""
        digest = hashlib.sha256(environment.encode())
        for name in WHO:
            digest.update(f"\0{name}={known.get(name, '')}".encode())
        files = [
            self._project_file,
            *(in_home(known.get(name, usual)) for name, usual in PROFILE_FILES.items()),
        ]
        for file in files:
            digest.update(b"\0" + hashlib.sha256(_content(file)).digest())
        return digest.hexdigest()

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(read_text(self._file))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def _content(file: Path) -> bytes:
    try:
        return read_bytes(file) if is_file(file) else b""
    except OSError:
        return b""
