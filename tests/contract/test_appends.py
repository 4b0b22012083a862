"""Fifty at once append to one ledger, over a network that loses one answer in five."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aws_api_emulator.exchange import Request

from envctl.adapters.local.machine import FileHeadCache, RandomNonces
from envctl.adapters.store.object_store import StoreAddress
from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.events import EnvironmentLocked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Store
from tests import warm
from tests.contract.stores import STUBBORN, as_surroundings_say, on_disk, somewhere
from tests.fakes.world import World
from tests.faults.faults import (
    Dropped,
    ErrorResponse,
    Fault,
    LostResponse,
    fail_every,
    fail_randomly,
    is_any,
    is_write,
    no_fault,
)
from tests.faults.proxy import FaultyProxy

REPOSITORY = Path(__file__).parents[2]
AT_ONCE, BY_DAY = 50, 8
WITHOUT_ANSWER = ErrorResponse(500, "InternalError", "done all the same", done=True)


class Person(World):
    """On a machine of their own, with a store of their own."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store  # type: ignore[assignment]
        self.nonces = RandomNonces()  # type: ignore[assignment]

    def append(self, reason: str) -> None:
        journal.append(self.ports, locked(reason))


def locked(reason: str) -> Callable[[LedgerState], Event]:
    return lambda _: EnvironmentLocked("dev", reason)


def reasons(store: Store) -> list[str]:
    """Of the whole chain, which has to hold."""
    reader = Person(store)
    journal.verify_ledger(reader.ports)
    return [e.event.reason for e in journal.read_newest_first(reader.ports) if isinstance(e.event, EnvironmentLocked)]


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [LostResponse(), WITHOUT_ANSWER, Dropped()], ids=["answers get lost", "500 though done", "dropped before"]
)
@pytest.mark.parametrize("size", [BY_DAY, pytest.param(AT_ONCE, marks=pytest.mark.night)])
def test_concurrent_appends_lose_and_double_nothing(proxy: FaultyProxy, fault: Fault, size: int) -> None:
    address = somewhere()
    proxy.plan = fail_randomly(0.2, fault, is_any, seed=5)
    people = [Person(as_surroundings_say(address, STUBBORN)) for _ in range(size)]
    with ThreadPoolExecutor(size) as pool:
        list(pool.map(lambda number: people[number].append(f"{number}"), range(size)))
    hit = sum(1 for request, met in proxy.asked if met and is_write(request))
    assert hit > size / 5, "the network was too good to prove anything"
    proxy.plan = no_fault
    assert Counter(reasons(as_surroundings_say(address))) == Counter(f"{number}" for number in range(size))


@pytest.mark.sandbox
@pytest.mark.parametrize("number", range(1, 6))
def test_any_lost_response_to_one_writer_is_tolerated(proxy: FaultyProxy, number: int) -> None:
    address = somewhere()
    person = Person(as_surroundings_say(address, STUBBORN))
    proxy.plan = fail_every(number, LostResponse())
    if number == 1:
        # All of them: nothing can be known any more.
        with pytest.raises(OperationFailedError):
            person.append("never")
        return
    for count in range(5):
        person.append(f"{count}")
    proxy.plan = no_fault
    assert reasons(as_surroundings_say(address)) == ["4", "3", "2", "1", "0"]


@pytest.mark.sandbox
def test_append_to_silent_s3_is_reported_as_unknown(proxy: FaultyProxy) -> None:
    address = somewhere()
    Person(as_surroundings_say(address)).append("before")
    written: list[Request] = []

    def plan(request: Request) -> Fault | None:
        """From the first write on there is no answer to anything."""
        if is_write(request):
            written.append(request)
        return LostResponse() if written else None

    proxy.plan = plan
    with pytest.raises(OperationFailedError, match="E459"):
        Person(as_surroundings_say(address)).append("maybe")
    proxy.plan = no_fault
    assert reasons(as_surroundings_say(address)) == ["maybe", "before"]


def run_together(code: str, words: Sequence[Sequence[str]]) -> "list[subprocess.CompletedProcess[str]]":
    """Run code in a process for each list of words, all at the same time."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    environment = {**own, "LANG": "C.UTF-8"}
    with ThreadPoolExecutor(len(words)) as pool:
        return list(pool.map(lambda each: warm.run_code(code, each, REPOSITORY, environment, 120), words))


APPEND = """
import sys
from pathlib import Path
from tests.contract.stores import on_disk
from tests.contract.test_appends import Person
for number in range(5):
    Person(on_disk(Path(sys.argv[1]))).append(f"{sys.argv[2]} {number}")
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [3, pytest.param(10, marks=pytest.mark.night)])
def test_many_processes_on_one_disk_lose_nothing(tmp_path: Path, processes: int) -> None:
    ended = run_together(APPEND, [[str(tmp_path), str(number)] for number in range(processes)])
    assert [each.stderr for each in ended if each.returncode] == []
    expected = Counter(f"{who} {number}" for who in range(processes) for number in range(5))
    assert Counter(reasons(on_disk(tmp_path))) == expected


@pytest.mark.slow
def test_fifty_threads_on_one_disk_lose_nothing(tmp_path: Path) -> None:
    people = [Person(on_disk(tmp_path)) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: people[number].append(f"{number}"), range(AT_ONCE)))
    assert Counter(reasons(on_disk(tmp_path))) == Counter(f"{number}" for number in range(AT_ONCE))


IN_ONE_CLONE = """
import sys
from pathlib import Path
from envctl.adapters.local.machine import FileHeadCache
from envctl.usecases.ledger import journal
from tests.contract.stores import as_surroundings_say, on_disk
from tests.contract.test_appends import Person, locked
from envctl.adapters.store.object_store import StoreAddress
from envctl.domain.errors import EnvctlError
clone, url, who = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for number in range(int(sys.argv[4])):
    store = as_surroundings_say(StoreAddress(url, sys.argv[5])) if url else on_disk(clone)
    person = Person(store)
    person.head_cache = FileHeadCache(clone / "witness.json", lambda: url)
    try:
        person.append(f"{who} {number}")
        journal.load(person.ports)
    except EnvctlError as error:
        sys.exit(str(error))
"""


def _appends_in_one_clone(clone: Path, address: StoreAddress | None, processes: int, times: int) -> list[str]:
    """What each process said last; nothing where all went well."""
    url, region = (address.url, address.region) if address else ("", "")
    words = [[str(clone), url, str(number), str(times), region] for number in range(processes)]
    return [each.stderr for each in run_together(IN_ONE_CLONE, words) if each.stderr]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [3, pytest.param(8, marks=pytest.mark.night)])
def test_concurrent_commands_in_one_clone_keep_the_ledger(tmp_path: Path, processes: int) -> None:
    assert _appends_in_one_clone(tmp_path, None, processes, times=15) == []
    assert len(reasons(on_disk(tmp_path))) == processes * 15
    witness = FileHeadCache(tmp_path / "witness.json", lambda: "")
    assert (witness.load_head() or (0, ""))[0] == processes * 15


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, pytest.param(4, marks=pytest.mark.night)])
def test_concurrent_commands_in_one_clone_keep_s3_ledger(proxy: FaultyProxy, tmp_path: Path, processes: int) -> None:
    proxy.plan, address = no_fault, somewhere()
    assert _appends_in_one_clone(tmp_path, address, processes, times=5) == []
    assert len(reasons(as_surroundings_say(address))) == processes * 5
