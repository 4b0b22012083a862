"""Remote modules: classification of source addresses, and their code in a release.

Fetched packages are in the bundle below `.remote/`. Terraform finds them through its module record (`modules.json`),
written into the folder of each stack: no source in the code changes, and Terraform fetches nothing.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import TYPE_CHECKING

from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER

if TYPE_CHECKING:
    from envctl.domain.release.bundle import File
    from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.release.wiring import BundledModule

# Compiled when they are used first: most commands meet no remote module.
_EXACT_VERSION = r"\s*=?\s*v?\d+(?:\.\d+)*(?:-[\w.~-]+)?(?:\+[\w.-]+)?\s*"
_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}"
_CHECKSUM = r"(?:sha\d+(?::|%3A))?[0-9a-f]{40,}"
_ARCHIVE = r"(?:https?|s3|gcs):"
_ADDRESS_PREFIX = r"\A(?:\w+::)?(?:\w+://)?(?:[^/@]*@)?(?:registry\.(?:terraform\.io|opentofu\.org)/)?"
_UNNAMEABLE = r"[^a-z0-9._]+"
_CREDENTIALS = r"(?<=://)[^/@\s'\"]+:[^/@\s'\"]*@|(?<=https://)[^/@\s'\"]+@|(?<=sshkey=)[^&\s'\"]+"
_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class Package:
    """The files fetched from one address, by path in the package. A package may hold several modules."""

    source: str
    files: "Mapping[str, File]"

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for name, file in sorted(self.files.items()):
            line = f"{name}\0{file.executable}\0{hashlib.sha256(file.data).hexdigest()}\0"
            digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """A folder name from the address without its version: a diff then shows the same files as changed."""
        path = re.sub(_ADDRESS_PREFIX, "", self.source.partition("?")[0])
        package = path.partition("//")[0].removesuffix(".git").lower()
        return re.sub(_UNNAMEABLE, "-", package).strip("-.") or "module"


@dataclass(frozen=True)
class ResolvedModule:
    """A module call with its code: in a package, or in the project if `package` is None. See BundledModule."""

    source: str
    version: str
    folder: str
    package: Package | None = None
    top: str = ""  # the folder in an installation with the files of the package: empty, or like `vpc-5.1.0`


def is_local_source(source: str) -> bool:
    return source.startswith(("./", "../"))


def normalize_local_source(source: str) -> str:
    """Return a local source as Terraform records it, with a leading `./` or `../`."""
    path = normpath(source)
    return path if path.startswith("../") else f"./{path}"


def is_pinned_call(call: "ModuleCall") -> bool:
    """Check that the address always means the same code: an exact version, a commit or a checksum."""
    if call.version:
        return re.fullmatch(_EXACT_VERSION, call.version) is not None
    address, _, query = call.source.partition("?")
    # The first of several equal names counts, as in Terraform.
    parameters = dict(part.partition("=")[::2] for part in reversed(query.split("&")))
    if re.match(_ARCHIVE, address):
        return re.fullmatch(_CHECKSUM, parameters.get("checksum", "")) is not None
    return re.fullmatch(_COMMIT, parameters.get("ref", "")) is not None


def redact_credentials(source: str) -> str:
    """Return the text, an address or a message, with credentials in addresses replaced by `***`."""
    return re.sub(_CREDENTIALS, lambda secret: "***@" if secret[0].endswith("@") else "***", source)


def bundle_modules(
    found: Mapping[str, ResolvedModule], roots: Collection[str] = ()
) -> "tuple[tuple[BundledModule, ...], dict[str, File]]":
    """Return the modules for the wiring of a release, and the files of their packages by path in the bundle.
    `roots` are the stacks with a root module that runs as it is.

    Stacks without remote modules are omitted: Terraform finds local modules by itself.
    """
    folders = _assign_folders([module.package for module in found.values() if module.package])
    files = {f"{folder}/{name}": file for folder, package in folders.values() for name, file in package.files.items()}
    stacks = {key.partition(".")[0] for key, module in found.items() if module.package}
    modules = []
    for key, module in sorted(found.items()):
        if key.partition(".")[0] in stacks:
            folder = module.folder
            if module.package is not None:
                folder = normpath(f"{folders[module.package.name, module.package.digest][0]}/{folder}")
            # Only a root has its modules where Terraform installs them.
            top = module.top if key.partition(".")[0] in roots else ""
            modules.append(BundledModule(key, module.source, module.version, folder, top))
    return tuple(modules), files


def _assign_folders(packages: list[Package]) -> dict[tuple[str, str], tuple[str, Package]]:
    """Return the folder of each package; names shared by several packages get a part of the digest."""
    distinct = {(package.name, package.digest): package for package in packages}
    names = [name for name, _ in distinct]
    return {
        (name, digest): (
            f"{REMOTE_MODULES_FOLDER}/{name}" + (f"-{digest[:_DIGEST_LENGTH]}" if names.count(name) > 1 else ""),
            package,
        )
        for (name, digest), package in distinct.items()
    }


def to_record_entry(key: str, source: str, version: str, folder: str) -> dict[str, str]:
    return {"Key": key, "Source": source, **({"Version": version} if version else {}), "Dir": folder}


def encode_module_record(entries: list[dict[str, str]]) -> bytes:
    return json.dumps({"Modules": entries}, separators=(",", ":"), ensure_ascii=False).encode()


def decode_module_record(record: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, source, version and folder of each entry. Raises ValueError, KeyError or TypeError for other bytes."""
    for each in json.loads(record)["Modules"]:
        yield str(each["Key"]), str(each["Source"]), str(each.get("Version", "")), str(each["Dir"])
