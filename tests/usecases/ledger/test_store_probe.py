"""The probe of the store: who honours create-only passes, and who does not is refused with the reason."""

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.usecases.ledger.ledger_store import PROBE_KEY, is_probed, read_probe, require_create_only
from envctl.usecases.ports.core import AlreadyExistsError
from tests.fakes.overwritable import Forgetful, Lying
from tests.fakes.store import MemoryStore
from tests.fakes.world import World

WAY = "envctl doctor --probe"


class Retrying(MemoryStore):
    """Loses its first answer after writing, and so says no to the same content."""

    def create(self, key: str, data: bytes) -> None:
        known = key in self.content
        super().create(key, data)
        if not known:
            raise AlreadyExistsError(key)


def test_probe_object_is_written_only_once(world: World) -> None:
    assert not is_probed(world.ports)
    assert require_create_only(world.ports).verdict == "good"
    before = dict(world.store.content)
    assert list(before) == [PROBE_KEY]
    assert require_create_only(world.ports).verdict == "good"
    assert world.store.content == before
    assert is_probed(world.ports)


def test_lost_response_does_not_fail_the_probe(world: World) -> None:
    world.store = Retrying()
    assert require_create_only(world.ports).verdict == "good"


@pytest.mark.parametrize("store", [Forgetful(), Lying()], ids=["silent", "lying"])
def test_overwritable_store_is_refused(world: World, store: MemoryStore) -> None:
    world.store = store
    with pytest.raises(OperationFailedError, match="E426 the store ignores If-None-Match"):
        require_create_only(world.ports)
    with pytest.raises(OperationFailedError, match="E426"):
        require_create_only(world.ports)


def test_read_only_probe_shows_result_of_earlier_probe(world: World) -> None:
    assert (read_probe(world.ports, WAY).verdict, read_probe(world.ports, WAY).mend) == ("unseen", WAY)
    assert world.store.content == {}
    require_create_only(world.ports)
    found = read_probe(world.ports, WAY)
    assert (found.verdict, found.mend) == ("good", "")
    assert "2026-11-25 08:00 UTC" in found.seen


def test_read_only_probe_shows_an_overwritten_object(world: World) -> None:
    world.store = Forgetful()
    with pytest.raises(OperationFailedError):
        require_create_only(world.ports)
    assert (read_probe(world.ports, WAY).verdict, read_probe(world.ports, WAY).mend) == ("bad", WAY)
    # The server was mended since, and what lies there can't be taken away.
    world.store = MemoryStore(world.store.content)
    assert require_create_only(world.ports).verdict == "good"
