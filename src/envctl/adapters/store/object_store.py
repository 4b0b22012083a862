"""The Store port over obstore. Creation is exclusive on disk, and a conditional write (`If-None-Match: *`) on S3."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from envctl.adapters.disk.files import NotAFileError, require_file
from envctl.adapters.http.waits import await_call, map_in_threads
from envctl.adapters.store import connect, failures, s3_errors
from envctl.adapters.store.s3_errors import (
    REFUSED_HEADER_KINDS,
    REFUSED_KINDS,
    RETRIABLE_KINDS,
    ErrorKind,
    classify_error,
)
from envctl.adapters.store.store_clock import StoreClock, read_folder_time, read_server_time
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem
from envctl.domain.text.urls import split_url
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3CredentialProvider


T = TypeVar("T")
MIN_PARALLEL = 4
# All entries since a checkpoint, and what is read with them, in one round trip.
READ_THREADS = 72
PREFETCH_THREADS = 72
NOTHING_RECORDED = "nothing was recorded"


@dataclass(frozen=True)
class StoreAddress:
    """Location of a store. `file://` paths are relative to the project unless they begin with `/`.

    Attributes:
        owner: the required account of the bucket.
        endpoint: the server used in place of AWS.
    """

    url: str
    region: str = "us-east-1"
    profile: str = ""
    owner: str = ""
    endpoint: str = ""


@dataclass(eq=False, repr=False)
class ObstoreStore:
    """A store, opened at its first use: most commands need none.

    `region_of` finds the real region of a bucket; `is_anothers` tells if a bucket belongs to another account;
    `find_versions` returns replaced versions by bucket, prefix and the key before; `find_credentials` returns those
    obstore does not find itself, or None. By default, there is no AWS to ask.
    """

    project: Path
    find_address: Callable[[], StoreAddress]
    client_options: Callable[[], Mapping[str, str]]
    _: KW_ONLY
    region_of: Callable[[str], str] = lambda _: ""
    is_anothers: Callable[[str, str], bool] = lambda *_: False
    find_versions: Callable[[str, str, str], Mapping[str, Sequence[bytes]]] = lambda *_: {}
    find_credentials: "Callable[[], S3CredentialProvider | None]" = lambda: None
    patience: connect.RetryPolicy = connect.DEFAULT_POLICY
    # Objects never change: each key is fetched once in a command.
    _read: dict[str, bytes] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._ahead = Prefetcher(PREFETCH_THREADS)
        self._clock = StoreClock(self._ask_time)

    @cached_property
    def _address(self) -> StoreAddress:
        return self.find_address()

    @cached_property
    def _store(self) -> "ObjectStore":
        return self._open_store(self._owner_headers)

    @property
    def _owner_headers(self) -> dict[str, str]:
        """S3 refuses every request if the bucket does not belong to this owner."""
        owner = self._address.owner
        return {connect.OWNER_HEADER: owner} if owner else {}

    @property
    def _is_missing_folder(self) -> bool:
        """A read makes no folder, where that may be forbidden."""
        return connect.is_missing_folder(self.project, self._address.url)

    @cached_property
    def _ownerless_store(self) -> "ObjectStore":
        """The store for lists: obstore can't sign the owner header there. Every read and write checks the owner."""
        return self._open_store({}) if self._address.owner else self._store

    def _open_store(self, headers: Mapping[str, str]) -> "ObjectStore":
        address, parts = self._address, split_url(self._address.url)
        try:
            if parts.scheme == "file":
                from obstore.store import LocalStore

                return LocalStore(connect.store_folder(self.project, address.url), mkdir=True)
            if parts.scheme == "s3" and parts.netloc:
                return connect.open_s3(
                    (parts.netloc, parts.path.strip("/")),
                    self.patience,
                    self.client_options(),
                    region=address.region,
                    find_credentials=self.find_credentials,
                    profile=address.profile,
                    headers=headers,
                    endpoint=address.endpoint,
                )
        except EnvctlError:
            raise
        except Exception as error:
            raise self._to_error("opened", error) from error
        message = f"[store] url {address.url!r} is not a store"
        raise ConfigurationError(Problem("E405", message, "write file://FOLDER or s3://BUCKET/PREFIX"))

    @property
    def url(self) -> str:
        return self._address.url

    @property
    def endpoint(self) -> str:
        return self._address.endpoint if self._address.url.startswith("s3:") else ""

    def list_loaded(self) -> Collection[bytes]:
        # A copy: another thread may still read.
        return tuple(self._read.values())

    def create(self, key: str, data: bytes) -> None:
        self._create(key, data, self._store)

    def create_locked(self, key: str, data: bytes, days: int) -> None:
        store = self._store
        if not self._address.url.startswith("s3:"):
            self._create(key, data, store)
        else:
            locked = self._open_store({**self._owner_headers, **connect.lock_headers(days)})
            self._create(key, data, locked, instead=store)

    def _create(self, key: str, data: bytes, store: "ObjectStore", instead: "ObjectStore | None" = None) -> None:
        """Create the object, with the settings of `instead` if those of `store` are refused."""
        import obstore
        from obstore.exceptions import AlreadyExistsError as Exists

        put = partial(obstore.put, path=key, file=data, mode="create", use_multipart=False)

        def put_either() -> None:
            try:
                put(store)
            except Exists:
                raise
            except Exception as error:
                if instead is None or classify_error(str(error)) not in REFUSED_HEADER_KINDS:
                    raise
                put(instead)

        try:
            self._call_with_retries("written", put_either)
        except Exists as error:
            raise AlreadyExistsError(key) from error

    def read(self, key: str) -> bytes | None:
        if key not in self._read:
            data = self._ahead.take_answer(key, partial(self._fetch_object, key))
            if data is None:
                return None
            self._read[key] = data
        return self._read[key]

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        if len(keys) < MIN_PARALLEL or self._address.url.startswith("file:"):
            return [self.read(key) for key in keys]
        return map_in_threads(self.read, keys, READ_THREADS)

    def _fetch_object(self, key: str) -> bytes | None:
        if self._is_missing_folder:
            return None
        import obstore

        store = self._store
        self._check_file(key)
        try:
            return self._call_with_retries("read", lambda: bytes(obstore.get(store, key).bytes()))
        except FileNotFoundError:
            return None

    def _check_file(self, key: str) -> None:
        """Raise OperationFailedError for a special file at the key: reading it might block forever."""
        if split_url(self._address.url).scheme != "file":
            return
        try:
            require_file(connect.store_folder(self.project, self._address.url) / key)
        except (NotAFileError, IsADirectoryError) as error:
            message = f"the store {self._address.url} can't be read: {key}: {error.strerror}"
            hint = "restore it from a backup of the store"
            raise OperationFailedError(Problem("E404", message, hint)) from error
        except OSError:
            # Missing, or reported by the read itself.
            return

    @contextmanager
    def prefetch(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> Iterator[None]:
        if self._address.url.startswith("file:"):
            yield
            return
        # Open both before the threads start.
        _ = self._store, self._ownerless_store
        questions: dict[object, Callable[[], object]] = {each: partial(self._fetch_keys, *each) for each in lists}
        questions |= {key: partial(self._fetch_object, key) for key in keys if key not in self._read}
        with self._ahead.prefetch(questions):
            yield

    def prefetch_time(self, delay: float = 0.0) -> None:
        self._clock.prefetch(delay)

    def now(self) -> datetime | None:
        return self._clock.now()

    def _ask_time(self) -> datetime | None:
        address = self._address
        if not address.url.startswith("s3:"):
            return read_folder_time(connect.store_folder(self.project, address.url))
        aws = f"https://s3.{address.region}.amazonaws.com{'.cn' if address.region.startswith('cn-') else ''}/"
        return read_server_time(address.endpoint or aws, self.client_options())

    def last_modified(self, key: str) -> datetime | None:
        if self._is_missing_folder:
            return None
        import obstore

        store = self._store
        try:
            return self._call_with_retries("read", lambda: obstore.head(store, key)["last_modified"])
        except FileNotFoundError:
            return None

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        return self._ahead.take_answer((prefix, after), partial(self._fetch_keys, prefix, after))

    def read_older_versions(self, prefix: str, after: str) -> Mapping[str, Sequence[bytes]]:
        parts = split_url(self._address.url)
        if parts.scheme != "s3":
            return {}
        folder = f"{parts.path.strip('/')}/".removeprefix("/")
        found = self.find_versions(parts.netloc, f"{folder}{prefix}", f"{folder}{after}")
        return {key.removeprefix(folder): versions for key, versions in found.items()}

    def _fetch_keys(self, prefix: str, after: str) -> list[str]:
        return sorted(self._list_objects(prefix, after))

    def list_times(self, prefix: str) -> Mapping[str, datetime]:
        return self._list_objects(prefix)

    def _list_objects(self, prefix: str, after: str = "") -> dict[str, datetime]:
        if self._is_missing_folder:
            return {}
        import obstore

        store = self._ownerless_store
        list_pages = partial(obstore.list, store, prefix=prefix.rstrip("/"), offset=after or None)
        try:
            return self._call_with_retries(
                "listed", lambda: {i["path"]: i["last_modified"] for page in list_pages() for i in page}
            )
        except FileNotFoundError:
            return {}

    def _call_with_retries(self, verb: str, act: Callable[[], T]) -> T:
        """Call `act`, retrying lost and busy responses. Existing and missing objects raise obstore's own errors, all
        others OperationFailedError or, for a write with unknown outcome, LostResponseError.
        """
        from obstore.exceptions import AlreadyExistsError as Exists

        doubtful, is_quick = False, self._address.url.startswith("file:")
        for last in self._iterate_tries():
            try:
                # A write goes on to its end: what became of it must be known.
                return act() if is_quick or verb == "written" else await_call(act)
            except Exception as error:
                kind = classify_error(str(error))
                if isinstance(error, FileNotFoundError) and kind is not ErrorKind.NO_BUCKET:
                    raise
                if isinstance(error, Exists) and kind is not ErrorKind.BUSY:
                    raise
                doubtful = doubtful or kind not in REFUSED_KINDS or s3_errors.was_retried(str(error))
                if last or kind not in RETRIABLE_KINDS:
                    raise self._to_error(verb, error, doubtful=doubtful) from error
        raise AssertionError("the last try gives or raises something")

    def _iterate_tries(self) -> Iterator[bool]:
        """Yield once for each try, True for the last one, with growing jittered pauses between them."""
        patience, begun = self.patience, time.monotonic()
        for number in range(1, patience.tries + 1):
            last = number == patience.tries or time.monotonic() - begun > patience.overall
            yield last
            time.sleep(random.uniform(0, patience.pause * 2**number))  # noqa: S311 (no secret)

    def _to_error(self, verb: str, error: Exception, *, doubtful: bool = False) -> OperationFailedError:
        text, address = str(error), self._address
        kind = classify_error(text)
        bucket = split_url(address.url).netloc
        # S3 refuses for another owner too, without naming that as the reason.
        if kind is ErrorKind.DENIED and address.owner and self.is_anothers(bucket, address.owner):
            message = f"the store {address.url} can't be {verb}: its bucket belongs to another account, not to"
            hint = "correct url or account_id in [store]; no data was sent"
            problem = Problem("E454", f"{message} {address.owner}", hint)
        else:
            found = s3_errors.extract_region(text)
            if kind is ErrorKind.ELSEWHERE and not found:
                found = self.region_of(bucket)
            place = {"url": address.url, "region": address.region, "found": found}
            problem = failures.describe_failure(kind, text, verb=verb, **place)
        if verb != "written":
            return OperationFailedError(problem)
        if doubtful:
            return LostResponseError(problem)
        return OperationFailedError(Problem(problem.code, problem.message, f"{NOTHING_RECORDED}; {problem.hint}"))


@dataclass(eq=False, repr=False)
class Prefetcher:
    """Prefetched results by request. Errors are raised at the time of use."""

    at_once: int
    _answers: dict[object, Future[Any]] = field(default_factory=dict, init=False)

    @contextmanager
    def prefetch(self, questions: Mapping[object, Callable[[], object]]) -> Iterator[None]:
        """Fetch these requests in parallel. Unused results are dropped at the end of the block."""
        pool = ThreadPoolExecutor(self.at_once)
        begun = {question: pool.submit(ask) for question, ask in questions.items() if question not in self._answers}
        self._answers |= begun
        try:
            yield
        finally:
            for question in begun:
                self._answers.pop(question, None)
            pool.shutdown(wait=False, cancel_futures=True)

    def take_answer(self, question: object, ask: Callable[[], T]) -> T:
        """Take the prefetched result once, or fetch it now."""
        answer = self._answers.pop(question, None)
        return ask() if answer is None else answer.result()
