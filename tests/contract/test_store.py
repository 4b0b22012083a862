"""One suite for every store: the fake of the tests, a folder, and S3 in the sandbox."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.adapters.store import connect
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.ledger.entries import TOLERANCE
from envctl.usecases.ports.core import AlreadyExistsError, Store
from tests.catching import catch
from tests.contract.stores import BUCKET, STUBBORN, as_surroundings_say, in_s3, on_disk, somewhere
from tests.fakes.store import MemoryStore
from tests.faults.faults import (
    CONFLICT,
    DENIED,
    FAILED,
    THROTTLED,
    Delayed,
    Dropped,
    FaultPlan,
    LostResponse,
    TruncatedResponse,
    fail_always,
    fail_randomly,
    is_list,
    is_read,
    is_write,
)
from tests.faults.proxy import FaultyProxy

AT_ONCE = 20


STORES = {
    "memory": pytest.param("memory", id="in memory"),
    "disk": pytest.param("disk", id="on disk"),
    "s3": pytest.param("s3", id="in S3", marks=pytest.mark.sandbox),
    "other": pytest.param("other", id="in the S3 of another emulator", marks=[pytest.mark.sandbox, pytest.mark.slow]),
    "bad day": pytest.param("bad day", id="in S3 on a bad day", marks=pytest.mark.sandbox),
}


@pytest.fixture(params=STORES.values())
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    match request.param:
        case "memory":
            return MemoryStore()
        case "disk":
            return on_disk(tmp_path)
        case "other":
            url: str = request.getfixturevalue("other_emulator")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", BUCKET.account_id)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
            return as_surroundings_say(somewhere(endpoint=connect.find_endpoint(os.environ)), connect.DEFAULT_POLICY)
        case "bad day":
            proxy: FaultyProxy = request.getfixturevalue("proxy")
            proxy.plan = bad_day()
            return as_surroundings_say(somewhere(), STUBBORN)
        case _:
            return in_s3(request.getfixturevalue("sandbox"), tmp_path, monkeypatch)


def bad_day() -> FaultPlan:
    """Whatever can happen without the answer to a write getting lost: that is another contract."""
    plans = (
        fail_randomly(0.05, FAILED, seed=1),
        fail_randomly(0.05, THROTTLED, seed=2),
        fail_randomly(0.05, Dropped(), seed=3),
        fail_randomly(0.05, Delayed(0.05), seed=4),
        fail_randomly(0.1, LostResponse(), is_read, seed=5),
        fail_randomly(0.1, TruncatedResponse(), is_read, seed=6),
        fail_randomly(0.1, TruncatedResponse(), is_list, seed=7),
        fail_randomly(0.05, CONFLICT, is_write, seed=8),
    )
    return lambda request: next((fault for plan in plans if (fault := plan(request))), None)


def test_created_object_is_read(store: Store) -> None:
    store.create("ledger/0000000001.json", b"one")
    assert store.read("ledger/0000000001.json") == b"one"


def test_missing_object_reads_as_none(store: Store) -> None:
    assert store.read("ledger/0000000001.json") is None
    assert store.list_keys("ledger/") == []
    store.create("ledger/0000000001.json", b"one")
    assert store.read("ledger/0000000002.json") is None


def test_object_is_created_only_once(store: Store) -> None:
    store.create("releases/a.tar", b"first")
    for content in (b"first", b"second", b""):
        with pytest.raises(AlreadyExistsError):
            store.create("releases/a.tar", content)
    assert (store.read("releases/a.tar"), store.list_keys("releases/")) == (b"first", ["releases/a.tar"])


def test_object_with_own_lock_is_created_only_once(store: Store) -> None:
    """Also in buckets and folders without locks."""
    store.create_locked("readings/a.json", b"first", 400)
    for create in (partial(store.create_locked, days=400), store.create):
        with pytest.raises(AlreadyExistsError):
            create("readings/a.json", b"second")
    assert store.read("readings/a.json") == b"first"


def test_one_of_many_concurrent_creates_wins(store: Store) -> None:
    def create(number: int) -> bool:
        try:
            store.create("ledger/0000000001.json", b"%d" % number * 1000)
        except AlreadyExistsError:
            return False
        return True

    if isinstance(store, MemoryStore):
        won = [create(number) for number in range(AT_ONCE)]
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            won = list(pool.map(create, range(AT_ONCE)))
    assert won.count(True) == 1
    assert store.read("ledger/0000000001.json") == b"%d" % won.index(True) * 1000


def test_keys_are_listed_sorted_by_folder_and_start(store: Store) -> None:
    for key in ("ledger/0000000010.json", "ledger/0000000002.json", "releases/x.tar", "ledger/0000000001.json"):
        store.create(key, b"")
    store.create("ledgers/not-in-the-folder", b"")
    numbers = [f"ledger/{number:010d}.json" for number in (1, 2, 10)]
    assert store.list_keys("ledger/") == numbers
    assert store.list_keys("ledger/", after=numbers[0]) == numbers[1:]
    assert store.list_keys("ledger/", after="ledger/0000000003.json") == numbers[2:]
    assert store.list_keys("ledger/", after=numbers[-1]) == []
    assert (store.list_keys("releases/"), store.list_keys("checkpoints/")) == (["releases/x.tar"], [])


# By day the emulator of S3 that takes a thousand objects quickly.
@pytest.mark.parametrize(
    "store",
    [
        *(STORES[name] for name in ("memory", "disk", "other")),
        *(
            pytest.param(name, id=STORES[name].id, marks=[pytest.mark.sandbox, pytest.mark.night])
            for name in ("s3", "bad day")
        ),
    ],
    indirect=True,
)
def test_keys_beyond_one_page_are_listed(store: Store) -> None:
    many = 1100
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.create(f"ledger/{number:010d}.json", b""), range(many)))
    assert len(store.list_keys("ledger/")) == many
    assert len(store.list_keys("ledger/", after="ledger/0000000049.json")) == many - 50


def test_prefetched_reads_equal_direct_reads(store: Store) -> None:
    store.create("a/1", b"one")
    with store.prefetch(["a/1", "a/2"], [("a/", ""), ("b/", "b/1")]):
        assert store.read("a/1") == b"one"
        assert store.read("a/2") is None
        assert (store.read_all(["a/1", "a/2"]), store.list_keys("a/")) == ([b"one", None], ["a/1"])
        assert (store.list_keys("b/", after="b/1"), store.list_keys("b/")) == ([], [])


def test_prefetches_can_be_nested(store: Store) -> None:
    store.create("a/1", b"one")
    store.create("b/1", b"two")
    with store.prefetch(["a/1", "a/\ufffd\n"], [("a/", "")]):
        with store.prefetch(["b/1", "a/1"], [("b/", "")]):
            assert store.list_keys("b/") == ["b/1"]
        assert (store.read("a/1"), store.read("b/1"), store.list_keys("a/")) == (b"one", b"two", ["a/1"])


def test_prefetched_data_does_not_become_stale(store: Store) -> None:
    with store.prefetch(["a/1"], [("a/", "")]):
        assert store.read("a/1") is None
        assert store.list_keys("a/") == []
        store.create("a/1", b"one")
        assert (store.read("a/1"), store.list_keys("a/")) == (b"one", ["a/1"])
    with store.prefetch(["a/2"], [("a/", "a/1")]):
        pass
    store.create("a/2", b"two")
    assert (store.read("a/2"), store.list_keys("a/", after="a/1")) == (b"two", ["a/2"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_bytes_are_stored_unchanged(store: Store, data: bytes) -> None:
    key = f"releases/{uuid4().hex}.tar"
    store.create(key, data)
    assert store.read(key) == data


def test_large_content_is_stored_unchanged(store: Store) -> None:
    data = os.urandom(1 << 20) * 12
    store.create("releases/large.tar", data)
    assert store.read("releases/large.tar") == data


RACE = """
import sys, time
from pathlib import Path
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.usecases.ports.core import AlreadyExistsError
store = ObstoreStore(Path(sys.argv[1]), lambda: StoreAddress("file://store"), dict)
store.list_keys("ledger/")
print("ready", flush=True)
sys.stdin.readline()
won = 0
for number in range(50):
    try:
        store.create(f"ledger/{number:010d}.json", sys.argv[2].encode() * 5000)
        won += 1
    except AlreadyExistsError:
        pass
print(won)
"""


def test_one_of_many_processes_wins_each_entry(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, os.fspath(tmp_path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in "abcd"
    ]
    for racer in racers:
        assert racer.stdout and racer.stdout.readline() == b"ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    won = [int(racer.communicate()[0]) for racer in racers]
    assert sum(won) == 50
    store = ObstoreStore(tmp_path, lambda: StoreAddress("file://store"), dict)
    contents = [store.read(key) or b"" for key in store.list_keys("ledger/")]
    assert [len(set(content)) for content in contents] == [1] * 50
    assert {len(content) for content in contents} == {5000}


UNUSABLE: dict[str, Callable[[Store], object]] = {
    "created in": lambda store: store.create("ledger/1.json", b""),
    "read": lambda store: store.read("ledger/1.json"),
    "listed": lambda store: store.list_keys("ledger/"),
}


@pytest.mark.parametrize("act", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_store_folder_is_reported(tmp_path: Path, act: Callable[[Store], object]) -> None:
    (tmp_path / ".envctl").write_text("a file where a folder should be")
    _readable(catch(OperationFailedError, act, on_disk(tmp_path)))


def test_reading_makes_no_store_folder(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    assert (store.read("a"), store.list_keys(""), store.last_modified("a")) == (None, [], None)
    assert list(tmp_path.iterdir()) == []
    store.create("a", b"1")
    assert (store.read("a"), store.list_keys("")) == (b"1", ["a"])


def test_file_in_place_of_entry_folder_is_reported(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.create("ledger", b"a file where a folder should be")
    _readable(catch(OperationFailedError, store.create, "ledger/1.json", b""))


@pytest.mark.sandbox
@pytest.mark.parametrize("act", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_missing_bucket_is_reported(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Store], object]
) -> None:
    raised = catch(OperationFailedError, act, in_s3(sandbox, tmp_path, monkeypatch, "no-such-bucket"))
    _readable(raised, "E450")


@pytest.mark.parametrize("url", ["gs://bucket", "s3://", "memory://x"])
def test_invalid_store_url_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="E405"):
        ObstoreStore(tmp_path, lambda: StoreAddress(url), dict).read("x")


def test_absolute_store_path_is_outside_of_project(tmp_path: Path) -> None:
    ObstoreStore(tmp_path / "project", lambda: StoreAddress(f"file://{tmp_path}/store"), dict).create("a/b", b"1")
    assert (tmp_path / "store/a/b").read_bytes() == b"1"


def _readable(error: OperationFailedError, code: str = "E404") -> None:
    (problem,) = error.problems
    assert problem.code == code
    assert "the store " in problem.message
    assert "can't be" in problem.message
    assert "\n" not in problem.message
    assert "Debug source" not in problem.message
    assert len(problem.message) < 300


@pytest.mark.parametrize("place", ["disk", pytest.param("s3", marks=pytest.mark.sandbox)])
def test_store_reports_modification_time(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Here that is this machine's time. What is embedded sends no Date, as AWS does."""
    if place == "disk":
        store = on_disk(tmp_path)
    else:
        store = in_s3(request.getfixturevalue("sandbox"), tmp_path, request.getfixturevalue("monkeypatch"))
    store.create("a/1", b"one")
    told, written = store.now(), store.last_modified("a/1")
    assert written is not None
    assert abs(written - datetime.now(UTC)) <= TOLERANCE
    assert (told is None) == (place == "s3")
    assert told is None or abs(told - written) <= TOLERANCE
    assert store.last_modified("a/2") is None
    assert (list(store.list_times("a/")), list(store.list_times("b/"))) == (["a/1"], [])
    assert abs(store.list_times("a/")["a/1"] - written) < timedelta(seconds=1)


@pytest.mark.sandbox
@pytest.mark.parametrize("delay", [0.0, 3600.0])
def test_store_reports_its_time_in_any_response(proxy: FaultyProxy, delay: float) -> None:
    """Of a server that lets nobody in, too, through the proxy that the surroundings name."""
    proxy.plan = fail_always(DENIED)
    store = as_surroundings_say(somewhere())
    store.prefetch_time(delay)
    told = store.now()
    assert told is not None
    assert abs(told - datetime.now(UTC)) <= TOLERANCE
    assert [asked.method for asked, _ in proxy.asked] == ["HEAD"]
