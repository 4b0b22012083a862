"""Functions for address ranges, as Terraform's: its parser allows leading zeros, which are left to it."""

import ipaddress
import re

from envctl.domain.terraform.conditions.values import EvaluationError, Opaque, UncertainError

_ALLOWED = re.compile(r"[0-9a-fA-F:./]*")
_PLAIN = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})", re.ASCII)
_VERSION_6 = re.compile(r"[0-9a-fA-F:]+/\d{1,3}", re.ASCII)
_MOST_BITS = 32
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def get_host(prefix: str, number: int) -> object:
    network = _parse(prefix)
    size = network.num_addresses
    if not -size <= number < size:
        raise EvaluationError("no such address")
    if number < 0:
        raise UncertainError("an address from the end")
    return str(network[number]) if network.version == 4 else Opaque()  # noqa: PLR2004


def get_netmask(prefix: str) -> object:
    network = _parse(prefix)
    if network.version != 4:  # noqa: PLR2004
        raise EvaluationError("there is no mask in this version")
    return str(network.netmask)


def get_subnet(prefix: str, bits: int, number: int) -> object:
    network = _parse(prefix)
    if network.version != 4 or bits < 0 or number < 0 or bits > _MOST_BITS:  # noqa: PLR2004
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
    found = _PLAIN.fullmatch(prefix)
    if found is None and _VERSION_6.fullmatch(prefix):
        try:
            return ipaddress.IPv6Network(prefix, strict=False)
        except ValueError:
            raise UncertainError("another spelling of a range") from None
    if found is None:
        raise UncertainError("another spelling of a range")
    numbers = found.groups()
    if any(len(text) > 1 and text[0] == "0" for text in numbers):
        raise UncertainError("leading zeros")
    if any(int(text) > 255 for text in numbers[:4]) or int(numbers[4]) > _MOST_BITS:  # noqa: PLR2004
        raise EvaluationError("not an address range")
    return ipaddress.IPv4Network(prefix, strict=False)
