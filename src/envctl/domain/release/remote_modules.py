"""Modules that are called by an address and not by a path: what is known of an address, and how a release carries them.

What was fetched lies in the bundle below `.remote/`. Terraform finds it there by its own record of installed modules,
which is written into the folder of each stack: no source in the code is touched, and nothing is left to be fetched.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import TYPE_CHECKING

from envctl.domain.terraform.workdir_names import CODE, REMOTE

if TYPE_CHECKING:
    from envctl.domain.release.contents import File, Wiring
    from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.release.contents import CarriedModule

# Compiled when they are used first: most commands meet no remote module.
_EXACT = r"\s*=?\s*v?\d+(?:\.\d+)*(?:-[\w.~-]+)?(?:\+[\w.-]+)?\s*"
_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}"
_CHECKSUM = r"(?:sha\d+(?::|%3A))?[0-9a-f]{40,}"
_ARCHIVE = r"(?:https?|s3|gcs):"
_NOT_THE_PATH = r"\A(?:\w+::)?(?:\w+://)?(?:[^/@]*@)?(?:registry\.(?:terraform\.io|opentofu\.org)/)?"
_NOT_IN_A_NAME = r"[^a-z0-9._]+"
_CREDENTIALS = r"(?<=://)[^/@\s'\"]+:[^/@\s'\"]*@|(?<=https://)[^/@\s'\"]+@|(?<=sshkey=)[^&\s'\"]+"
_KEY_LENGTH = 12


@dataclass(frozen=True)
class Package:
    """Everything that was fetched from one address, by its path in there. It may hold several modules."""

    source: str
    files: "Mapping[str, File]"

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for name, file in sorted(self.files.items()):
            told = f"{name}\0{file.executable}\0{hashlib.sha256(file.data).hexdigest()}\0"
            digest.update(told.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """Of its address, without what differs from one version to the next: so a diff sees the same files changed."""
        path = re.sub(_NOT_THE_PATH, "", self.source.partition("?")[0])
        package = path.partition("//")[0].removesuffix(".git").lower()
        return re.sub(_NOT_IN_A_NAME, "-", package).strip("-.") or "module"


@dataclass(frozen=True)
class FoundModule:
    """A module, as CarriedModule tells it. It lies in a package, or, without one, in the project."""

    source: str
    version: str
    folder: str
    package: Package | None = None


def is_local(source: str) -> bool:
    return source.startswith(("./", "../"))


def local_source(source: str) -> str:
    """A path as Terraform writes it down."""
    path = normpath(source)
    return path if path.startswith("../") else f"./{path}"


def settled(call: "ModuleCall") -> bool:
    """Whether an address means the same for ever: an exact version, a commit, or what has a checksum."""
    if call.version:
        return re.fullmatch(_EXACT, call.version) is not None
    address, _, query = call.source.partition("?")
    # Of two with one name the first counts, as it does for Terraform.
    asked = dict(part.partition("=")[::2] for part in reversed(query.split("&")))
    if re.match(_ARCHIVE, address):
        return re.fullmatch(_CHECKSUM, asked.get("checksum", "")) is not None
    return re.fullmatch(_COMMIT, asked.get("ref", "")) is not None


def shown(source: str) -> str:
    """An address, or a sentence about one, without the credentials that somebody may have put into it."""
    return re.sub(_CREDENTIALS, lambda secret: "***@" if secret[0].endswith("@") else "***", source)


def carried(found: Mapping[str, FoundModule]) -> "tuple[tuple[CarriedModule, ...], dict[str, File]]":
    """What a release says of these modules, by their keys, and the files of their packages by path in the bundle.

    Stacks that call none by an address are left out: Terraform finds their modules by itself.
    """
    folders = _folders([module.package for module in found.values() if module.package])
    files = {f"{folder}/{name}": file for folder, package in folders.values() for name, file in package.files.items()}
    concerned = {key.partition(".")[0] for key, module in found.items() if module.package}
    modules = (
        CarriedModule(key, module.source, module.version, _folder(module, folders))
        for key, module in sorted(found.items())
        if key.partition(".")[0] in concerned
    )
    return tuple(modules), files


def _folders(packages: list[Package]) -> dict[tuple[str, str], tuple[str, Package]]:
    """A folder for each content. What it is called says its digest only where its address alone does not tell it."""
    distinct = {(package.name, package.digest): package for package in packages}
    names = [name for name, _ in distinct]
    return {
        (name, digest): (f"{REMOTE}/{name}" + (f"-{digest[:_KEY_LENGTH]}" if names.count(name) > 1 else ""), package)
        for (name, digest), package in distinct.items()
    }


def _folder(module: FoundModule, folders: Mapping[tuple[str, str], tuple[str, Package]]) -> str:
    if module.package is None:
        return module.folder
    return normpath(f"{folders[module.package.name, module.package.digest][0]}/{module.folder}")


def manifest(wiring: "Wiring", stack: str) -> bytes:
    """Terraform's record of the modules of a stack, as it would write it itself; empty where it needs none."""
    modules = [module for module in wiring.modules if module.stack == stack]
    if not modules:
        return b""
    source = f"../{CODE}/{wiring.stacks[stack].module}"
    entries = [
        entry("", "", "", "."),
        entry(stack, source, "", source),
        *(entry(m.key, m.source, m.version, f"../{CODE}/{m.folder}") for m in modules),
    ]
    return encode(entries)


def entry(key: str, source: str, version: str, folder: str) -> dict[str, str]:
    return {"Key": key, "Source": source, **({"Version": version} if version else {}), "Dir": folder}


def encode(entries: list[dict[str, str]]) -> bytes:
    return json.dumps({"Modules": entries}, separators=(",", ":"), ensure_ascii=False).encode()


def decode(record: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Key, source, version and folder of each entry. Raises ValueError, KeyError or TypeError for what is no record."""
    for each in json.loads(record)["Modules"]:
        yield str(each["Key"]), str(each["Source"]), str(each.get("Version", "")), str(each["Dir"])
