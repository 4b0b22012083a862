"""Pack a release into an immutable bundle, named by the SHA-256 of its bytes.

The bundle is an uncompressed tar of sorted names without times and owners. Equal content gives equal bytes on every
machine; a release is verified by its hash before parsing.
"""

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.plan.leaving_stacks import FATES
from envctl.domain.release.bundle_names import find_clash, find_folder_fault, find_path_fault
from envctl.domain.release.contents import BundledModule, File, Release, StackWiring, Wiring
from envctl.domain.terraform.literals import IDENTIFIER
from envctl.domain.terraform.variables import Variable
from envctl.domain.text.identifiers import is_name

MANIFEST = "release.json"
_RENAME_HINT = "rename it: a release has to be the same wherever it is unpacked"
FORMAT = 1
FORMAT_WITH_MODULES = 2
"""The format of releases with remote modules: an older envctl would fetch those again, and must refuse the release."""
FORMAT_WITH_LEAVING_STACKS = 3
"""The format of releases with removed or renamed stacks: an older envctl would orphan or duplicate resources."""


class DamagedBundleError(ValueError):
    """The bytes are not the expected release."""


def compute_identity(bundle: bytes) -> str:
    return hashlib.sha256(bundle).hexdigest()


def pack(release: Release) -> bytes:
    import tarfile  # late, as everywhere: most commands neither make nor open a bundle

    if release.missing:
        raise ValueError("a release has no bundle before it carries the code of all its modules")
    manifest = json.dumps(_to_manifest(release.wiring), sort_keys=True, indent=1, ensure_ascii=False).encode()
    files = {**release.files, MANIFEST: File(manifest)}
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
        raise DamagedBundleError("its SHA-256 is not its name")
    files: dict[str, File] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:") as tar:
            for member in tar:
                # extractfile() follows links to other members, so the type is checked first.
                data = tar.extractfile(member) if member.isreg() else None
                if data is None or find_path_fault(member.name):
                    raise DamagedBundleError(f"{member.name!r} is not an ordinary file inside the bundle")
                if member.name in files:
                    raise DamagedBundleError(f"{member.name!r} is in the bundle twice")
                files[member.name] = File(data.read(), executable=bool(member.mode & 0o100))
        if clash := find_clash(files):
            raise DamagedBundleError(f"{clash[0]!r} and {clash[1]!r} can't both be kept")
        wiring = _parse_wiring(json.loads(files.pop(MANIFEST).data))
    except (tarfile.TarError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, DamagedBundleError):
            raise
        raise DamagedBundleError(f"it can't be read: {error}") from error
    return Release(wiring, files)


def _check_portable(names: Iterable[str]) -> None:
    """Raises ConfigurationError (E481) for paths invalid on some machines: the release could not be unpacked there."""
    faults = {name: fault for name in names if (fault := find_path_fault(name))}
    problems = [Problem("E481", f"{name!r} {fault}", _RENAME_HINT) for name, fault in faults.items()]
    if clash := find_clash(names):
        message = f"{clash[0]} and {clash[1]} can't both be kept by every file system"
        problems.append(Problem("E481", message, _RENAME_HINT))
    if problems:
        raise ConfigurationError(*problems)


def _to_manifest(wiring: Wiring) -> dict[str, Any]:
    modules = [{"key": m.key, "source": m.source, "version": m.version, "folder": m.folder} for m in wiring.modules]
    leaving = bool(wiring.removed) or any(stack.moved_from for stack in wiring.stacks.values())
    return {
        "format": FORMAT_WITH_LEAVING_STACKS if leaving else FORMAT_WITH_MODULES if modules else FORMAT,
        "project": wiring.project,
        "terraform": wiring.terraform,
        # A list: the order counts, and JSON objects have none.
        "stacks": [
            {"name": name, "module": stack.module, "inputs": dict(stack.inputs)}
            # Omitted if empty: older releases keep their hashes.
            | ({"region": stack.region} if stack.region else {})
            | ({"after": list(stack.after)} if stack.after else {})
            | ({"moved_from": stack.moved_from} if stack.moved_from else {})
            for name, stack in wiring.stacks.items()
        ],
        "artifacts": dict(wiring.artifacts),
        "schema": {stack: [asdict(v) for v in variables] for stack, variables in wiring.schema.items()},
        "outputs": {stack: dict(outputs) for stack, outputs in wiring.outputs.items()},
        "providers": {name: dict(provider) for name, provider in wiring.providers.items()},
        **({"modules": modules} if modules else {}),
        **({"removed": dict(wiring.removed)} if wiring.removed else {}),
    }


def _parse_stack(document: dict[str, Any]) -> StackWiring:
    region, after = document.get("region", ""), tuple(document.get("after", ()))
    before = document.get("moved_from", "")
    for name in (document["name"], *after, *filter(None, (region, before))):
        if not is_name(name):
            raise DamagedBundleError(f"{name!r} is not a name")
    if fault := find_folder_fault(document["module"]):
        raise DamagedBundleError(f"the module {document['module']!r} {fault}")
    return StackWiring(document["module"], document["inputs"], region, after, before)


def _parse_wiring(document: dict[str, Any]) -> Wiring:
    if document["format"] not in (FORMAT, FORMAT_WITH_MODULES, FORMAT_WITH_LEAVING_STACKS):
        raise DamagedBundleError(f"format {document['format']} is not known to this version of envctl")
    removed = document.get("removed", {})
    names = (document["project"], *document["schema"], *document["outputs"], *removed)
    wrong = [name for name in names if not is_name(name)]
    wrong += [name for name in document["artifacts"] if not IDENTIFIER.fullmatch(name)]
    if wrong:
        raise DamagedBundleError(f"{wrong[0]!r} is not a name")
    if unknown := [fate for fate in removed.values() if fate not in FATES]:
        raise DamagedBundleError(f"{unknown[0]!r} is nothing that becomes of a stack")
    return Wiring(
        project=document["project"],
        terraform=document["terraform"],
        stacks={s["name"]: _parse_stack(s) for s in document["stacks"]},
        artifacts=document["artifacts"],
        schema={stack: tuple(Variable.from_json(v) for v in vs) for stack, vs in document["schema"].items()},
        outputs=document["outputs"],
        providers=document["providers"],
        modules=tuple(_parse_module(m) for m in document.get("modules", ())),
        removed=removed,
    )


def _parse_module(document: dict[str, str]) -> BundledModule:
    if find_folder_fault(document["folder"]):
        raise DamagedBundleError(f"the module {document['key']} lies outside of the bundle")
    return BundledModule(document["key"], document["source"], document["version"], document["folder"])
