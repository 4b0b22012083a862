"""Another AWS-compatible endpoint in place of the moto inside: here, a moto server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_api_emulator.endpoint_cloud import EndpointCloud
from aws_api_emulator.exchange import Request
from tests.conftest import DEV, REGION
from tests.process import RunningServer


@pytest.fixture
def endpoint_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_endpoint_ignores_local_profiles(endpoint_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[default\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nope")
    EndpointCloud(endpoint_url).create_bucket("relayed", REGION, DEV)


def test_closed_endpoint_connection_is_reopened(shared: RunningServer) -> None:
    cloud = EndpointCloud(shared.proxy_url)
    # This path makes the server close the connection after its answer.
    refused = Request("GET", "https", "rebound.example.com", "/", [], b"")
    assert [cloud.answer_request(refused).status for _ in range(2)] == ["403 Forbidden"] * 2
    cloud.close()
