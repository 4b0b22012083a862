"""Cache of credentials confirmed to belong to an environment's account: a key never moves to another account."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.disk.files import is_file, read_bytes
from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.disk.paths import expand_home
from envctl.domain.aws.profile_files import PROFILE_FILES

IDENTITY_VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY",
)  # fmt: skip
"""Variables deciding the caller's identity. Secret keys are left out: with a wrong one, every call fails."""
CREDENTIAL_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN")


class AccountCache:
    """Confirmed credentials, stored as hashes in `file`. `project_file` holds the expected account and the roles, and
    `look` chooses the one to look with.
    """

    def __init__(
        self, file: Path, project_file: Path, environment: Callable[[], Mapping[str, str]], *, look: bool = False
    ) -> None:
        self._prefix = "look:" if look else ""
        self._file = file
        self._project_file = project_file
        self._environment = environment

    def is_confirmed(self, environment: str) -> bool:
        digest = self._hash_identity(environment)
        return bool(digest) and self._load_hashes().get(self._prefix + environment) == digest

    def save_confirmed(self, environment: str) -> None:
        if digest := self._hash_identity(environment):
            temporary = self._file.with_suffix(f".{os.getpid()}")
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps({**self._load_hashes(), self._prefix + environment: digest}))
                temporary.replace(self._file)
            except OSError:
                # Only time is lost: STS is asked again.
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def _hash_identity(self, environment: str) -> str:
        """Return a hash of the named credentials; empty if they are unnamed, as those of a machine may change."""
        variables = self._environment()
        if not any(variables.get(name) for name in CREDENTIAL_VARIABLES):
            return ""
        digest = hashlib.sha256(environment.encode())
        for name in IDENTITY_VARIABLES:
            digest.update(f"\0{name}={variables.get(name, '')}".encode())
        files = [
            self._project_file,
            *(expand_home(variables.get(name, default)) for name, default in PROFILE_FILES.items()),
        ]
        for file in files:
            digest.update(b"\0" + hashlib.sha256(_read_content(file)).digest())
        return digest.hexdigest()

    def _load_hashes(self) -> dict[str, str]:
        return read_document(self._file, lambda hashes: {str(key): str(each) for key, each in hashes.items()}, {})


def _read_content(file: Path) -> bytes:
    try:
        return read_bytes(file) if is_file(file) else b""
    except OSError:
        return b""
