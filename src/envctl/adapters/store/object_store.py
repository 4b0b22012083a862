"""The Store port over obstore. Creating is exclusive on disk, and `If-None-Match: *` on S3."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from envctl.adapters.disk.reading import NotAFileError, check_file
from envctl.adapters.store import connect, failures, s3_errors
from envctl.adapters.store.prefetch import Ahead
from envctl.adapters.store.s3_errors import AGAIN, REFUSED, Kind, kind_of
from envctl.adapters.store.store_clock import StoreClock, time_of_folder, time_of_server
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem
from envctl.usecases.ports.core import AlreadyExistsError, UnansweredError

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import ObjectStore

T = TypeVar("T")
MANY = 4
AT_ONCE = 32
AHEAD = 16
NOTHING = "nothing was recorded"


@dataclass(frozen=True)
class Address:
    """`file://` paths are relative to the project unless they begin with `/`. The rest counts for S3 alone: `owner` is
    the account that the bucket must belong to, and `endpoint` stands for AWS.
    """

    url: str
    region: str = "us-east-1"
    profile: str = ""
    owner: str = ""
    endpoint: str = ""


def unknown_region(_bucket: str) -> str:
    """Nobody to ask."""
    return ""


def no_credentials() -> None:
    """None but those that obstore finds by itself."""
    return


def nobody_knows(_bucket: str, _owner: str) -> bool:
    """Nobody to ask."""
    return False


class ObstoreStore:
    """Opened at its first use, so that a command that needs no store pays nothing for it. `region_of` finds the region
    of a bucket that is not where it should be, and `is_anothers` says whether a bucket is of another account.
    `find_credentials` gives those that obstore does not find by itself, and None where there are none.
    """

    def __init__(
        self,
        project: Path,
        address: Callable[[], Address],
        client_options: Callable[[], Mapping[str, str]],
        *,
        region_of: Callable[[str], str] = unknown_region,
        is_anothers: Callable[[str, str], bool] = nobody_knows,
        find_credentials: "Callable[[], Boto3CredentialProvider | None]" = no_credentials,
        patience: connect.Patience = connect.USUAL,
    ) -> None:
        self._project = project
        self._find_address = address
        self._client_options = client_options
        self._region_of = region_of
        self._is_anothers = is_anothers
        self._find_credentials = find_credentials
        self._patience = patience
        # What was created never changes: each key is fetched once in the life of a command.
        self._read: dict[str, bytes] = {}
        self._ahead = Ahead(AHEAD)
        self._clock = StoreClock(self._ask_time)

    @cached_property
    def _address(self) -> Address:
        return self._find_address()

    @cached_property
    def _store(self) -> "ObjectStore":
        return self._open(self._address.owner)

    @cached_property
    def _listing(self) -> "ObjectStore":
        """obstore does not sign the owner when it lists, and S3 takes no header of that kind unsigned. A list is of
        names alone: whatever is read or written after it is asked of the owner.
        """
        return self._open("") if self._address.owner else self._store

    def _open(self, owner: str) -> "ObjectStore":
        address, parts = self._address, urlsplit(self._address.url)
        try:
            if parts.scheme == "file":
                return connect.local(connect.folder(self._project, address.url))
            if parts.scheme == "s3" and parts.netloc:
                return connect.s3(
                    (parts.netloc, parts.path.strip("/")),
                    self._patience,
                    self._client_options(),
                    region=address.region,
                    find_credentials=self._find_credentials,
                    profile=address.profile,
                    owner=owner,
                    endpoint=address.endpoint,
                )
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

    @property
    def endpoint(self) -> str:
        return self._address.endpoint if self._address.url.startswith("s3:") else ""

    def seen(self) -> Collection[bytes]:
        """What was read so far."""
        return self._read.values()

    def create(self, key: str, data: bytes) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError as Exists

        store = self._store
        try:
            self._patiently("written", lambda: obstore.put(store, key, data, mode="create", use_multipart=False))
        except Exists as error:
            raise AlreadyExistsError(key) from error

    def read(self, key: str) -> bytes | None:
        if key not in self._read:
            data = self._ahead.answer(key, partial(self._fetch, key))
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
        self._check_file(key)
        try:
            return self._patiently("read", lambda: bytes(obstore.get(store, key).bytes()))
        except FileNotFoundError:
            return None

    def _check_file(self, key: str) -> None:
        """Raises OperationFailedError where something else than a file lies there: reading it might never end."""
        parts = urlsplit(self._address.url)
        if parts.scheme != "file":
            return
        path = self._project / (parts.netloc + parts.path) / key
        try:
            check_file(path)
        except (NotAFileError, IsADirectoryError) as error:
            message = f"the store {self._address.url} can't be read: {key}: {error.strerror}"
            hint = "restore it from a backup of the store"
            raise OperationFailedError(Problem("E404", message, hint)) from error
        except OSError:
            # Nothing lies there, or the store itself says why it can't be read.
            return

    @contextmanager
    def fetching(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> Iterator[None]:
        if self._address.url.startswith("file:"):
            yield
            return
        # Opened here: those who ask all begin at once.
        _ = self._store, self._listing
        questions: dict[object, Callable[[], object]] = {each: partial(self._keys, *each) for each in lists}
        questions |= {key: partial(self._fetch, key) for key in keys if key not in self._read}
        with self._ahead.asking(questions):
            yield

    def foresee_time(self) -> None:
        self._clock.foresee()

    def now(self) -> datetime | None:
        return self._clock.now()

    def _ask_time(self) -> datetime | None:
        address = self._address
        if not address.url.startswith("s3:"):
            return time_of_folder(connect.folder(self._project, address.url))
        return time_of_server(address.endpoint or connect.aws_url(address.region), self._client_options())

    def written_at(self, key: str) -> datetime | None:
        import obstore

        store = self._store
        try:
            return self._patiently("read", lambda: obstore.head(store, key)["last_modified"])
        except FileNotFoundError:
            return None

    def keys(self, prefix: str, after: str = "") -> list[str]:
        return self._ahead.answer((prefix, after), partial(self._keys, prefix, after))

    def _keys(self, prefix: str, after: str) -> list[str]:
        import obstore

        store = self._listing

        def listed() -> list[str]:
            pages = obstore.list(store, prefix=prefix.rstrip("/"), offset=after or None)
            return sorted(item["path"] for page in pages for item in page)

        try:
            return self._patiently("listed", listed)
        except FileNotFoundError:
            return []

    def _patiently(self, verb: str, act: Callable[[], T]) -> T:
        """Lets through that it exists, or that it does not; everything else is said in words."""
        from obstore.exceptions import AlreadyExistsError as Exists

        doubtful = False
        for last in self._tries():
            try:
                return act()
            except Exception as error:
                kind = kind_of(str(error))
                if isinstance(error, FileNotFoundError) and kind is not Kind.NO_BUCKET:
                    raise
                if isinstance(error, Exists) and kind is not Kind.BUSY:
                    raise
                doubtful = doubtful or kind not in REFUSED or s3_errors.repeated(str(error))
                if last or kind not in AGAIN:
                    raise self._failed(verb, error, doubtful=doubtful) from error
        raise AssertionError("the last try gives or raises something")

    def _tries(self) -> Iterator[bool]:
        """Whether it is the last one. Between two of them there is a pause, longer each time and cut by chance."""
        patience, begun = self._patience, time.monotonic()
        for number in range(1, patience.tries + 1):
            last = number == patience.tries or time.monotonic() - begun > patience.overall
            yield last
            time.sleep(random.uniform(0, patience.pause * 2**number))  # noqa: S311 (no secret)

    def _failed(self, verb: str, error: Exception, *, doubtful: bool = False) -> OperationFailedError:
        said, address = str(error), self._address
        kind = kind_of(said)
        if kind is Kind.DENIED and self._is_somebody_elses():
            problem = failures.not_owned(address.url, verb, address.owner)
        else:
            found = s3_errors.region_in(said)
            if kind is Kind.ELSEWHERE and not found:
                found = self._region_of(urlsplit(address.url).netloc)
            problem = failures.problem(kind, said, url=address.url, verb=verb, region=address.region, found=found)
        if verb != "written":
            return OperationFailedError(problem)
        if doubtful:
            return UnansweredError(problem)
        return OperationFailedError(
            Problem(problem.code, problem.message, f"{NOTHING}; {problem.hint}"),
        )

    def _is_somebody_elses(self) -> bool:
        """S3 refuses without saying whether it is for the owner."""
        owner = self._address.owner
        return bool(owner) and self._is_anothers(urlsplit(self._address.url).netloc, owner)
