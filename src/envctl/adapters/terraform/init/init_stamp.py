"""Whether `terraform init` has anything to do: what it depends on, and what it made, as they were the last time.

This stands before every plan: some files of a stack are read, and no process is started.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.disk.writing import write_text
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init.init_outline import outline
from envctl.adapters.terraform.init.known_packages import look
from envctl.adapters.terraform.init.plugin_cache import packages, pinned
from envctl.domain.terraform.provider_lock import hashes, providers, version
from envctl.domain.terraform.workdir_names import BACKEND_RECORD, LOCK_FILE, MAIN, MANIFEST

FILE = ".initialised"
INSTALLED = ".terraform/providers"
_VARIABLES = (
    "TF_CLI_CONFIG_FILE",
    "TERRAFORM_CONFIG",
    "TF_PLUGIN_CACHE_DIR",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "TF_CLI_ARGS",
    "TF_CLI_ARGS_init",
)
CODE_FILES = (".tf", ".tf.json", ".tofu", ".tofu.json")


@dataclass(frozen=True)
class Stamp:
    """`given` are the hashes that the lock held then, by provider: it may gain some, and must not lose any."""

    depends: str
    given: Mapping[str, Sequence[str]]
    made: Mapping[str, Any]


def take(directory: Path, binary: Sequence[str], environment: Mapping[str, str], given: bytes) -> Stamp:
    wanted = {address: hashes(block) for address, block in providers(given).items()}
    return Stamp(fingerprint(directory, binary, environment), wanted, made(directory))


def still_holds(directory: Path, binary: Sequence[str], environment: Mapping[str, str], given: bytes) -> bool:
    stamp = read(directory)
    if stamp is None or stamp.made != made(directory):
        return False
    return _covered(directory, stamp, given) and stamp.depends == fingerprint(directory, binary, environment)


def read(directory: Path) -> Stamp | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(read_bytes(directory / FILE))
        return Stamp(kept["depends"], kept["given"], kept["made"])
    return None


def write(directory: Path, stamp: Stamp) -> None:
    document = {"depends": stamp.depends, "given": stamp.given, "made": stamp.made}
    write_text(directory / FILE, json.dumps(document))


def fingerprint(directory: Path, binary: Sequence[str], environment: Mapping[str, str]) -> str:
    """Of what `init` depends on beside the provider lock: the root module and the modules that it reaches, and which
    Terraform it is, with its own configuration.
    """
    digest = hashlib.sha256(repr([*binary, *map(_version, binary)]).encode())
    digest.update(repr([environment.get(name) for name in _VARIABLES]).encode())
    for content in cli_configuration.contents(environment):
        digest.update(hashlib.sha256(content).digest())
    digest.update(_told_to_init(directory / MAIN))
    for file in _code(directory):
        digest.update(os.fsencode(os.path.relpath(file, directory)) + b"\0")
        with contextlib.suppress(OSError):
            said = read_bytes(file)
            digest.update(hashlib.sha256(said if file.suffix == ".json" else outline(said)).digest())
    return digest.hexdigest()


def made(directory: Path) -> dict[str, Any]:
    """What `init` leaves behind, as far as it is whole: what is missing is missing here as well."""
    records = [MANIFEST] if (directory / MANIFEST).is_file() else []
    found: dict[str, Any] = {"records": records, "backend": _digest(directory / BACKEND_RECORD), "packages": {}}
    with contextlib.suppress(OSError):
        for each in pinned(read_bytes(directory / LOCK_FILE)):
            folder = directory / INSTALLED
            found["packages"][each.place] = [look(package) for package in packages(folder, each)]
    return found


def _digest(file: Path) -> str:
    with contextlib.suppress(OSError):
        return hashlib.sha256(read_bytes(file)).hexdigest()
    return ""


def _covered(directory: Path, stamp: Stamp, asked: bytes) -> bool:
    """Whether what a stack was initialised with is what the lock asks for, be it for other stacks as well."""
    wanted = providers(asked)
    try:
        there = providers(read_bytes(directory / LOCK_FILE))
    except FileNotFoundError:
        there = {}
    for address, block in there.items():
        if address not in wanted or version(wanted[address]) != version(block):
            return False
        used, now = set(hashes(block)), set(hashes(wanted[address]))
        if (used and not used & now) or not now.issuperset(stamp.given.get(address, ())):
            return False
    return True


def _told_to_init(main: Path) -> bytes:
    """The parts of a root module that `init` looks at. Settings are not among them: they change more often."""
    document = json.loads(read_bytes(main))
    sources = {name: (call["source"], call.get("version")) for name, call in document.get("module", {}).items()}
    return json.dumps([document["terraform"], sorted(document.get("provider", ())), sources], sort_keys=True).encode()


def _code(directory: Path) -> Iterator[Path]:
    """The code of the modules that the last `init` reached: what would lead it elsewhere would have to stand there."""
    try:
        reached = {str(each["Dir"]) for each in json.loads(read_bytes(directory / MANIFEST))["Modules"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for folder in sorted(reached - {"."}):
        with contextlib.suppress(OSError), os.scandir(directory / folder) as entries:
            yield from sorted(Path(entry.path) for entry in entries if entry.name.endswith(CODE_FILES))


def _version(word: str) -> list[int]:
    """Another file under the same name is another program."""
    with contextlib.suppress(OSError):
        status = Path(word).stat()
        return [status.st_size, status.st_mtime_ns]
    return []
