"""A store as obstore opens it: where it is, as whom, how it is reached, and how long an answer may take."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from envctl.adapters.disk.reading import read_text
from envctl.adapters.store.s3_errors import PROVIDER
from envctl.domain.errors import ConfigurationError, MisconfiguredMachineError, OperationFailedError, Problem

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import ClientConfig, ObjectStore, S3Config

OWNER_HEADER = "x-amz-expected-bucket-owner"
OWN = "AWS_ACCESS_KEY_ID"
"""What obstore takes credentials from by itself. All others are found by boto3, as those are that say who one is: with
it a token of a job goes before a container.
"""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SignedOutError(Exception):
    """There are no credentials, or they can't be had."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{PROVIDER}: {reason}")


@dataclass(frozen=True)
class Patience:
    """In seconds: for a connection, for one request as a whole, and for all tries together. obstore repeats what may
    safely be repeated with growing pauses, each cut by chance; `tries` counts what is done beyond that.
    """

    connect: float = 5
    request: float = 60
    overall: float = 90
    retries: int = 6
    tries: int = 3
    pause: float = 0.1


USUAL = Patience()


def folder(project: Path, url: str) -> Path:
    """The folder of a store on disk: relative to the project unless it begins with `/`."""
    parts = urlsplit(url)
    return project / (parts.netloc + parts.path)


def aws_url(region: str) -> str:
    """Where S3 answers in a region."""
    return f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}/"


def local(folder: Path) -> "ObjectStore":
    from obstore.store import LocalStore

    return LocalStore(folder, mkdir=True)


def s3(
    place: tuple[str, str],
    patience: Patience,
    client_options: Mapping[str, str],
    *,
    region: str,
    find_credentials: Callable[[], "Boto3CredentialProvider | None"],
    profile: str = "",
    owner: str = "",
    endpoint: str = "",
) -> "ObjectStore":
    """`place` is bucket and prefix. S3 itself refuses every request where the bucket is not its `owner`'s."""
    from obstore.store import S3Store

    bucket, prefix = place
    options: dict[str, object] = {
        "connect_timeout": timedelta(seconds=patience.connect),
        "timeout": timedelta(seconds=patience.request),
        **client_options,
    }
    if endpoint.startswith("http://"):
        # On this machine, and so not through the proxy for https.
        options = {"allow_http": True, **{name: each for name, each in options.items() if "proxy" not in name}}
    if owner:
        # A header of every request, and signed with it.
        options["default_headers"] = {OWNER_HEADER: owner}
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=region,
        client_options=cast("ClientConfig", options),
        credential_provider=_provider(profile, find_credentials),
        # A bucket with object lock takes no object without one.
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


def client_options(environment: Mapping[str, str]) -> Mapping[str, str]:
    """How AWS is reached from this machine, as AWS's own tools are told: through a proxy, which may show certificates
    of its own.
    """
    options = {}
    if proxy := environment.get("HTTPS_PROXY") or environment.get("https_proxy"):
        options["proxy_url"] = proxy
        if excepted := environment.get("NO_PROXY") or environment.get("no_proxy"):
            options["proxy_excludes"] = excepted
    for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        if file := environment.get(name):
            options["root_certificate"] = _authority(name, file)
            break
    return options


def endpoint(environment: Mapping[str, str]) -> str:
    """Another place than AWS that speaks like S3, named by AWS's own variables; empty where none is."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if url := environment.get(name):
            return _allowed(name, url)
    return ""


def _allowed(name: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return url.rstrip("/")
    message = f"{name} names {url!r}: a store is reached with https, or with http on this machine alone"
    raise ConfigurationError(Problem("E405", message, f"correct {name}, or unset it"))


def _authority(name: str, file: str) -> str:
    try:
        return read_text(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "it is no text"
        raise OperationFailedError(
            Problem("E457", f"{name} names {file}, which can't be read: {reason}", f"correct {name}, or unset it")
        ) from error


def _provider(profile: str, find: Callable[[], "Boto3CredentialProvider | None"]) -> "Boto3CredentialProvider | None":
    """obstore knows keys by itself; profiles, single sign-on, containers and tokens of a job are found by what is asked
    who one is, too. A job in CI has no profile, and credentials of its own.
    """
    environment = os.environ
    if not profile and environment.get(OWN):
        if not environment.get("AWS_SECRET_ACCESS_KEY"):
            message = "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"
            raise MisconfiguredMachineError(Problem("E493", message, "set both, or unset both"))
        return None
    found = find()
    if found is None:
        raise SignedOutError("there are no AWS credentials")
    return found
