"""TCP checks against real sockets on loopback: what counts as open, and when it is enough."""

import socket
import threading
from collections.abc import Iterator

import pytest

from envctl.adapters.checks.check_runner import LocalCheckRunner
from envctl.domain.config.checks.tcp import TcpProbe
from tests.adapters.checks.conftest import Time


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_open_port_passes(listener: socket.socket, prober: LocalCheckRunner) -> None:
    assert prober.run_check(TcpProbe("db", 1.0, "127.0.0.1", listener.getsockname()[1]), {}) == ""
    # The connection is closed at once: nothing is sent.
    connection, _ = listener.accept()
    with connection:
        assert connection.recv(1) == b""


def test_closed_port_fails_with_its_reason(closed_port: int, prober: LocalCheckRunner) -> None:
    found = prober.run_check(TcpProbe("db", 1.0, "127.0.0.1", closed_port), {})
    assert found == f"127.0.0.1 port {closed_port} can't be reached: connection refused (after 0 s)"


def test_unknown_host_fails_with_its_reason(prober: LocalCheckRunner) -> None:
    found = prober.run_check(TcpProbe("db", 1.0, "no-such-host.invalid", 5432), {})
    assert found == "no-such-host.invalid port 5432 can't be reached: not a host name (after 0 s)"


def test_silent_host_fails_after_its_time(prober: LocalCheckRunner) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # Nobody accepts: once the queue is full, the next connection is not answered.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        found = prober.run_check(TcpProbe("db", 0.3, *address), {})
        for each in waiting:
            each.close()
    assert found == f"127.0.0.1 port {address[1]} did not answer in time (after 0 s)"


def test_attempts_repeat_until_it_opens(closed_port: int, prober: LocalCheckRunner, time: Time) -> None:
    opened = threading.Event()
    usual = time.sleep

    def open_after_two(seconds: float) -> None:
        usual(seconds)
        if len(time.slept) == 2:
            server.bind(("127.0.0.1", closed_port))
            server.listen()
            opened.set()

    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        patient = LocalCheckRunner(prober.root, dict, clock=time.clock, sleep=open_after_two)
        assert patient.run_check(TcpProbe("db", 60.0, "127.0.0.1", closed_port), {}) == ""
    assert opened.is_set()
    assert time.slept == [0.5, 1]


def test_attempts_end_with_the_time(closed_port: int, prober: LocalCheckRunner, time: Time) -> None:
    assert prober.run_check(TcpProbe("db", 10.0, "127.0.0.1", closed_port), {}).endswith("(after 9 s)")
    assert time.slept == [0.5, 1, 2, 4, 1.5]
