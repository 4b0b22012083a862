"""Terraform's dependency lock file: one for the whole project, while Terraform writes one for each root module."""

import re

_BLOCK = re.compile(rb'^provider "(?P<address>[^"]+)" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
_VERSION = re.compile(rb'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_HEADER = b"# This file is maintained by envctl, from what `terraform init` writes for each stack.\n"


def providers(lock: bytes) -> dict[str, bytes]:
    """Each provider's block, by its address."""
    return {match["address"].decode(): match[0] for match in _BLOCK.finditer(lock)}


def merge(project: bytes | None, stack: bytes) -> bytes:
    """The project's lock with what one stack's lock says added to it."""
    blocks = {**providers(project or b""), **providers(stack)}
    return _HEADER + b"".join(b"\n" + blocks[address] for address in sorted(blocks))


def strays(release: bytes | None, stack: bytes) -> tuple[str, ...]:
    """The providers that a stack was initialised with, but not in the version that the release carries."""
    carried = {address: _version(block) for address, block in providers(release or b"").items()}
    return tuple(address for address, block in providers(stack).items() if carried.get(address, b"") != _version(block))


def version(block: bytes) -> str:
    """The version that a provider's block holds."""
    return _version(block).decode(errors="backslashreplace")


def _version(block: bytes) -> bytes:
    match = _VERSION.search(block)
    return match[1] if match else b"?"
