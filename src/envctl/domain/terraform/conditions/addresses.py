"""Functions for address ranges, as Terraform's: its parser allows leading zeros, which are left to it."""

import ipaddress
import re

from envctl.domain.terraform.conditions.values import EvaluationError, Opaque, UncertainError

_ALLOWED = re.compile(r"[0-9a-fA-F:./]*")
_VERSION_4 = re.compile(r"[0-9.]+/[0-9]+")
_VERSION_6 = re.compile(r"[0-9a-fA-F:]+/\d{1,3}", re.ASCII)
_MOST_BITS = 32
_PARTS = 4
_LARGEST_PART = 255
_LATEST = 6
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def get_host(prefix: str, number: int) -> object:
    network = _parse(prefix)
    size = network.num_addresses
    if not -size <= number < size:
        raise EvaluationError("no such address")
    if number < 0:
        raise UncertainError("an address from the end")
    return Opaque() if network.version == _LATEST else str(network[number])


def get_netmask(prefix: str) -> object:
    network = _parse(prefix)
    if network.version == _LATEST:
        raise EvaluationError("there is no mask in this version")
    return str(network.netmask)


def get_subnet(prefix: str, bits: int, number: int) -> object:
    network = _parse(prefix)
    if network.version == _LATEST or bits < 0 or number < 0 or bits > _MOST_BITS:
        raise UncertainError("another form of a subnet")
    if network.prefixlen + bits > _MOST_BITS or number >= 2**bits:
        raise EvaluationError("no room for that subnet")
    length = network.prefixlen + bits
    address = int(network.network_address) + (number << (_MOST_BITS - length))
    return f"{ipaddress.IPv4Address(address)}/{length}"


def _parse(prefix: str) -> Network:
    """Return the network. Raises EvaluationError for what no parser takes, UncertainError for doubtful spellings."""
    if "/" not in prefix or not _ALLOWED.fullmatch(prefix):
        raise EvaluationError("not an address range")
    if _VERSION_4.fullmatch(prefix):
        return _parse_version_4(prefix)
    if not _VERSION_6.fullmatch(prefix):
        raise UncertainError("another spelling of a range")
    try:
        return ipaddress.IPv6Network(prefix, strict=False)
    except ValueError:
        raise UncertainError("another spelling of a range") from None


def _parse_version_4(prefix: str) -> Network:
    address, _, length = prefix.partition("/")
    parts = address.split(".")
    if len(parts) != _PARTS or not all(parts):
        raise EvaluationError("not an address range")
    if any(len(text) > 1 and text[0] == "0" for text in (*parts, length)):
        raise UncertainError("leading zeros")
    if any(int(text) > _LARGEST_PART for text in parts) or int(length) > _MOST_BITS:
        raise EvaluationError("not an address range")
    return ipaddress.IPv4Network(prefix, strict=False)
