import socket
from collections.abc import Iterator

import pytest

from tests.adapters.registry.oci import Registry

LOGIN = ("ann", "secret")
HASHED = "$2b$04$9ssTuSLy2Lvd.1MMKYSQqOkPmShha5NkOA4cKDyn/XO9.KCLXuwEK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("first"), free_port())
    registry.up()
    yield registry
    registry.down()


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One that wants a login."""
    registry = Registry(tmp_path_factory.mktemp("second"), free_port(), LOGIN, HASHED)
    registry.up()
    yield registry
    registry.down()
