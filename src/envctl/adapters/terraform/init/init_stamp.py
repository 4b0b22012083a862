"""Stamp of the last `terraform init`: hashes of its inputs and results, to skip an init without changes.

It is compared before every plan, by reading some files of the stack, without any process.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envctl.adapters.disk.files import read_bytes, write_text
from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init.known_packages import stat_files
from envctl.adapters.terraform.init.plugin_cache import list_packages, parse_pinned
from envctl.adapters.terraform.process.rendered_documents import read_rendered
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.provider_lock import read_hashes, read_version, split_provider_blocks
from envctl.domain.terraform.tree_record import parse_tree_record
from envctl.domain.terraform.workdir_names import (
    BACKEND_RECORD,
    GENERATED_FILES,
    INIT_STAMP,
    LOCK_FILE,
    MODULES_MANIFEST,
    TREE_RECORD,
)
from envctl.domain.text.sha256 import sha256

INSTALLED_FOLDER = ".terraform/providers"
_VARIABLES = (
    "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "TF_CLI_ARGS", "TF_CLI_ARGS_init",
)  # fmt: skip
CODE_SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
# First line of a block that can name a provider or module.
_BLOCK_HEAD = re.compile(rb"\b(?:module|provider|resource|data|ephemeral|action|list|terraform|import)\b[^={}\n]*\{")
_ARGUMENT = re.compile(rb"\b(?:source|version|provider)\s*=.*")
_TERRAFORM_BLOCK = re.compile(rb"^\s*terraform\s*\{")


@dataclass(frozen=True)
class Stamp:
    """Inputs and results of one `terraform init`."""

    inputs: str
    # By provider, the hashes in the lock at that time. The lock may gain hashes, but must not lose any.
    lock_hashes: Mapping[str, Sequence[str]]
    results: Mapping[str, Any]


def build_stamp(site: Site, binary: Sequence[str], environment: Mapping[str, str], role: str, lock: bytes) -> Stamp:
    wanted = {address: read_hashes(block) for address, block in split_provider_blocks(lock).items()}
    return Stamp(hash_inputs(site, binary, environment, role), wanted, inspect_results(site.directory))


def is_current(site: Site, binary: Sequence[str], environment: Mapping[str, str], role: str, lock: bytes) -> bool:
    stamp = read_stamp(site.directory)
    if stamp is None or stamp.results != inspect_results(site.directory):
        return False
    return _covers_lock(site.directory, stamp, lock) and stamp.inputs == hash_inputs(site, binary, environment, role)


def read_stamp(directory: Path) -> Stamp | None:
    return read_document(directory / INIT_STAMP, _build_stamp, None)


def _build_stamp(document: Mapping[str, Any]) -> Stamp:
    given = {address: [*map(str, hashes)] for address, hashes in document["given"].items()}
    return Stamp(document["depends"], given, document["made"])


def write_stamp(directory: Path, stamp: Stamp) -> None:
    document = {"depends": stamp.inputs, "given": stamp.lock_hashes, "made": stamp.results}
    write_text(directory / INIT_STAMP, json.dumps(document))


def hash_inputs(site: Site, binary: Sequence[str], environment: Mapping[str, str], role: str) -> str:
    """Return a hash of the inputs beside the provider lock: root module, called modules, program, CLI configuration,
    and the role of the backend as `name_backend_session` gives it.
    """
    directory = site.directory
    digest = sha256(repr([*binary, *map(_stat_program, binary)]).encode())
    digest.update(repr([environment.get(name) for name in _VARIABLES]).encode())
    for content in cli_configuration.read_config_files(environment):
        digest.update(sha256(content).digest())
    digest.update(role.encode() + _extract_init_inputs(read_rendered(site)))
    own = list_code(directory) if site.stack.root else ()
    for file in (*(file for file in own if file.name not in GENERATED_FILES), *list_called_code(directory)):
        digest.update(os.fsencode(os.path.relpath(file, directory)) + b"\0")
        with contextlib.suppress(OSError):
            content = read_bytes(file)
            digest.update(sha256(content if file.suffix == ".json" else extract_outline(content)).digest())
    return digest.hexdigest()


def inspect_results(directory: Path) -> dict[str, Any]:
    """Return the results of `init` on disk: module record, hash of the backend record, files of the packages."""
    records = [MODULES_MANIFEST] if (directory / MODULES_MANIFEST).is_file() else []
    found: dict[str, Any] = {"records": records, "backend": "", "packages": {}}
    with contextlib.suppress(OSError):
        found["backend"] = sha256(read_bytes(directory / BACKEND_RECORD)).hexdigest()
    with contextlib.suppress(OSError):
        for each in parse_pinned(read_bytes(directory / LOCK_FILE)):
            folder = directory / INSTALLED_FOLDER
            found["packages"][each.cache_path] = [stat_files(package) for package in list_packages(folder, each)]
    return found


def read_optional(file: Path) -> bytes:
    """Return the content of a file; empty for a missing one."""
    try:
        return read_bytes(file)
    except FileNotFoundError:
        return b""


def _covers_lock(directory: Path, stamp: Stamp, lock: bytes) -> bool:
    """Return True if the lock still covers the providers of the stack. It may hold more, for other stacks."""
    wanted = split_provider_blocks(lock)
    current = split_provider_blocks(read_optional(directory / LOCK_FILE))
    for address, block in current.items():
        if address not in wanted or read_version(wanted[address]) != read_version(block):
            return False
        used, now = set(read_hashes(block)), set(read_hashes(wanted[address]))
        if (used and not used & now) or not now.issuperset(stamp.lock_hashes.get(address, ())):
            return False
    return True


def _extract_init_inputs(document: Mapping[str, Any]) -> bytes:
    """Return the parts of a rendered document that `init` reads. Settings are none: they change more often."""
    sources = {name: (call["source"], call.get("version")) for name, call in document.get("module", {}).items()}
    return json.dumps(
        [document.get("terraform"), sorted(document.get("provider", ())), sources], sort_keys=True
    ).encode()


def list_called_code(directory: Path) -> Iterator[Path]:
    """List the code of all modules of the last `init`. Only an edit there can add another module."""
    reached = read_document(directory / MODULES_MANIFEST, _build_folders, frozenset[str]())
    for folder in sorted(reached - {"."}):
        yield from list_code(directory / folder)


def _build_folders(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(each["Dir"]) for each in document["Modules"])


def list_code(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from sorted(Path(entry.path) for entry in entries if entry.name.endswith(CODE_SUFFIXES))


def _stat_program(word: str) -> list[int]:
    """Return size and time of a program file: they change if another program takes its name."""
    with contextlib.suppress(OSError):
        status = Path(word).stat()
        return [status.st_size, status.st_mtime_ns]
    return []


def extract_outline(code: bytes) -> bytes:
    """Return the code that `init` depends on: whole `terraform` blocks, and the relevant lines of all others. In doubt,
    a line is kept. If one is left out wrongly, Terraform itself demands an init.
    """
    kept: list[bytes] = []
    depth = 0
    for line in code.splitlines():
        begins = depth == 0 and _TERRAFORM_BLOCK.match(line)
        if depth or begins:
            text = line.partition(b"#")[0]
            depth += text.count(b"{") - text.count(b"}")
            kept.append(line.strip())
        else:
            # A one-line block has both head and argument.
            kept += [match[0].strip() for match in (_BLOCK_HEAD.search(line), _ARGUMENT.search(line)) if match]
    return b"\n".join(kept)


def find_initialized_site(site: Site) -> Site | None:
    """Return the site with the root of the written tree, if there is one; None if the stack is not initialized."""
    root = _read_root(site)
    written = replace(site, stack=replace(site.stack, root=root), directory=site.directory / root)
    return written if read_stamp(written.directory) else None


def _read_root(site: Site) -> str:
    try:
        return parse_tree_record(read_bytes(site.directory / TREE_RECORD)).root
    except (OSError, ValueError, KeyError, TypeError):
        return ""
