"""Serves a cluster on loopback until a signal: `python -m kube_api_emulator --version 1.36 --kubeconfig FILE`."""

import argparse
import errno
import json
import queue
import re
import signal
import socket
import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from kube_api_emulator.versions import RULES_VERSION, BorrowedRulesWarning, describe_borrowed_rules

_PROGRAM = "python -m kube_api_emulator"
_CONTEXT = "emulator"
_PACKAGES_OF_SERVER = ("cel_expr_python", "trustme", "yaml")
_INSTALL = "kube-api-emulator needs its extra server: pip install 'kube-api-emulator[server]'"


class UsageError(Exception):
    """A wish that cannot be met, with a message for a person."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with one line, without the usage."""
        self.exit(2, f"{message}; {_PROGRAM} --help shows the options\n")


def read_version(text: str) -> str:
    """Return a version of Kubernetes without its patch. Raises argparse.ArgumentTypeError."""
    found = re.fullmatch(r"v?(\d+\.\d+)(\.\d+)?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"invalid version {text!r}, use for example {RULES_VERSION}")
    return found[1]


def read_port(text: str) -> int:
    """Return a number of a port. Raises argparse.ArgumentTypeError."""
    if not re.fullmatch(r"\d{1,5}", text) or int(text) >= 1 << 16:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}, use 0 to 65535")
    return int(text)


def create_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_PROGRAM, description="Serve a Kubernetes API on loopback until SIGINT or SIGTERM.")
    parser.add_argument(
        "--version",
        type=read_version,
        default=RULES_VERSION,
        metavar="VERSION",
        help=f"version of Kubernetes, by default {RULES_VERSION}",
    )
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        required=True,
        metavar="FILE",
        help="file to write, for the administrator of the cluster; it is removed at the end",
    )
    parser.add_argument("--port", type=read_port, default=0, help="port of 127.0.0.1, by default a free one")
    parser.add_argument("--namespace", default="default", help="namespace of the kubeconfig; it is created if missing")
    return parser


def check_packages() -> None:
    """Check that the packages of the server are installed. Raises UsageError."""
    if any(find_spec(name) is None for name in _PACKAGES_OF_SERVER):
        raise UsageError(_INSTALL)


def check_target(path: Path) -> None:
    """Check that a kubeconfig may be written to a path. Raises UsageError."""
    if not path.parent.is_dir():
        raise UsageError(f"the folder of {path} does not exist")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file")
    if not path.exists():
        return
    server = find_own_server(path)
    if server is None:
        raise UsageError(f"{path} exists and is not overwritten: another program wrote it; use another file")
    if is_reachable(server):
        raise UsageError(f"{path} belongs to the running cluster {server}; stop that, or use another file")


def find_own_server(path: Path) -> str | None:
    """Return the server of a kubeconfig that this program wrote; None for any other file."""
    try:
        config: Any = json.loads(path.read_text()) if path.is_file() else None
        (cluster,) = config["clusters"]
        server = str(cluster["cluster"]["server"])
        is_own = config["current-context"] == _CONTEXT and urlsplit(server).hostname == "127.0.0.1"
    except (ValueError, TypeError, KeyError, OSError):
        return None
    return server if is_own else None


def is_reachable(server: str) -> bool:
    """Check whether a program listens at a URL of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", urlsplit(server).port or 443), timeout=1):
            return True
    except (ValueError, OSError):
        return False


def serve_cluster(options: argparse.Namespace) -> None:
    """Serve a cluster until a signal. Raises UsageError."""
    from kube_api_emulator.local_cluster import RefusedError, run_cluster

    # `main` has written it.
    warnings.simplefilter("ignore", BorrowedRulesWarning)
    # Its `put` may be called at any moment. An event that is set while it is waited for would wait for itself.
    signals = queue.SimpleQueue[int]()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: signals.put(received))
    path: Path = options.kubeconfig
    try:
        with run_cluster(options.version, options.namespace, port=options.port) as cluster:
            written = cluster.write_kubeconfig(path, _CONTEXT).read_bytes()
            try:
                print(f"Kubernetes {options.version} on {cluster.url}, kubeconfig {path}", flush=True)  # noqa: T201
                signals.get()
            finally:
                remove_kubeconfig(path, written)
    except RefusedError as refused:
        raise UsageError(f"invalid --namespace: {refused.status.get('message')}") from refused
    except OSError as error:
        raise UsageError(describe_fault(error, options.port)) from error


def remove_kubeconfig(path: Path, written: bytes) -> None:
    """Remove a kubeconfig, unless another program has replaced it."""
    if path.is_file() and path.read_bytes() == written:
        path.unlink()


def describe_fault(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; use another --port, or 0 for a free one"
    place = f"{error.filename}: " if error.filename else f"port {port}: "
    return f"{place}{error.strerror}"


def main(arguments: Sequence[str] | None = None) -> int:
    options = create_parser().parse_args(arguments)
    try:
        check_packages()
        check_target(options.kubeconfig)
        if warning := describe_borrowed_rules(options.version):
            sys.stderr.write(f"Warning: {warning}\n")
        serve_cluster(options)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
