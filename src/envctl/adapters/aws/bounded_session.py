"""Sessions of boto3 that can't hang. botocore by itself waits for ever for a `credential_process`, for minutes for each
answer about credentials, and for a code on a terminal that is not there.
"""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from envctl.adapters.aws.tokens import LONGEST
from envctl.adapters.disk.reading import open_file

CONNECT_SECONDS, ATTEMPTS = 5, 4
METADATA_SECONDS, METADATA_ATTEMPTS = 10, 5


def open_session(profile: str, patience: float, program_seconds: float) -> Any:  # noqa: ANN401 (boto3's own)
    """A session with the credentials of a profile, or with those that are at hand for an empty one. An answer of AWS
    may take `patience` seconds, and a `credential_process` `program_seconds`.

    Raises what botocore raises, or anything else where the AWS configuration is wrong in a way that botocore does not
    check.
    """
    import boto3
    from botocore.session import get_session

    core = get_session()
    if profile:
        core.set_config_variable("profile", profile)
    core.set_default_client_config(limits(patience))
    for name, most in (
        ("metadata_service_timeout", METADATA_SECONDS),
        ("metadata_service_num_attempts", METADATA_ATTEMPTS),
    ):
        core.set_config_variable(name, min(core.get_config_variable(name), most))
    # The descriptions of AWS's services are megabytes: they are read once for all sessions of a command.
    core.register_component("data_loader", _load_descriptions(core.get_config_variable("data_path")))
    _bound_programs(core.get_component("credential_provider"), program_seconds)
    return boto3.Session(botocore_session=core)


@cache
def _load_descriptions(data_path: str | None) -> Any:  # noqa: ANN401
    from botocore.loaders import create_loader

    return create_loader(data_path)


def known_profiles() -> list[str]:
    """Whatever profile the environment asks for: it need not be there where another one counts."""
    from botocore.session import get_session

    return list(get_session().available_profiles)


def limits(patience: float) -> Any:  # noqa: ANN401
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=patience,
        # Standard: with jitter, and longer pauses each time.
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )


def ask_code(prompt: str) -> str:
    """Raises EOFError where there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise EOFError
    from getpass import getpass

    return getpass(prompt)


def _bound_programs(resolver: Any, seconds: float) -> None:  # noqa: ANN401
    """botocore has no setting for either: what starts programs, and what asks for a code, is put in by hand."""
    for provider in resolver.providers:
        if hasattr(provider, "_popen"):
            provider._popen = _bounded(seconds)
        if hasattr(provider, "_prompter"):
            provider._prompter = ask_code
        _bound_token(provider)
        if builder := getattr(provider, "_profile_provider_builder", None):
            builder._create_process_provider = _with_bound(builder._create_process_provider, seconds)
            builder._create_web_identity_provider = _with_bounded_token(builder._create_web_identity_provider)


def _bound_token(provider: Any) -> None:  # noqa: ANN401
    if hasattr(provider, "_token_loader_cls"):
        provider._token_loader_cls = BoundedFileWebIdentityTokenLoader


def _with_bounded_token(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(*words: Any, **named: Any) -> Any:  # noqa: ANN401
        provider = create(*words, **named)
        _bound_token(provider)
        return provider

    return created


class BoundedFileWebIdentityTokenLoader:
    """As botocore's own, which waits for ever at a pipe and reads a file of any size."""

    def __init__(self, web_identity_token_path: str) -> None:
        self._path = web_identity_token_path

    def __call__(self) -> str:
        with os.fdopen(open_file(self._path), "rb") as file:
            token = file.read(LONGEST + 1)
        if len(token) > LONGEST:
            raise OSError(errno.EFBIG, "it is larger than any token", self._path)
        return token.decode("ascii").strip()


def _with_bound(create: Callable[[str], Any], seconds: float) -> Callable[[str], Any]:
    def created(profile_name: str) -> Any:  # noqa: ANN401
        provider = create(profile_name)
        provider._popen = _bounded(seconds)
        return provider

    return created


def _bounded(seconds: float) -> Callable[..., subprocess.Popen[bytes]]:
    class Program(subprocess.Popen[bytes]):
        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            try:
                return super().communicate(input, timeout or seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                # What it has started itself may hold the pipes open for as long as it likes.
                for pipe in (self.stdout, self.stderr):
                    if pipe is not None:
                        pipe.close()
                self.wait()
                raise

    return Program
