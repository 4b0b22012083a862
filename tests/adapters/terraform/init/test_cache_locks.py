"""Locks on a plugin cache, between threads: each opens its file anew, as another process would."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envctl.adapters.terraform.init.cache_locks import WHOLE_CACHE, CacheLocks, LockRequest
from envctl.domain.errors import InterruptedByUserError, LockHeldError

AWS = "registry.terraform.io/hashicorp/aws 6.1.0"
RANDOM = "registry.terraform.io/hashicorp/random 3.0.0"
SECONDS = 10


def locks(
    folder: Path, said: list[str], stopping: Callable[[], bool] = lambda: False, tell: float = 60, give_up: float = 60
) -> CacheLocks:
    return CacheLocks(folder, said.append, stopping, (tell, give_up))


@contextmanager
def held(folder: Path, *wishes: LockRequest) -> Iterator[None]:
    """By somebody else."""
    taken, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with locks(folder, []).hold_locks(wishes, "stack network of dev"):
            taken.set()
            enough.wait(SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(SECONDS)
    try:
        yield
    finally:
        enough.set()
        thread.join()


def take(some: CacheLocks, *wishes: LockRequest) -> None:
    with some.hold_locks(wishes, "stack web of dev"):
        pass


def free(folder: Path, *wishes: LockRequest) -> bool:
    try:
        take(locks(folder, [], give_up=0.05), *wishes)
    except LockHeldError:
        return False
    return True


@pytest.mark.parametrize(
    ("theirs", "mine", "fits"),
    [
        (LockRequest(AWS, exclusive=True), LockRequest(AWS, exclusive=True), False),
        (LockRequest(AWS, exclusive=True), LockRequest(AWS, exclusive=False), False),
        (LockRequest(AWS, exclusive=False), LockRequest(AWS, exclusive=True), False),
        (LockRequest(AWS, exclusive=False), LockRequest(AWS, exclusive=False), True),
        (LockRequest(AWS, exclusive=True), LockRequest(RANDOM, exclusive=True), True),
        (LockRequest(WHOLE_CACHE, exclusive=True), LockRequest(WHOLE_CACHE, exclusive=False), False),
    ],
    ids=[
        "two fetch the same",
        "one fetches what another uses",
        "one uses what another fetches",
        "two use the same",
        "two fetch different ones",
        "one fetches it knows not what",
    ],
)
def test_lock_requests_conflict(theirs: LockRequest, mine: LockRequest, fits: bool, tmp_path: Path) -> None:
    with held(tmp_path, theirs):
        assert free(tmp_path, mine) is fits
    assert free(tmp_path, mine)


def test_long_wait_is_reported_once_with_lock_holder(tmp_path: Path) -> None:
    said: list[str] = []
    with held(tmp_path, LockRequest(AWS, exclusive=True)), pytest.raises(LockHeldError) as raised:
        take(locks(tmp_path, said, tell=0.02, give_up=0.3), LockRequest(AWS, exclusive=True))
    (told,) = said
    assert told.startswith("stack web of dev waits for provider hashicorp/aws 6.1.0: stack network of dev (process ")
    (problem,) = raised.value.problems
    assert problem.code == "E345"
    assert "stack web of dev waited too long for provider hashicorp/aws 6.1.0" in problem.message


def test_shared_lock_leaves_no_holder_name(tmp_path: Path) -> None:
    said: list[str] = []
    with held(tmp_path, LockRequest(WHOLE_CACHE, exclusive=True)):
        pass
    with held(tmp_path, LockRequest(WHOLE_CACHE, exclusive=False)), pytest.raises(LockHeldError):
        take(locks(tmp_path, said, tell=0.02, give_up=0.2), LockRequest(WHOLE_CACHE, exclusive=True))
    assert said == ["stack web of dev waits for the providers: another envctl is using it"]


def test_failed_lock_attempt_keeps_the_holder_name(tmp_path: Path) -> None:
    with held(tmp_path, LockRequest(AWS, exclusive=True)):
        assert not free(tmp_path, LockRequest(AWS, exclusive=True))
        names = [file.read_text() for file in tmp_path.iterdir()]
        assert "stack network of dev" in "".join(names)


def test_interruption_ends_the_wait(tmp_path: Path) -> None:
    with held(tmp_path, LockRequest(AWS, exclusive=True)), pytest.raises(InterruptedByUserError):
        take(locks(tmp_path, [], stopping=lambda: True), LockRequest(AWS, exclusive=True))


def test_locks_are_taken_in_a_fixed_order(tmp_path: Path) -> None:
    """Twenty times each: they would wait for each other sooner or later."""
    wishes = [
        LockRequest(AWS, exclusive=True),
        LockRequest(RANDOM, exclusive=True),
        LockRequest(WHOLE_CACHE, exclusive=False),
    ]
    done = []

    def work(own: list[LockRequest]) -> None:
        for _ in range(20):
            with locks(tmp_path, []).hold_locks(own, "me"):
                time.sleep(0.0005)
        done.append(own)

    threads = [threading.Thread(target=work, args=(own,), daemon=True) for own in (wishes, wishes[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(done) == len(threads)


def test_unwritable_folder_needs_no_locks() -> None:
    take(locks(Path("/sys/kernel/envctl"), []), LockRequest(AWS, exclusive=True))
