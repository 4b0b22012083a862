"""One sandbox for all tests that only use it; tests of starting and stopping make their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox import launch
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.adapters.sandbox.mirror import provider_folder
from tests import warm_sandbox

HERE = Path(__file__).parent
REGION = "ap-northeast-1"
DEV, PROD = "111111111111", "333333333333"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(autouse=True)
def ordinary_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each server as users do."""
    monkeypatch.setattr(launch, "_spawn_server", warm_sandbox.SPAWN_ORDINARILY)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return with_tiny_mirror(tmp_path / "project" / ".envctl" / "sandbox")


@pytest.fixture
def sandbox(directory: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(directory)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    sandbox = Sandbox(with_tiny_mirror(tmp_path_factory.mktemp("shared") / "sandbox"))
    yield sandbox.start(buckets=[Bucket("shop-dev", REGION, DEV), Bucket("shop-prod", REGION, PROD)])
    sandbox.stop()


def with_tiny_mirror(directory: Path) -> Path:
    """A provider that stands there already is not unpacked: 177 MB are for the tests that run it."""
    folder = provider_folder(directory / "mirror")
    folder.mkdir(parents=True)
    (folder / "terraform-provider-aws").write_text("")
    return directory
