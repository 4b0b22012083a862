"""One sandbox, and one proxy that fails on purpose in front of it, for all tests here."""

from collections.abc import Iterator

import pytest

from envctl.adapters.sandbox.endpoint_cloud import EndpointCloud
from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests.contract.stores import BUCKET
from tests.faults.emulator import ministack
from tests.faults.faults import nothing
from tests.faults.proxy import FaultyProxy


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.up(buckets=[BUCKET])
    server.down()


@pytest.fixture(scope="session")
def one_proxy(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyProxy]:
    with FaultyProxy(sandbox, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def other_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 that isn't moto's, reached by AWS's own variable for another endpoint."""
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        EndpointCloud(url).make_bucket(BUCKET.name, BUCKET.region, BUCKET.account_id)
        yield url


@pytest.fixture
def proxy(one_proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """It takes everything for AWS, and lets everything pass, until it is given another plan."""
    for name, value in one_proxy.environment().items():
        monkeypatch.setenv(name, value)
    one_proxy.asked.clear()
    yield one_proxy
    one_proxy.plan = nothing
    one_proxy.let_go()
