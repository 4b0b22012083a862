"""Connection settings of a store: location, credentials, proxy and timeouts, as obstore takes them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from envctl.adapters.disk.files import read_text
from envctl.adapters.store.s3_errors import CREDENTIALS_PREFIX
from envctl.domain.errors import ConfigurationError, MisconfiguredMachineError, OperationFailedError, Problem
from envctl.domain.text.urls import split_url

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, S3Config, S3CredentialProvider

OWNER_HEADER = "x-amz-expected-bucket-owner"
LOCK_MODE = "GOVERNANCE"
"""Of objects with a lock of their own: the mode that `bootstrap` gives to all others."""
KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
"""The variable of keys used by obstore itself. boto3 finds all other credentials, in the order used for the caller's
identity: a CI token before a container.
"""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class NoCredentialsError(Exception):
    """Credentials are missing or unavailable."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{CREDENTIALS_PREFIX}: {reason}")


@dataclass(frozen=True)
class RetryPolicy:
    """Timeouts in seconds, and retries. obstore itself repeats safe requests up to `retries` times, with growing
    jittered pauses; `tries` counts envctl's own attempts beyond.

    Attributes:
        connect: for one connection.
        request: for one whole request.
        overall: for all tries together.
    """

    connect: float = 5
    request: float = 60
    overall: float = 90
    retries: int = 6
    tries: int = 3
    pause: float = 0.1


DEFAULT_POLICY = RetryPolicy()


def store_folder(project: Path, url: str) -> Path:
    """Return the folder of a store on disk: relative to the project unless it begins with `/`."""
    parts = split_url(url)
    return project / (parts.netloc + parts.path)


def is_missing_folder(project: Path, url: str) -> bool:
    """Whether nothing was written yet to a store on disk."""
    if not url.startswith("file:"):
        return False
    try:
        store_folder(project, url).stat()
    except FileNotFoundError:
        return True
    except OSError:
        # Opening it reports what is in the way.
        return False
    return False


def open_s3(
    place: tuple[str, str],
    patience: RetryPolicy,
    client_options: Mapping[str, str],
    *,
    region: str,
    find_credentials: Callable[[], "S3CredentialProvider | None"],
    profile: str = "",
    headers: Mapping[str, str],
    endpoint: str = "",
) -> "ObjectStore":
    """Open the bucket and prefix in `place`. Every request has these headers, and signs them."""
    from obstore.store import S3Store

    bucket, prefix = place
    options: dict[str, object] = {
        "connect_timeout": timedelta(seconds=patience.connect),
        "timeout": timedelta(seconds=patience.request),
        **client_options,
    }
    if endpoint.startswith("http://"):
        # A loopback address: no proxy.
        options = {"allow_http": True, **{name: each for name, each in options.items() if "proxy" not in name}}
    if headers:
        options["default_headers"] = dict(headers)
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=region,
        client_options=cast("ClientConfig", options),
        credential_provider=_choose_credentials(profile, find_credentials),
        # Buckets with object lock require a checksum.
        checksum_algorithm="SHA256",
        retry_config={
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.overall),
            "backoff": {
                "init_backoff": timedelta(seconds=patience.pause),
                "max_backoff": timedelta(seconds=10),
                "base": 2,
            },
        },
        config=cast("S3Config", {"endpoint": endpoint}) if endpoint else None,
    )


def read_client_options(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return proxy and certificate options from the variables AWS's own tools read."""
    options = {}
    if proxy := environment.get("HTTPS_PROXY") or environment.get("https_proxy"):
        options["proxy_url"] = proxy
        if excepted := environment.get("NO_PROXY") or environment.get("no_proxy"):
            options["proxy_excludes"] = excepted
    for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        if file := environment.get(name):
            options["root_certificate"] = _read_certificate(name, file)
            break
    return options


def find_endpoint(environment: Mapping[str, str]) -> str:
    """Return the S3 endpoint set by AWS's own variables; empty without one."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if url := environment.get(name):
            parts = split_url(url)
            if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
                return url.rstrip("/")
            message = f"{name} names {url!r}: a store needs https; http is only for this machine"
            raise ConfigurationError(Problem("E405", message, f"correct {name}, or unset it"))
    return ""


def lock_headers(days: int) -> Mapping[str, str]:
    """Return the headers of a write that lock its object for so many days from now."""
    when = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    return {"x-amz-object-lock-mode": LOCK_MODE, "x-amz-object-lock-retain-until-date": when}


def _read_certificate(name: str, file: str) -> str:
    try:
        return read_text(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "it is not text"
        message = f"{name} names {file}, which can't be read: {reason}"
        raise OperationFailedError(Problem("E457", message, f"correct {name}, or unset it")) from error


def _choose_credentials(
    profile: str, find: Callable[[], "S3CredentialProvider | None"]
) -> "S3CredentialProvider | None":
    """Return None for plain keys in the environment, used by obstore itself; else the credentials of boto3, which also
    knows profiles, single sign-on, containers and CI tokens. Raises NoCredentialsError.
    """
    if not profile and os.environ.get(KEY_VARIABLE):
        if not os.environ.get("AWS_SECRET_ACCESS_KEY"):
            message = "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
            raise MisconfiguredMachineError(Problem("E493", message, "set both, or unset both"))
        return None
    found = find()
    if found is None:
        raise NoCredentialsError("AWS credentials are missing")
    return found
