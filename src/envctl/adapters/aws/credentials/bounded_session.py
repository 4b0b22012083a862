"""boto3 sessions with time limits. Without them botocore waits for ever for a `credential_process`, for minutes for
each response about credentials, and for a code even without a terminal.
"""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from envctl.adapters.disk.files import open_file
from envctl.domain.ci.id_token import MAX_TOKEN_BYTES

CONNECT_SECONDS, ATTEMPTS = 5, 4
METADATA_LIMITS = {"metadata_service_timeout": 10, "metadata_service_num_attempts": 5}


def open_session(profile: str, patience: float, program_seconds: float) -> Any:  # noqa: ANN401 (boto3's own)
    """Open a session with the credentials of a profile; an empty one stands for the default credentials. A response
    of AWS may take `patience` seconds, and a `credential_process` `program_seconds`.

    Raises the errors of botocore, and any other exception for mistakes in the AWS configuration unknown to botocore.
    """
    import boto3
    from botocore.session import get_session

    core = get_session()
    if profile:
        core.set_config_variable("profile", profile)
    core.set_default_client_config(build_config(patience))
    for name, limit in METADATA_LIMITS.items():
        core.set_config_variable(name, min(core.get_config_variable(name), limit))
    # The descriptions of AWS's services take megabytes: all sessions of a command share them.
    core.register_component("data_loader", _open_service_loader(core.get_config_variable("data_path")))
    # The starter of programs, the prompt for codes and the token loader: botocore has no settings for them.
    for provider in core.get_component("credential_provider").providers:
        _limit_provider(provider, program_seconds)
        if builder := getattr(provider, "_profile_provider_builder", None):
            for name in ("_create_process_provider", "_create_web_identity_provider"):
                setattr(builder, name, _wrap_creator(getattr(builder, name), program_seconds))
    return boto3.Session(botocore_session=core)


def open_renewed_session(fetch: Callable[[], Mapping[str, str]], now: Callable[[], datetime]) -> Any:  # noqa: ANN401
    """Open a session with the keys of `fetch`, which is called again before they end. `now` returns the time of AWS.

    `fetch` returns access_key, secret_key, token and expiry_time, as botocore names them.
    """
    import boto3
    from botocore.credentials import RefreshableCredentials
    from botocore.session import get_session

    core = get_session()
    core.register_component("data_loader", _open_service_loader(core.get_config_variable("data_path")))
    first = fetch()
    core._credentials = RefreshableCredentials(
        first["access_key"],
        first["secret_key"],
        first["token"],
        datetime.fromisoformat(first["expiry_time"]),
        fetch,
        "sts-assume-role",
        now,
    )
    return boto3.Session(botocore_session=core)


@cache
def _open_service_loader(data_path: str | None) -> Any:  # noqa: ANN401
    from botocore.loaders import create_loader

    return create_loader(data_path)


def list_profiles() -> list[str]:
    """Return the configured profiles, even if the environment asks for a missing one."""
    from botocore.session import get_session

    return list(get_session().available_profiles)


def build_config(patience: float) -> Any:  # noqa: ANN401
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=patience,
        # Standard: with jitter, and longer pauses each time.
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )


def ask_code(prompt: str) -> str:
    """Prompt for an MFA code. Raises EOFError if there is no terminal."""
    if not sys.stdin.isatty():
        raise EOFError
    from getpass import getpass

    return getpass(prompt)


def _limit_provider(provider: Any, seconds: float) -> None:  # noqa: ANN401
    if hasattr(provider, "_popen"):
        provider._popen = _build_popen_class(seconds)
    if hasattr(provider, "_prompter"):
        provider._prompter = ask_code
    if hasattr(provider, "_token_loader_cls"):
        provider._token_loader_cls = BoundedFileWebIdentityTokenLoader


def _wrap_creator(create: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def create_provider(*words: Any, **named: Any) -> Any:  # noqa: ANN401
        provider = create(*words, **named)
        _limit_provider(provider, seconds)
        return provider

    return create_provider


class BoundedFileWebIdentityTokenLoader:
    """Loader of token files, in place of botocore's own: that waits for ever at a pipe and reads files of any size."""

    def __init__(self, web_identity_token_path: str) -> None:
        self._path = web_identity_token_path

    def __call__(self) -> str:
        with os.fdopen(open_file(self._path), "rb") as file:
            token = file.read(MAX_TOKEN_BYTES + 1)
        if len(token) > MAX_TOKEN_BYTES:
            raise OSError(errno.EFBIG, "it is too large for a token", self._path)
        return token.decode("ascii").strip()


def _build_popen_class(seconds: float) -> Callable[..., subprocess.Popen[bytes]]:
    class TimedProgram(subprocess.Popen[bytes]):
        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            try:
                return super().communicate(input, timeout or seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                # Its own children may hold the pipes open for any time.
                for pipe in (self.stdout, self.stderr):
                    if pipe is not None:
                        pipe.close()
                self.wait()
                raise

    return TimedProgram
