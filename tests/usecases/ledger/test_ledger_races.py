"""Several commands of one clone read and append at once: none of them says of a whole ledger that it is broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.events import DeploymentFailed, DeploymentSucceeded, EnvironmentLocked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DEFAULT
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from tests.catching import catch
from tests.fakes.store import MemoryHeadCache, MemoryStore
from tests.fakes.world import World, list_entries


def locked(reason: str) -> Callable[[LedgerState], Event]:
    return lambda _: EnvironmentLocked("dev", reason)


@dataclass
class InterleavedStore(MemoryStore):
    """`meanwhile` says what happens, once each, right after something was asked of it: a read, or a list."""

    meanwhile: list[Callable[[], None] | None] = field(default_factory=list)

    def _lets_others_in(self) -> None:
        if self.meanwhile and (happens := self.meanwhile.pop(0)):
            happens()

    def read(self, key: str) -> bytes | None:
        found = super().read(key)
        self._lets_others_in()
        return found

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        found = super().list_keys(prefix, after)
        self._lets_others_in()
        return found


def clone_of_two() -> tuple[World, World, InterleavedStore]:
    """Two commands of one clone: the store and the witness are the same, and nothing else."""
    store, witness = InterleavedStore(), MemoryHeadCache()
    one, other = World(store=store, head_cache=witness), World(store=store, head_cache=witness)
    other.nonces.given = 1000
    return one, other, store


@pytest.mark.parametrize("asked", range(6))
def test_append_between_two_reads_breaks_no_ledger(asked: int) -> None:
    """Wherever the other command comes in, whatever this one has asked of the store by then."""
    one, other, store = clone_of_two()
    for number in range(3):
        journal.append(one.ports, locked(f"{number}"))
    store.meanwhile = [*[None] * asked, lambda: _append_twice(other)]
    assert journal.load(one.ports).seq in {3, 5}
    store.meanwhile = []
    assert journal.load(one.ports).seq in {3, 5}


def _append_twice(world: World) -> None:
    world.store.meanwhile = []  # type: ignore[attr-defined]
    journal.append(world.ports, locked("meanwhile"))
    journal.append(world.ports, locked("and once more"))


@given(st.lists(st.sampled_from(["nothing", "append"]), max_size=12), st.integers(0, 3))
def test_no_interleaving_makes_whole_ledger_unbelievable(script: list[str], before: int) -> None:
    one, other, store = clone_of_two()
    for number in range(before):
        journal.append(one.ports, locked(f"{number}"))
    busy = False

    def appends() -> None:
        nonlocal busy
        if not busy:
            busy = True
            journal.append(other.ports, locked("meanwhile"))
            busy = False

    store.meanwhile = [appends if step == "append" else None for step in script]
    journal.append(one.ports, locked("mine"))
    journal.verify_ledger(one.ports)
    store.meanwhile = []
    assert journal.verify_ledger(one.ports).seq == len(store.list_keys("ledger/")) > before


@dataclass
class TornList(MemoryStore):
    """A folder that is listed while files come into it: one is not in the list, and a later one is."""

    hidden: Iterator[str] = field(default_factory=lambda: iter(()))

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        left_out = next(self.hidden, "") if prefix == "ledger/" else ""
        return [key for key in super().list_keys(prefix, after) if key != left_out]


def test_torn_list_is_read_again() -> None:
    world = World(store=TornList())
    for number in range(3):
        journal.append(world.ports, locked(f"{number}"))
    world.store.hidden = iter(["ledger/0000000002.json"])  # type: ignore[attr-defined]
    assert journal.load(world.ports).seq == 3
    world.store.hidden = iter(["ledger/0000000003.json"])  # type: ignore[attr-defined]
    assert journal.verify_ledger(world.ports).seq == 3


def test_ledger_cut_short_is_still_noticed() -> None:
    world = World()
    for number in range(3):
        journal.append(world.ports, locked(f"{number}"))
    del world.store.content["ledger/0000000003.json"]
    with pytest.raises(OperationFailedError, match=r"E401 .* this machine has seen 3 entries"):
        journal.load(world.ports)


def test_witness_never_goes_back() -> None:
    for order in permutations([1, 2, 3]):
        witness = MemoryHeadCache()
        for seq in order:
            witness.save_head(seq, f"head {seq}")
        assert witness.load_head() == (3, "head 3")


@dataclass
class SilentAtTheEnd(MemoryStore):
    """Answers nothing once `silent` counts down to it, for as many questions as `silences` says."""

    silences: int = 0
    error: BaseException = field(default_factory=lambda: OperationFailedError(Problem("E456", "no answer")))

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        if self.silences and prefix == "ledger/":
            self.silences -= 1
            raise self.error
        return super().list_keys(prefix, after)


def _falls_silent(world: World, silences: int) -> None:
    """From the moment on in which the last stack is applied."""
    applies = world.terraform.apply

    def apply_and_fall_silent(environment: str, stack: PreparedStack, *more: Any) -> None:
        applies(environment, stack, *more)
        if getattr(stack, "name", "") == "web":
            world.store.silences = silences  # type: ignore[attr-defined]

    world.terraform.apply = apply_and_fall_silent  # type: ignore[method-assign, assignment]


def test_applied_deployment_is_recorded_at_second_try() -> None:
    world = World(store=SilentAtTheEnd())
    _falls_silent(world, silences=1)
    apply(world.ports, "dev", DEFAULT)
    assert isinstance(list_entries(world)[-2].event, DeploymentSucceeded)


def test_applied_deployment_is_never_recorded_as_failed() -> None:
    world = World(store=SilentAtTheEnd())
    _falls_silent(world, silences=2)
    raised = catch(OperationFailedError, apply, world.ports, "dev", DEFAULT)
    assert [problem.code for problem in raised.problems] == ["E478", "E456"]
    assert "envctl recover dev" in raised.problems[0].hint
    assert not [entry for entry in list_entries(world) if isinstance(entry.event, DeploymentFailed)]
    unfinished = journal.load(world.ports).find_environment("dev").unfinished_deployment
    assert unfinished is not None
    recover(world.ports, "dev")
    assert apply(world.ports, "dev", DEFAULT).release == unfinished.release
    proof = journal.load(world.ports).find_environment("dev").current_evidence
    assert proof and proof.verified


def test_interrupt_after_last_change_leaves_success_recorded() -> None:
    world = World(store=SilentAtTheEnd(error=KeyboardInterrupt()))
    _falls_silent(world, silences=1)
    with pytest.raises(KeyboardInterrupt):
        apply(world.ports, "dev", DEFAULT)
    assert isinstance(list_entries(world)[-1].event, DeploymentSucceeded)
