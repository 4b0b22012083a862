"""The contents of a release, and its immutable bundle, named by the SHA-256 of its bytes.

The bundle is an uncompressed tar of sorted names without times and owners. Equal content gives equal bytes on every
machine; a release is verified by its hash before parsing.
"""

import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.plan.changes import FATES, Fate
from envctl.domain.release.manifest_shape import parse_manifest
from envctl.domain.release.root_code import RootCode, parse_root_code
from envctl.domain.terraform.bundle_paths import to_bundle_path, to_project_path
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output
from envctl.domain.terraform.literals import IDENTIFIER, format_number
from envctl.domain.terraform.variables import ModuleCall, Schema, Variable
from envctl.domain.terraform.workdir_names import LOCK_FILE, normalize_root
from envctl.domain.text.identifiers import NAME, VALUE_PATH_PATTERN, is_provider_name

if TYPE_CHECKING:
    from envctl.domain.release.kubernetes_code import KubernetesCode

_DRIVE = re.compile(r"[A-Za-z]:")
_TOOL_FOLDERS = frozenset({".git", ".terraform"})
"""Folders reserved by git and Terraform."""
_MAX_PART_BYTES = 255
MANIFEST = "release.json"
_RENAME_HINT = "rename it: a release must be the same on every machine"
FORMAT = 1
FORMAT_WITH_MODULES = 2
"""The format of releases with remote modules: an older envctl would fetch those again, and must refuse the release."""
FORMAT_WITH_LEAVING_STACKS = 3
"""The format of releases with removed or renamed stacks: an older envctl would orphan or duplicate resources."""
FORMAT_WITH_ROOTS = 4
"""The format of releases that an older envctl would render in another way, such as root modules as they are."""

FORMAT_WITH_KUBERNETES = 5
"""The format of releases with stacks of Kubernetes objects: an older envctl would take them for modules."""

_KNOWN_FORMATS = (FORMAT, FORMAT_WITH_MODULES, FORMAT_WITH_LEAVING_STACKS, FORMAT_WITH_ROOTS, FORMAT_WITH_KUBERNETES)


@dataclass(frozen=True)
class BundledModule:
    """A module called below the root of a stack, with the fields of an entry in Terraform's `modules.json`."""

    key: str  # the stack and the names of the calls, like `network.vpc`
    source: str  # as Terraform spells it
    version: str  # as chosen in the registry
    folder: str  # as the project writes it
    top: str = ""  # of a remote module in a root: the folder in its installation that the release holds

    @property
    def stack_name(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class StackWiring:
    """The code of a stack, and its connections to other stacks."""

    module: str  # path of its folder, or of the archive of a chart, as the project writes it
    inputs: Mapping[str, str] = field(default_factory=dict)  # output references by variable, as in envctl.toml
    region: str = ""  # name of its region; empty for that of the environment
    after: tuple[str, ...] = ()  # stacks applied before it without an input from them
    moved_from: str = ""  # former name of a renamed stack
    root_code: RootCode | None = None  # code of a root module, which runs as it is
    # keys of its providers: of `datadog`, or of the alias `aws.us_east_1`
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    default_tags: bool | None = None  # None: a module gets them, a root does not
    set_values: Mapping[str, object] = field(
        default_factory=dict
    )  # values by `VARIABLE`, or by `STACK.VARIABLE` for one stack, equal in all environments
    kubernetes: "KubernetesCode | None" = None  # code of Kubernetes objects: no Terraform runs for the stack

    @property
    def is_module(self) -> bool:
        """True if Terraform runs a root module that envctl renders around its module."""
        return self.root_code is None and self.kubernetes is None

    @property
    def is_root(self) -> bool:
        return self.root_code is not None

    @property
    def root(self) -> str:
        """The folder of a root module that runs as it is; empty for a module."""
        return "" if self.root_code is None else normalize_root(self.module)

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stacks it reads outputs of."""
        return tuple(sorted({reference.partition(".")[0] for reference in self.references}))

    @property
    def references(self) -> tuple[str, ...]:
        """The outputs that it reads: for its variables, and for the name of its cluster."""
        cluster = self.kubernetes.cluster if self.kubernetes else ""
        return (*self.inputs.values(), *([cluster] if is_cluster_output(cluster) else []))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliased configurations in its providers, such as `aws.us_east_1`."""
        return tuple(sorted(name for name in self.providers if "." in name))

    @property
    def has_default_tags(self) -> bool:
        return self.is_module if self.default_tags is None else self.default_tags

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks to apply before it."""
        return tuple(sorted({*self.upstream, *self.after}))


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """A release without its files; equal in all environments."""

    project: str
    terraform: str  # version constraint
    stacks: Mapping[str, StackWiring]  # in the order of apply
    artifacts: Mapping[str, object]  # values by `VARIABLE`, or by `STACK.VARIABLE` for one stack
    schema: Schema
    outputs: Mapping[str, Mapping[str, bool]]  # by stack and name; true if sensitive
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    modules: tuple[BundledModule, ...] = ()  # all modules of the stacks with remote ones
    removed: Mapping[str, Fate] = field(default_factory=dict)  # fate of stacks still held by an environment
    base: str = ""  # folder of the project in the bundle, if it has code from outside of the project

    @property
    def stack_regions(self) -> Mapping[str, str]:
        """Region names of the stacks outside the region of their environment."""
        return {name: stack.region for name, stack in self.stacks.items() if stack.region}

    @property
    def object_stacks(self) -> tuple[str, ...]:
        """The stacks of Kubernetes objects."""
        return tuple(name for name, stack in self.stacks.items() if stack.kubernetes is not None)

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """The stacks to apply before each stack."""
        return {name: stack.needs for name, stack in self.stacks.items()}

    @property
    def cluster_outputs(self) -> Mapping[str, str]:
        """The output with the name of the cluster, by stack of Kubernetes objects in the region of that output."""
        clusters = {name: stack.kubernetes.cluster for name, stack in self.stacks.items() if stack.kubernetes}
        return {
            name: cluster
            for name, cluster in clusters.items()
            if is_cluster_output(cluster)
            and self.stacks[name].region == self.stacks[OutputReference.parse(cluster).stack].region
        }

    def to_bundle_path(self, path: str) -> str:
        """Return a path of the project from the top of the bundle: see `bundle_paths`."""
        return to_bundle_path(self.base, path) if self.base else path

    def to_project_path(self, path: str) -> str:
        """Return a path of the bundle as the project writes it."""
        return to_project_path(self.base, path) if self.base else path

    def find_root_folder(self, stack: str) -> str:
        """Return the folder of a root module that runs as it is, in the tree of its stack; empty for a module."""
        folder = self.stacks[stack].root
        return self.to_bundle_path(folder) if folder else ""

    def normalize_path(self, path: str) -> str:
        """Return the only spelling of a path of the project: one may lead up and back into it."""
        return self.to_project_path(self.to_bundle_path(path))

    def relocate(self, move: Callable[[str], str]) -> "Wiring":
        """Return the wiring with another form of all paths."""
        if not self.base:
            return self
        stacks = {
            name: replace(
                stack,
                module=move(stack.module),
                root_code=stack.root_code and stack.root_code.relocate(move),
                kubernetes=stack.kubernetes and stack.kubernetes.relocate(move),
            )
            for name, stack in self.stacks.items()
        }
        modules = tuple(replace(module, folder=move(module.folder)) for module in self.modules)
        return replace(self, stacks=stacks, modules=modules)


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


def find_path_fault(path: str) -> str:
    """Return the fault of a path in a bundle; empty if it is valid."""
    if not path or path.startswith("/") or _DRIVE.match(path):
        return "is not relative"
    if "\\" in path or any(unicodedata.category(letter) == "Cc" for letter in path):
        return "holds a backslash or a control character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return 'has an empty part, or a part such as ".."'
    if _TOOL_FOLDERS & {_fold_name(part) for part in parts}:
        return "is in a folder of git or Terraform"
    if any(len(part.encode(errors="surrogatepass")) > _MAX_PART_BYTES for part in parts):
        return "has a part too long for a file system"
    return ""


def find_folder_fault(path: str) -> str:
    """Return the fault of a folder as spelled in `envctl.toml`: a trailing slash and a leading `./` are allowed."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "is not relative" if path.startswith("/") else find_path_fault("/".join(parts))


def find_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return two paths that clash on some file systems, or None.

    They differ only in case or Unicode form, or one is a file and the other needs a folder there.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        folded = _fold_name(path)
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
        for folder in map(str, PurePosixPath(path).parents):
            if folder == ".":
                continue
            # Two spellings of a folder are one folder on some machines, and two on others.
            if folders.setdefault(_fold_name(folder), folder) != folder:
                return folders[_fold_name(folder)], path
    return next(((seen[name], folders[name]) for name in sorted(folders.keys() & seen.keys())), None)


def _fold_name(name: str) -> str:
    """Return the name as a case-insensitive file system compares it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def to_json_values(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values with numbers that no float holds exactly as text: Terraform turns it into the exact number."""
    return {name: _to_json_value(value) for name, value in values.items()}


def _to_json_value(value: object) -> object:
    match value:
        case Decimal():
            return format_number(value)
        case Mapping():
            return to_json_values(value)
        case list():
            return [_to_json_value(each) for each in value]
        case _:
            return value


class DamagedBundleError(ValueError):
    """The bytes are not the expected release."""


def compute_identity(bundle: bytes) -> str:
    return hashlib.sha256(bundle).hexdigest()


def pack(release: Release) -> bytes:
    import tarfile  # late, as everywhere: most commands neither make nor open a bundle

    if release.missing:
        raise ValueError("a release has no bundle without the code of all its modules")
    wiring = release.wiring.relocate(release.wiring.to_bundle_path)
    manifest = json.dumps(_to_manifest(wiring), sort_keys=True, indent=1, ensure_ascii=False).encode()
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
        wiring = _parse_wiring(parse_manifest(files.pop(MANIFEST).data))
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


def _to_manifest(wiring: Wiring) -> dict[str, Any]:
    modules = [
        {"key": m.key, "source": m.source, "version": m.version, "folder": m.folder} | ({"top": m.top} if m.top else {})
        for m in wiring.modules
    ]
    return {
        "format": _choose_format(wiring),
        "project": wiring.project,
        "terraform": wiring.terraform,
        # A list: the order counts, and JSON objects have none.
        "stacks": [
            {"name": name, "module": stack.module, "inputs": dict(stack.inputs)}
            # Omitted if empty: older releases keep their hashes.
            | ({"region": stack.region} if stack.region else {})
            | ({"after": list(stack.after)} if stack.after else {})
            | ({"moved_from": stack.moved_from} if stack.moved_from else {})
            | ({"root": stack.root_code.to_json()} if stack.root_code else {})
            | ({"kubernetes": stack.kubernetes.to_json()} if stack.kubernetes else {})
            | ({"providers": {name: dict(each) for name, each in stack.providers.items()}} if stack.providers else {})
            | ({} if stack.default_tags is None else {"default_tags": stack.default_tags})
            | ({"set": dict(stack.set_values)} if stack.set_values else {})
            for name, stack in wiring.stacks.items()
        ],
        "artifacts": dict(wiring.artifacts),
        "schema": {stack: [v.to_json() for v in variables] for stack, variables in wiring.schema.items()},
        "outputs": {stack: dict(outputs) for stack, outputs in wiring.outputs.items()},
        "providers": {name: dict(provider) for name, provider in wiring.providers.items()},
        **({"modules": modules} if modules else {}),
        **({"removed": dict(wiring.removed)} if wiring.removed else {}),
        **({"base": wiring.base} if wiring.base else {}),
    }


def _choose_format(wiring: Wiring) -> int:
    """Return the oldest format that an envctl must know to deploy the release."""
    if any(stack.kubernetes for stack in wiring.stacks.values()):
        return FORMAT_WITH_KUBERNETES
    has_ephemeral = any(each.ephemeral for variables in wiring.schema.values() for each in variables)
    if (
        wiring.base
        or has_ephemeral
        or any("." in key for key in wiring.artifacts)
        or any(s.is_root or s.providers or s.default_tags is not None or s.set_values for s in wiring.stacks.values())
    ):
        return FORMAT_WITH_ROOTS
    if wiring.removed or any(stack.moved_from for stack in wiring.stacks.values()):
        return FORMAT_WITH_LEAVING_STACKS
    return FORMAT_WITH_MODULES if wiring.modules else FORMAT


def _parse_stack(document: dict[str, Any]) -> StackWiring:
    region, after = document.get("region", ""), tuple(document.get("after", ()))
    before = document.get("moved_from", "")
    for name in (document["name"], *after, *filter(None, (region, before))):
        if not NAME.fullmatch(name):
            raise DamagedBundleError(f"{name!r} is not a name")
    is_project = "root" in document and document["module"] == "."
    if not is_project and (fault := find_folder_fault(document["module"])):
        raise DamagedBundleError(f"the module {document['module']!r} {fault}")
    providers, tagged = document.get("providers", {}), document.get("default_tags")
    if wrong := [name for name, each in providers.items() if not is_provider_name(name) or not isinstance(each, dict)]:
        raise DamagedBundleError(f"{wrong[0]!r} is not the configuration of a provider")
    code = parse_root_code(document["root"]) if "root" in document else None
    objects = _parse_objects(document)
    paths = [*(code.tree if code else ()), *_list_kubernetes_paths(objects)]
    if wrong := [path for path in paths if find_folder_fault(path)]:
        raise DamagedBundleError(f"the path {wrong[0]!r} of {document['name']} is outside the bundle")
    values = dict(document.get("set", {}))
    known = re.compile(VALUE_PATH_PATTERN, re.ASCII) if objects else IDENTIFIER
    if wrong := [name for name in values if not known.fullmatch(name)]:
        raise DamagedBundleError(f"{wrong[0]!r} is not the name of a variable")
    return StackWiring(
        module=document["module"],
        inputs=document["inputs"],
        region=region,
        after=after,
        moved_from=before,
        root_code=code,
        providers=providers,
        default_tags=tagged if isinstance(tagged, bool) else None,
        set_values=values,
        kubernetes=objects,
    )


def _parse_objects(document: dict[str, Any]) -> "KubernetesCode | None":
    """Return the code of Kubernetes objects. Imported late: many releases have none."""
    if "kubernetes" not in document:
        return None
    from envctl.domain.release.kubernetes_code import parse_kubernetes_code

    return parse_kubernetes_code(document["kubernetes"])


def _list_kubernetes_paths(code: "KubernetesCode | None") -> list[str]:
    if code is None:
        return []
    return [*code.tree, *filter(None, (code.overlay, code.values_file))]


def _parse_wiring(document: dict[str, Any]) -> Wiring:
    if document["format"] not in _KNOWN_FORMATS:
        raise DamagedBundleError(f"format {document['format']} is not known to this version of envctl")
    removed = document.get("removed", {})
    names = (document["project"], *document["schema"], *document["outputs"], *removed)
    wrong = [name for name in names if not NAME.fullmatch(name)]
    wrong += [key for key in document["artifacts"] if not _is_artifact_key(key)]
    if wrong:
        raise DamagedBundleError(f"{wrong[0]!r} is not a name")
    if unknown := [fate for fate in removed.values() if fate not in FATES]:
        raise DamagedBundleError(f"{unknown[0]!r} is not a valid fate of a stack")
    base = document.get("base", "")
    if base and find_path_fault(base):
        raise DamagedBundleError(f"the project folder {base!r} {find_path_fault(base)}")
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
        base=base,
    )


def _is_artifact_key(key: str) -> bool:
    """Check for the name of a variable, or that of a stack and of its variable."""
    stack, dot, variable = key.rpartition(".")
    return bool(IDENTIFIER.fullmatch(variable)) and (not dot or bool(NAME.fullmatch(stack)))


def _parse_module(document: dict[str, str]) -> BundledModule:
    key, top, folder = document["key"], document.get("top", ""), document["folder"]
    # The folder of the project may be a module of a root below it.
    if (folder != "." and find_folder_fault(folder)) or (top and find_path_fault(top)):
        raise DamagedBundleError(f"the module {key} is outside the bundle")
    if "/" in key or find_path_fault(key) or not all(key.split(".")):
        raise DamagedBundleError(f"{key!r} is not the key of a module")
    return BundledModule(key, document["source"], document["version"], folder, top)
