"""Checks of kind `tcp`: a connection to a host and port opens within the timeout."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator

from envctl.domain.config.checks.check_table import CheckTable, Duration, Probe, parse_references
from envctl.domain.config.checks.output_values import find_output_value, format_value
from envctl.domain.config.fields import Flag
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import Outputs

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_MAX_HOST_LENGTH, _MAX_PORT = 253, 65535
T = TypeVar("T")


@dataclass(frozen=True)
class TcpProbe(Probe):
    host: str
    port: int


def _check_host(value: object) -> str:
    if isinstance(value, str) and len(value) <= _MAX_HOST_LENGTH:
        if _HOST_NAME.fullmatch(value):
            return value
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            pass
    raise ValueError('must be a host name or address, such as "db.example.com"')


def _check_port(value: object) -> int:
    port = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= _MAX_PORT:
        raise ValueError(f"must be a port from 1 to {_MAX_PORT}")
    return port


def _check_host_or_output(value: object) -> str:
    if any(parse_references(value)):
        return str(value)
    try:
        return _check_host(value)
    except ValueError as error:
        raise ValueError(f'{error}; or the output of a stack, such as "output:db.host"') from None


def _check_port_or_output(value: object) -> object:
    if any(parse_references(value)):
        return value
    if not isinstance(value, str):
        return _check_port(value)
    raise ValueError(f'must be a number from 1 to {_MAX_PORT}, or the output of a stack, such as "output:db.port"')


class TcpCheck(CheckTable):
    """A connection opens."""

    example: ClassVar[Mapping[str, object]] = {"host": "db.example.com", "port": 5432}

    kind: Literal["tcp"] = "tcp"  # a connection opens
    # name or address of a host, or the output of a stack, such as `output:db.host`
    host: Annotated[object, AfterValidator(_check_host_or_output)]
    port: Annotated[object, AfterValidator(_check_port_or_output)]  # port from 1 to 65535, or the output of a stack
    timeout: Duration = timedelta(seconds=60)  # time until a connection must open
    # whether it runs in the sandbox, whose resources open no ports
    sandbox: Flag = False

    def list_references(self) -> tuple[OutputReference, ...]:
        return tuple(parse_references(self.host, self.port))

    def resolve(self, name: str, outputs: Outputs) -> TcpProbe:
        host, port = _resolve_value(self.host, outputs, _check_host), _resolve_value(self.port, outputs, _check_port)
        return TcpProbe(name, self.timeout.total_seconds(), host, port)


def _resolve_value(value: object, outputs: Outputs, check: Callable[[object], T]) -> T:
    """Return the value, or that of the output it refers to. Raises ValueError with the fault."""
    for reference in parse_references(value):
        found = find_output_value(reference, outputs)
        try:
            return check(found)
        except ValueError as error:
            raise ValueError(f"{reference} is {format_value(found)}; it {error}") from None
    return check(value)
