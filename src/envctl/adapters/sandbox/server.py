"""The server process of a sandbox: `python -m envctl.adapters.sandbox.server DIRECTORY [--port N] [--endpoint URL]`."""

import argparse
import errno
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from envctl.adapters.sandbox.exchange import Cloud
from envctl.adapters.sandbox.files import (
    SandboxFiles,
    ServerState,
    describe_programs,
    read_state,
    take_lock,
    write_private,
)

ALREADY_RUNNING = 3
PORT_IN_USE = 4
_WATCH_SECONDS = 1.0


def main(arguments: list[str], open_cloud: Callable[[str | None, int], Cloud] | None = None) -> int:
    """Run the server until it is stopped, and return its exit code.

    `open_cloud` returns the backend for an endpoint URL and the port of this server; by default that is moto.
    """
    # Ctrl-C in the terminal is meant for the command, not for the sandbox that it started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = _parse_options(arguments)
    files = SandboxFiles(options.directory)
    if take_lock(files.server_lock, wait=False) is None:
        return ALREADY_RUNNING
    try:
        state = _start_server(files, options.port, options.endpoint, open_cloud or create_cloud)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PORT_IN_USE
        raise
    _wait_for_stop(files, state, stop)
    if read_state(files) == state:
        files.state_file.unlink(missing_ok=True)
    return 0


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="envctl sandbox server")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--endpoint")
    return parser.parse_args(arguments)


def _start_server(
    files: SandboxFiles, port: int, endpoint: str | None, open_cloud: Callable[[str | None, int], Cloud]
) -> ServerState:
    from envctl.adapters.sandbox.certificates import CertificateAuthority
    from envctl.adapters.sandbox.control import ControlApi
    from envctl.adapters.sandbox.patches.containers.eks_endpoint import trust_authority
    from envctl.adapters.sandbox.proxy import ProxyServer

    certificates = CertificateAuthority(files.directory)
    server = ProxyServer(port, certificates)
    write_private(files.ca_file, certificates.authority_pem)
    bound_port = int(server.server_address[1])
    trust_authority(certificates.authority_pem)
    cloud = open_cloud(endpoint, bound_port)
    token = secrets.token_urlsafe(24)
    server.cloud, server.control = cloud, ControlApi(cloud, token)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state = ServerState(
        pid=os.getpid(),
        port=bound_port,
        token=token,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        endpoint_url=endpoint,
        programs=describe_programs(),
    )
    write_private(files.state_file, json.dumps(asdict(state), indent=2).encode())
    threading.Thread(target=cloud.warm_up, args=((),), daemon=True).start()
    return state


def create_cloud(endpoint: str | None, port: int) -> Cloud:
    if endpoint:
        from envctl.adapters.sandbox.endpoint_cloud import EndpointCloud

        return EndpointCloud(endpoint)
    os.environ["MOTO_PORT"] = str(port)
    from envctl.adapters.sandbox.moto_cloud import MotoCloud

    return MotoCloud()


def _wait_for_stop(files: SandboxFiles, state: ServerState, stop: threading.Event) -> None:
    """Wait for a stop signal, or until the state file changes: a deleted project leaves no process behind."""
    while not stop.wait(_WATCH_SECONDS):
        if read_state(files) != state:
            return


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # Threads may be in a call, but hold no state worth a wait.
    os._exit(code)
