"""Terraform's dependency lock file: one for the whole project, merged from one for each root module."""

import re
from collections.abc import Collection, Mapping

_BLOCK = re.compile(rb'^provider "(?P<address>[^"]+)" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
_VERSION = re.compile(rb'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_CONSTRAINTS = re.compile(rb'^\s*constraints\s*=\s*"([^"]*)"', re.MULTILINE)
_HASH = re.compile(rb'"((?:h1|zh):[^"]+)"')
_HEADER = b"# This file is maintained by envctl, from what `terraform init` writes for each stack.\n"
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64")
"""Common platforms, in Terraform's spelling."""

H1_PREFIX = "h1:"
"""The prefix of hashes of unpacked packages: only these can be checked against a plugin cache."""


def split_provider_blocks(lock: bytes) -> dict[str, bytes]:
    """Return the block of each provider by its address."""
    return {match["address"].decode(): match[0] for match in _BLOCK.finditer(lock)}


def merge_locks(project: bytes | None, stack: bytes) -> bytes:
    """Return the project's lock with the entries of one stack's lock added.

    Hashes of one version are united: the lock serves other machines than the one it was made on.
    """
    blocks = split_provider_blocks(project or b"")
    for address, block in split_provider_blocks(stack).items():
        known = blocks.get(address)
        if known and _read_raw_version(known) == _read_raw_version(block):
            blocks[address] = _merge_blocks(address, known, block)
        else:
            blocks[address] = block
    return _HEADER + b"".join(b"\n" + blocks[address] for address in sorted(blocks))


def keep_providers(lock: bytes, addresses: Collection[str]) -> bytes:
    kept = [block for address, block in split_provider_blocks(lock).items() if address in addresses]
    return merge_locks(None, b"".join(kept))


def keep_known_hashes(known: bytes, lock: bytes) -> bytes:
    """Return the lock with the known hashes of unchanged versions added: they belong to other platforms."""
    before = split_provider_blocks(known)
    blocks = [
        _format_block(address, block, {*read_hashes(block), *read_hashes(before[address])}, list_constraints(block))
        if address in before and _read_raw_version(before[address]) == _read_raw_version(block)
        else block
        for address, block in split_provider_blocks(lock).items()
    ]
    return merge_locks(None, b"".join(blocks))


def add_hashes(lock: bytes, added: Mapping[str, str]) -> bytes:
    """Return the lock with one more hash for each of these providers."""
    for address, block in split_provider_blocks(lock).items():
        if address in added:
            hashes = {*read_hashes(block), added[address]}
            lock = lock.replace(block, _format_block(address, block, hashes, list_constraints(block)))
    return lock


def find_version_mismatches(release: bytes | None, stack: bytes) -> tuple[str, ...]:
    """Return the providers a stack was initialized with in another version than the release carries."""
    carried = {address: _read_raw_version(block) for address, block in split_provider_blocks(release or b"").items()}
    return tuple(
        address
        for address, block in split_provider_blocks(stack).items()
        if carried.get(address, b"") != _read_raw_version(block)
    )


def shorten_address(address: str) -> str:
    """Return the address without the host of a public registry."""
    return address.removeprefix("registry.terraform.io/").removeprefix("registry.opentofu.org/")


def read_version(block: bytes) -> str:
    return _read_raw_version(block).decode(errors="backslashreplace")


def list_constraints(block: bytes) -> list[str]:
    """Return the version constraints in a block."""
    match = _CONSTRAINTS.search(block)
    text = match[1].decode(errors="backslashreplace") if match else ""
    return [part.strip() for part in text.split(",") if part.strip()]


def read_hashes(block: bytes) -> tuple[str, ...]:
    return tuple(found.decode(errors="backslashreplace") for found in _HASH.findall(block))


def _merge_blocks(address: str, known: bytes, block: bytes) -> bytes:
    """Unite two blocks of one version, independent of their order: the lock is part of the identity of a release."""
    if _list_facts(block) <= _list_facts(known):
        return known
    if _list_facts(known) <= _list_facts(block):
        return block
    constraints = sorted({*list_constraints(known), *list_constraints(block)})
    return _format_block(address, known, {*read_hashes(known), *read_hashes(block)}, constraints)


def _format_block(address: str, block: bytes, known: Collection[str], asked: Collection[str]) -> bytes:
    """Write a block exactly as Terraform does: locks are compared by bytes."""
    lines = [
        f'provider "{address}" {{',
        f'  version{"    " if asked else ""} = "{read_version(block)}"',
        *([f'  constraints = "{", ".join(asked)}"'] if asked else []),
        *["  hashes = [", *(f'    "{each}",' for each in sorted(known)), "  ]", "}", ""],
    ]
    return "\n".join(lines).encode()


def _list_facts(block: bytes) -> set[str]:
    return {*list_constraints(block), *read_hashes(block)}


def _read_raw_version(block: bytes) -> bytes:
    match = _VERSION.search(block)
    return match[1] if match else b"?"
