"""The contents of a release, and its immutable bundle, named by the SHA-256 of its bytes.

The bundle is an uncompressed tar of sorted names without times and owners. Equal content gives equal bytes on every
machine; a release is verified by its hash before parsing.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.manifest import DamagedBundleError, parse_wiring, to_manifest
from envctl.domain.release.manifest_shape import parse_manifest
from envctl.domain.release.portable_paths import find_clash, find_path_fault
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.terraform.workdir_names import LOCK_FILE

MANIFEST = "release.json"
_RENAME_HINT = "rename it: a release must be the same on every machine"


@dataclass(frozen=True)
class File:
    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Release:
    """A release, complete once no module is missing."""

    wiring: Wiring
    files: Mapping[str, File]  # modules and provider lock, by path as the project writes it
    missing: tuple[ModuleCall, ...] = ()  # remote modules not fetched yet; a bundle needs their code

    def with_lock(self, lock: bytes | None) -> "Release":
        """Return the release with another provider lock, or without one."""
        files = {name: file for name, file in self.files.items() if name != LOCK_FILE}
        return replace(self, files=files if lock is None else {**files, LOCK_FILE: File(lock)})

    @property
    def bundled_files(self) -> Mapping[str, File]:
        """The files by path from the top of the bundle."""
        return {self.wiring.to_bundle_path(path): file for path, file in self.files.items()}

    def lock_bytes(self) -> bytes | None:
        file = self.files.get(LOCK_FILE)
        return file.data if file else None


def compute_identity(bundle: bytes) -> str:
    return hashlib.sha256(bundle).hexdigest()


def pack(release: Release) -> bytes:
    import tarfile  # late, as everywhere: most commands neither make nor open a bundle

    if release.missing:
        raise ValueError("a release has no bundle without the code of all its modules")
    wiring = release.wiring.relocate(release.wiring.to_bundle_path)
    manifest = json.dumps(to_manifest(wiring), sort_keys=True, indent=1, ensure_ascii=False).encode()
    files = {**release.bundled_files, MANIFEST: File(manifest)}
    _check_portable(files)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name].data)
            member.mode = 0o755 if files[name].executable else 0o644
            tar.addfile(member, io.BytesIO(files[name].data))
    return buffer.getvalue()


def unpack(bundle: bytes, expected: str) -> Release:
    """Return the release in these bytes, parsed only after its hash matched. Raises DamagedBundleError."""
    import tarfile

    if compute_identity(bundle) != expected:
        raise DamagedBundleError("its SHA-256 does not match its name")
    files: dict[str, File] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:") as tar:
            for member in tar:
                # extractfile() follows links to other members, so the type is checked first.
                data = tar.extractfile(member) if member.isreg() else None
                if data is None or find_path_fault(member.name):
                    raise DamagedBundleError(f"{member.name!r} is not a regular file inside the bundle")
                if member.name in files:
                    raise DamagedBundleError(f"{member.name!r} is in the bundle twice")
                files[member.name] = File(data.read(), executable=bool(member.mode & 0o100))
        if clash := find_clash(files):
            raise DamagedBundleError(f"{clash[0]!r} and {clash[1]!r} can't both be stored")
        wiring = parse_wiring(parse_manifest(files.pop(MANIFEST).data))
    except (tarfile.TarError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, DamagedBundleError):
            raise
        raise DamagedBundleError(f"it can't be read: {error}") from error
    named = {wiring.to_project_path(path): file for path, file in files.items()}
    return Release(wiring.relocate(wiring.to_project_path), named)


def _check_portable(names: Iterable[str]) -> None:
    """Raises ConfigurationError (E481) for paths invalid on some machines: the release could not be unpacked there."""
    faults = {name: fault for name in names if (fault := find_path_fault(name))}
    problems = [Problem("E481", f"{name!r} {fault}", _RENAME_HINT) for name, fault in faults.items()]
    if clash := find_clash(names):
        message = f"some file systems can't store both {clash[0]} and {clash[1]}"
        problems.append(Problem("E481", message, _RENAME_HINT))
    if problems:
        raise ConfigurationError(*problems)
