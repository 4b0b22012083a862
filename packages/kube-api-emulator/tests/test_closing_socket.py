"""A TLS socket whose other side is gone before the handshake."""

import gc
import socket
import ssl
import struct
import warnings

import pytest

from kube_api_emulator.server.admission.webhooks.client import trust_bundle
from kube_api_emulator.server.closing_socket import ClosingSocket


def pair_sockets() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


def reset(connection: socket.socket) -> None:
    """Close with no time to linger: the other side meets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def build_server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = ClosingSocket
    return context


@pytest.mark.parametrize("is_server", [True, False], ids=["server", "webhook client"])
def test_reset_before_handshake_leaves_nothing_open(is_server: bool) -> None:
    client, accepted = pair_sockets()
    mine, other = (accepted, client) if is_server else (client, accepted)
    context = build_server_context() if is_server else trust_bundle("")
    reset(other)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(ConnectionResetError, match="reset by peer"):
            context.wrap_socket(mine, server_side=is_server, server_hostname=None if is_server else "localhost")
        mine.close()
        gc.collect()
    assert [str(each.message) for each in warned if each.category is ResourceWarning] == []


def test_listening_socket_stays_open() -> None:
    with build_server_context().wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as listener:
        assert listener.fileno() >= 0
