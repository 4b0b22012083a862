"""One sandbox, and one proxy that fails on purpose in front of it, for all tests here."""

from collections.abc import Iterator

import pytest
from aws_api_emulator.endpoint_cloud import EndpointCloud

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests.contract.stores import BUCKET
from tests.faults.emulator import start_ministack
from tests.faults.faults import no_fault
from tests.faults.proxy import FaultyProxy


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.start(buckets=[BUCKET])
    server.stop()


@pytest.fixture(scope="session")
def one_proxy(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyProxy]:
    with FaultyProxy(sandbox, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def other_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 that isn't moto's, reached by AWS's own variable for another endpoint."""
    with start_ministack(tmp_path_factory.mktemp("ministack")) as url:
        EndpointCloud(url).create_bucket(BUCKET.name, BUCKET.region, BUCKET.account_id)
        yield url


@pytest.fixture
def proxy(one_proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """It takes everything for AWS, and lets everything pass, until it is given another plan."""
    for name, value in one_proxy.build_environment().items():
        monkeypatch.setenv(name, value)
    one_proxy.asked.clear()
    yield one_proxy
    one_proxy.plan = no_fault
    one_proxy.release_hung()
