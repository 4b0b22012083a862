"""Terraform's dependency lock file: one for the whole project, while Terraform writes one for each root module."""

import re
from collections.abc import Collection

_BLOCK = re.compile(rb'^provider "(?P<address>[^"]+)" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
_VERSION = re.compile(rb'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_CONSTRAINTS = re.compile(rb'^\s*constraints\s*=\s*"([^"]*)"', re.MULTILINE)
_HASH = re.compile(rb'"((?:h1|zh):[^"]+)"')
_HEADER = b"# This file is maintained by envctl, from what `terraform init` writes for each stack.\n"
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64")
"""Those that people commonly work on, as Terraform calls them."""

UNPACKED = "h1:"
"""How the hash of a package as it lies unpacked begins: the only one that says anything of what is in a cache."""


def providers(lock: bytes) -> dict[str, bytes]:
    """Each provider's block, by its address."""
    return {match["address"].decode(): match[0] for match in _BLOCK.finditer(lock)}


def merge(project: bytes | None, stack: bytes) -> bytes:
    """The project's lock with what one stack's lock says added to it.

    Of one version all hashes are kept: a stack was initialised on one machine, and the lock is for others as well.
    """
    blocks = providers(project or b"")
    for address, block in providers(stack).items():
        known = blocks.get(address)
        blocks[address] = _united(address, known, block) if known and _version(known) == _version(block) else block
    return _HEADER + b"".join(b"\n" + blocks[address] for address in sorted(blocks))


def only(lock: bytes, addresses: Collection[str]) -> bytes:
    """The same without what nobody needs any more."""
    return merge(None, b"".join(block for address, block in providers(lock).items() if address in addresses))


def keeping(known: bytes, lock: bytes) -> bytes:
    """The lock, with the hashes that were known before of the versions that it still has: they are those of platforms
    that nobody asked for this time.
    """
    before = providers(known)
    blocks = [
        _written(address, block, {*hashes(block), *hashes(before[address])}, _asked(block))
        if address in before and _version(before[address]) == _version(block)
        else block
        for address, block in providers(lock).items()
    ]
    return merge(None, b"".join(blocks))


def strays(release: bytes | None, stack: bytes) -> tuple[str, ...]:
    """The providers that a stack was initialised with, but not in the version that the release carries."""
    carried = {address: _version(block) for address, block in providers(release or b"").items()}
    return tuple(address for address, block in providers(stack).items() if carried.get(address, b"") != _version(block))


def short(address: str) -> str:
    """As people write it."""
    return address.removeprefix("registry.terraform.io/").removeprefix("registry.opentofu.org/")


def version(block: bytes) -> str:
    """The version that a provider's block holds."""
    return _version(block).decode(errors="backslashreplace")


def constraints(block: bytes) -> str:
    """What was asked for when the version was chosen."""
    match = _CONSTRAINTS.search(block)
    return match[1].decode(errors="backslashreplace") if match else ""


def hashes(block: bytes) -> tuple[str, ...]:
    return tuple(found.decode(errors="backslashreplace") for found in _HASH.findall(block))


def _united(address: str, known: bytes, block: bytes) -> bytes:
    """The same bytes whichever comes first: the lock is part of what names a release."""
    if _says(block) <= _says(known):
        return known
    if _says(known) <= _says(block):
        return block
    return _written(address, known, {*hashes(known), *hashes(block)}, sorted({*_asked(known), *_asked(block)}))


def _written(address: str, block: bytes, known: Collection[str], asked: Collection[str]) -> bytes:
    """As Terraform writes it: what is equal has to be so to the byte."""
    version_line = f'  version     = "{version(block)}"' if asked else f'  version = "{version(block)}"'
    lines = [
        f'provider "{address}" {{',
        version_line,
        *([f'  constraints = "{", ".join(asked)}"'] if asked else []),
        *["  hashes = [", *(f'    "{each}",' for each in sorted(known)), "  ]", "}", ""],
    ]
    return "\n".join(lines).encode()


def _says(block: bytes) -> set[str]:
    return {*_asked(block), *hashes(block)}


def _asked(block: bytes) -> list[str]:
    return [part.strip() for part in constraints(block).split(",") if part.strip()]


def _version(block: bytes) -> bytes:
    match = _VERSION.search(block)
    return match[1] if match else b"?"
