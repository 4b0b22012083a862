"""A server that speaks S3 and ignores `If-None-Match` gets no entry: it is found before the first one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aws_api_emulator.exchange import Request, Response

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ledger.ledger_store import ENTRY_FOLDER, MARKER_KEY, StoreMarker, decode_marker
from tests.contract.stores import as_surroundings_say, on_disk, somewhere
from tests.contract.test_appends import Person, reasons
from tests.faults.proxy import FaultyProxy


class Ignorant(FaultyProxy):
    """Passes everything on but the header on which the ledger rests."""

    def forward_request(self, request: Request) -> Response:
        kept = [(name, value) for name, value in request.headers if name.lower() != "if-none-match"]
        return super().forward_request(replace(request, headers=kept))


@pytest.fixture
def ignorant(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    with Ignorant(sandbox, tmp_path / "proxy") as proxy:
        for name, value in proxy.build_environment().items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.mark.sandbox
def test_s3_ignoring_if_none_match_gets_no_entry(ignorant: FaultyProxy) -> None:
    address = somewhere()
    for _ in range(2):
        with pytest.raises(OperationFailedError, match="E426 the store ignores If-None-Match"):
            Person(as_surroundings_say(address)).append("never")
    store = as_surroundings_say(address)
    assert store.list_keys(ENTRY_FOLDER) == []
    assert store.read(MARKER_KEY) is None


@pytest.mark.sandbox
def test_honoring_s3_is_probed_once(proxy: FaultyProxy) -> None:
    address = somewhere()
    Person(as_surroundings_say(address)).append("first")
    marker = as_surroundings_say(address).read(MARKER_KEY)
    assert marker is not None
    assert decode_marker(marker) == StoreMarker("shop")
    proxy.asked.clear()
    Person(as_surroundings_say(address)).append("second")
    puts = [request.target for request, _ in proxy.asked if request.method == "PUT"]
    assert len(puts) == 1
    assert puts[0].endswith("0000000002.json")
    assert reasons(as_surroundings_say(address)) == ["second", "first"]


def test_folder_is_tried_before_its_first_entry(tmp_path: Path) -> None:
    Person(on_disk(tmp_path)).append("first")
    assert {path.name for path in (tmp_path / ".envctl" / "store").iterdir()} == {"ledger", "probe", "project.json"}
