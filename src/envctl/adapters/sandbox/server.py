"""The background process: `python -m envctl.adapters.sandbox.server DIRECTORY [--port N] [--endpoint URL]`."""

import argparse
import errno
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from envctl.adapters.sandbox.exchange import Cloud
from envctl.adapters.sandbox.files import SandboxFiles, ServerState, read_state, take_lock, write_private, write_state

ALREADY_RUNNING = 3
PORT_IN_USE = 4
_WATCH_SECONDS = 1.0


def main(arguments: list[str], answers: Callable[[str | None, int], Cloud] | None = None) -> int:
    """`answers` makes what answers for AWS, from an endpoint and the port of this server; moto by default."""
    # Ctrl-C in the terminal that started the sandbox is meant for the command there.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = _options(arguments)
    files = SandboxFiles(options.directory)
    if take_lock(files.server_lock, wait=False) is None:
        return ALREADY_RUNNING
    try:
        state = _start(files, options.port, options.endpoint, answers or moto_or_endpoint)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PORT_IN_USE
        raise
    _wait(files, state, stop)
    if read_state(files) == state:
        files.state.unlink(missing_ok=True)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="envctl sandbox server")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--endpoint")
    return parser.parse_args(arguments)


def _start(
    files: SandboxFiles, port: int, endpoint: str | None, answers: Callable[[str | None, int], Cloud]
) -> ServerState:
    from envctl.adapters.sandbox.certificates import Certificates
    from envctl.adapters.sandbox.control import Control
    from envctl.adapters.sandbox.proxy import ProxyServer

    certificates = Certificates(files.directory)
    server = ProxyServer(port, certificates)
    write_private(files.authority, certificates.authority_pem)
    bound_port = int(server.server_address[1])
    cloud = answers(endpoint, bound_port)
    token = secrets.token_urlsafe(24)
    server.answers_with(cloud, Control(cloud, token))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state = ServerState(os.getpid(), bound_port, token, datetime.now(UTC).isoformat(timespec="seconds"), endpoint)
    write_state(files, state)
    threading.Thread(target=cloud.warm_up, args=((),), daemon=True).start()
    return state


def moto_or_endpoint(endpoint: str | None, port: int) -> Cloud:
    if endpoint:
        from envctl.adapters.sandbox.endpoint_cloud import EndpointCloud

        return EndpointCloud(endpoint)
    os.environ["MOTO_PORT"] = str(port)
    from envctl.adapters.sandbox.moto_cloud import MotoCloud

    return MotoCloud()


def _wait(files: SandboxFiles, state: ServerState, stop: threading.Event) -> None:
    """Until it is told to stop, or its directory is gone: a deleted project leaves no process behind."""
    while not stop.wait(_WATCH_SECONDS):
        if read_state(files) != state:
            return


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # Threads may be in the middle of a call; there is nothing to keep, so nothing to wait for.
    os._exit(code)
