"""Formats of texts in the schemas of custom resources.

Source: k8s.io/kube-openapi v0.0.0-20260317180543-43fb72c5454a, pkg/validation/strfmt/default.go (IsHostname, IsUUID,
IsEmail), pkg/validation/strfmt/time.go (IsDateTime), pkg/validation/strfmt/duration.go (IsDuration).
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlsplit

from kube_api_emulator.server.rules.go.go_times import find_time_problem

_LONGEST_HOST = 255
_TOP_LEVEL = re.compile(r"[^\W\d_]{2,63}")
_HOST = re.compile(r"[a-zA-Z0-9\u00a1-\uffff]([a-zA-Z0-9\u00a1-\uffff-]{0,61}[a-zA-Z0-9\u00a1-\uffff])?")
_UUID = r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
_PATTERNS: Mapping[str, str] = {
    "duration": r"[+-]?(\d+(\.\d*)?|\.\d+)\s*[a-zµ]+((\d+(\.\d*)?|\.\d+)\s*[a-zµ]+)*|[+-]?0",
    "email": r"[^@\s]+@[^@\s]+",
    "hexcolor": r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})",
    "mac": r"([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}",
    "rgbcolor": r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)",
    "ssn": r"\d{3}[- ]?\d{2}[- ]?\d{4}",
    **dict.fromkeys(("uuid", "uuid3", "uuid4", "uuid5"), _UUID),
}


def fits_format(name: str, text: str) -> bool:
    """Return whether a text has a format. Any text has an unknown one."""
    if name in _PATTERNS:
        return re.fullmatch(_PATTERNS[name], text) is not None
    check = _CHECKS.get(name)
    if check is None:
        return True
    try:
        return check(text)
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    parts = text.split(".")
    is_domain = len(parts) == 1 or _TOP_LEVEL.fullmatch(parts[-1]) is not None
    return is_domain and len(text) <= _LONGEST_HOST and all(_HOST.fullmatch(each) for each in parts)


def _is_encoded(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True) or not text)
    except binascii.Error:
        return False


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "byte": _is_encoded,
    "cidr": lambda text: "/" in text and bool(ipaddress.ip_network(text, strict=False)),
    "date": lambda text: len(text) == len("2006-01-02") and bool(date.fromisoformat(text)),
    "date-time": lambda text: not find_time_problem(text, is_micro=False),
    "hostname": _is_host,
    "ipv4": lambda text: bool(ipaddress.IPv4Address(text)),
    "ipv6": lambda text: bool(ipaddress.IPv6Address(text)),
    "uri": lambda text: bool(urlsplit(text).scheme or text.startswith("/")),
}
