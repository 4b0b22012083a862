"""The Store port over obstore. Creating is exclusive on disk, and `If-None-Match: *` on S3."""

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem
from envctl.usecases.ports import AlreadyExistsError

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import ClientConfig, ObjectStore


MANY = 4
AT_ONCE = 16


@dataclass(frozen=True)
class Address:
    """`file://` paths are relative to the project unless they begin with `/`. `region` counts for S3 alone."""

    url: str
    region: str = "us-east-1"


class ObstoreStore:
    """Opened at its first use, so that a command that needs no store pays nothing for it."""

    def __init__(
        self, project: Path, address: Callable[[], Address], client_options: Callable[[], Mapping[str, str]]
    ) -> None:
        self._project = project
        self._find_address = address
        self._client_options = client_options
        # What was created never changes: each key is fetched once in the life of a command.
        self._read: dict[str, bytes] = {}

    @cached_property
    def _address(self) -> Address:
        return self._find_address()

    @cached_property
    def _store(self) -> "ObjectStore":
        address, parts = self._address, urlsplit(self._address.url)
        try:
            if parts.scheme == "file":
                return _local(self._project / (parts.netloc + parts.path))
            if parts.scheme == "s3" and parts.netloc:
                return _s3(parts.netloc, parts.path.strip("/"), address.region, self._client_options())
        except EnvctlError:
            raise
        except Exception as error:
            raise self._failed("opened", error) from error
        raise ConfigurationError(
            Problem("E405", f"[store] url {address.url!r} is not a store", "write file://FOLDER or s3://BUCKET/PREFIX")
        )

    @property
    def url(self) -> str:
        return self._address.url

    def seen(self) -> Collection[bytes]:
        """What was read so far."""
        return self._read.values()

    def create(self, key: str, data: bytes) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError as Exists

        store = self._store
        try:
            obstore.put(store, key, data, mode="create", use_multipart=False)
        except Exists as error:
            raise AlreadyExistsError(key) from error
        except Exception as error:
            raise self._failed("written", error) from error

    def read(self, key: str) -> bytes | None:
        if key not in self._read:
            data = self._fetch(key)
            if data is None:
                return None
            self._read[key] = data
        return self._read[key]

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        if len(keys) < MANY or self._address.url.startswith("file:"):
            return [self.read(key) for key in keys]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.read, keys))

    def _fetch(self, key: str) -> bytes | None:
        import obstore

        store = self._store
        try:
            return bytes(obstore.get(store, key).bytes())
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._failed("read", error) from error
            return None
        except Exception as error:
            raise self._failed("read", error) from error

    def keys(self, prefix: str, after: str = "") -> list[str]:
        import obstore

        store = self._store
        try:
            pages = obstore.list(store, prefix=prefix.rstrip("/"), offset=after or None)
            return sorted(item["path"] for page in pages for item in page)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._failed("listed", error) from error

    def _failed(self, verb: str, error: Exception) -> OperationFailedError:
        return OperationFailedError(
            Problem(
                "E404",
                f"the store {self._address.url} can't be {verb}: {_reason(error)}",
                "nothing was recorded; mend it and retry",
            )
        )


def _reason(error: Exception) -> str:
    """What S3 says itself where it answered, else the first line; the rest is the library's own debug output."""
    said = str(error)
    answer = re.search(r"<Code>(.*?)</Code>\s*<Message>(.*?)</Message>", said, re.DOTALL)
    return f"{answer[2]} ({answer[1]})" if answer else said.strip().partition("\n")[0]


def _local(folder: Path) -> "ObjectStore":
    from obstore.store import LocalStore

    return LocalStore(folder, mkdir=True)


def _s3(bucket: str, prefix: str, region: str, client_options: Mapping[str, str]) -> "ObjectStore":
    from obstore.store import S3Store

    options: dict[str, object] = {"timeout": "60s", "connect_timeout": "10s", **client_options}
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=region,
        client_options=cast("ClientConfig", options),
        credential_provider=_credentials(),
    )


def _credentials() -> "Boto3CredentialProvider | None":
    """obstore knows keys, web identities and containers by itself; profiles and single sign-on are boto3's."""
    own = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    if any(name in os.environ for name in own):
        return None
    from obstore.auth.boto3 import Boto3CredentialProvider

    return Boto3CredentialProvider()
