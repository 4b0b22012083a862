"""The server process: `python -m aws_api_emulator DIRECTORY [--port N] [--endpoint URL]`."""

import argparse
import errno
import os
import queue
import secrets
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from aws_api_emulator.exchange import Cloud
from aws_api_emulator.exit_codes import ALREADY_RUNNING, PORT_IN_USE
from aws_api_emulator.state import ServerFiles, ServerState, take_lock, write_private

_WATCH_SECONDS = 1.0


def main(arguments: list[str], open_cloud: Callable[[str | None, int], Cloud] | None = None) -> int:
    """Run the server until it is stopped, and return its exit code.

    `open_cloud` returns the backend for an endpoint URL and the port of this server; by default that is moto.
    """
    # Ctrl-C in the terminal is meant for the command, not for the server that it started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Its `put` may be called at any moment. An event that is set while it is waited for would wait for itself.
    signals = queue.SimpleQueue[int]()
    signal.signal(signal.SIGTERM, lambda received, _: signals.put(received))
    options = _parse_options(arguments)
    files = ServerFiles(options.directory)
    if not take_lock(files.server_lock):
        return ALREADY_RUNNING
    try:
        state = _start_server(files, options, open_cloud or create_cloud)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PORT_IN_USE
        raise
    _wait_for_stop(files, state, signals)
    if files.has_state(state):
        files.state_file.unlink(missing_ok=True)
    return 0


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aws_api_emulator", description="Serve AWS on loopback.")
    parser.add_argument("directory", type=Path, help="an existing folder, for the files of the server")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--endpoint", help="URL of another AWS-compatible server, in place of moto")
    parser.add_argument("--programs", default="", help="versions, for the state file")
    parser.add_argument("--clusters-hint", help="how to install kube-api-emulator, for clients that miss it")
    return parser.parse_args(arguments)


def _start_server(
    files: ServerFiles, options: argparse.Namespace, open_cloud: Callable[[str | None, int], Cloud]
) -> ServerState:
    from aws_api_emulator.certificates import CertificateAuthority
    from aws_api_emulator.control import ControlApi
    from aws_api_emulator.patches.containers.eks_endpoint import trust_authority
    from aws_api_emulator.proxy import ProxyServer

    certificates = CertificateAuthority(files.directory)
    server = ProxyServer(options.port, certificates)
    server.clusters_hint = options.clusters_hint or server.clusters_hint
    write_private(files.ca_file, certificates.authority_pem)
    bound_port = int(server.server_address[1])
    trust_authority(certificates.authority_pem)
    cloud = open_cloud(options.endpoint, bound_port)
    token = secrets.token_urlsafe(24)
    server.cloud, server.control = cloud, ControlApi(cloud, token)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state = ServerState(
        pid=os.getpid(),
        port=bound_port,
        token=token,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        endpoint_url=options.endpoint,
        programs=options.programs,
    )
    write_private(files.state_file, state.encode())
    threading.Thread(target=cloud.warm_up, args=((),), daemon=True).start()
    return state


def create_cloud(endpoint: str | None, port: int) -> Cloud:
    if endpoint:
        from aws_api_emulator.endpoint_cloud import EndpointCloud

        return EndpointCloud(endpoint)
    os.environ["MOTO_PORT"] = str(port)
    from aws_api_emulator.moto_cloud import MotoCloud

    return MotoCloud()


def _wait_for_stop(files: ServerFiles, state: ServerState, signals: queue.SimpleQueue[int]) -> None:
    """Wait for a stop signal, or until the state file changes: a deleted project leaves no process behind."""
    while files.has_state(state):
        with suppress(queue.Empty):
            signals.get(timeout=_WATCH_SECONDS)
            return
