"""The line by which a provider tells its address, and the variable that hands the address to Terraform.

Source: go-plugin (`docs/internals.md`), and `internal/getproviders/reattach` of Terraform.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.environment.variables import REATTACH_VARIABLE
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.warm.remembered_values import RememberedValues

COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
"""Without it a provider refuses to start. It is public, and no secret."""

PROTOCOLS = (5, 6)
_CORE_PROTOCOL, _NETWORK, _PLUGIN_PROTOCOL = "1", "unix", "grpc"
_MIN_FIELDS = 5


@dataclass(frozen=True)
class ProviderAddress:
    """Where a warm provider listens. `protocol` is the version of Terraform's plugin protocol."""

    source: str
    pid: int
    protocol: int
    socket: str


def build_variables(socket_folder: str) -> dict[str, str]:
    """Return what a provider reads at its start."""
    versions = ",".join(map(str, PROTOCOLS))
    # Before go-plugin 1.5, the socket is in the folder for temporary files.
    folders = {"PLUGIN_UNIX_SOCKET_DIR": socket_folder, "TMPDIR": socket_folder}
    return {**COOKIE, "PLUGIN_PROTOCOL_VERSIONS": versions, **folders}


def parse_handshake(source: str, pid: int, line: str) -> ProviderAddress | None:
    """Return the address in a line like `1|5|unix|/tmp/x/plugin1|grpc|`; None for any other line.

    A certificate behind it asks for TLS, for which a handed-over address has no place.
    """
    fields = line.split("|")
    if len(fields) < _MIN_FIELDS or not fields[1].isdecimal():
        return None
    core, protocol, network, socket, kind, certificate, *_ = (*fields, "")
    if (core, network, kind, certificate) != (_CORE_PROTOCOL, _NETWORK, _PLUGIN_PROTOCOL, ""):
        return None
    if int(protocol) not in PROTOCOLS:
        return None
    return ProviderAddress(source, pid, int(protocol), socket)


def format_addresses(addresses: Iterable[ProviderAddress]) -> dict[str, str]:
    """Return the variable by which Terraform finds these providers."""
    document = {
        each.source: {
            "Protocol": _PLUGIN_PROTOCOL,
            "ProtocolVersion": each.protocol,
            "Pid": each.pid,
            # Terraform then leaves the process alone at its end.
            "Test": True,
            "Addr": {"Network": _NETWORK, "String": each.socket},
        }
        for each in addresses
    }
    return {REATTACH_VARIABLE: json.dumps(document)}


class KnownProtocols:
    """Protocol versions of providers, as they told them in an earlier run: a Terraform that starts beside its provider
    has to know the version before. A wrong one in `file` costs time, and nothing else.
    """

    def __init__(self, file: Path) -> None:
        self._versions = RememberedValues(file)

    def find_version(self, provider: PinnedProvider) -> int | None:
        found = self._versions.find_value(str(provider))
        return next((version for version in PROTOCOLS if version == found), None)

    def add_version(self, provider: PinnedProvider, version: int) -> None:
        self._versions.add_value(str(provider), version)
