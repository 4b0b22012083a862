"""Root modules for plain Terraform, without envctl: those that envctl renders, and those that run as they are.

The folder has one folder for each environment, with one for each stack. The code of the modules lies beside them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import isabs, join, normpath
from typing import Any

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.rendering.local_states import LOCAL_PATHS
from envctl.domain.release.rendering.root_module import RootModule
from envctl.domain.release.rendering.root_override import list_stack_inputs, list_tree_files
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.hcl_blocks import Expression, format_block
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.workdir_names import (
    CODE_FOLDER,
    DECLARATIONS_FILE,
    JSON_OVERRIDE_FILE,
    LOCK_FILE,
    OVERRIDE_FILE,
    REMOTE_MODULES_FOLDER,
    SESSION_VARIABLE,
    SETTINGS_FILE,
    climb_to_stack,
    join_workdir,
)

MAIN_FILE, PLACE_FILE = "main.tf", "place.tf.json"
SHARED_CODE_FOLDER = "code"
# Beside a root as it is. Terraform reads the last override file last.
_PLAIN_NAMES = {
    OVERRIDE_FILE: "zzz_place_override.tf",
    JSON_OVERRIDE_FILE: "zzz_place_override.tf.json",
    DECLARATIONS_FILE: "zzz_place.tf",
    SETTINGS_FILE: "zzz_settings.auto.tfvars",
}
_SESSION_NAMES = (f"${{var.{SESSION_VARIABLE}}}", "envctl")


@dataclass(frozen=True, kw_only=True)
class PlainStack:
    """A root module for plain Terraform."""

    name: str
    folder: str  # where Terraform runs, in the folder of all
    variables: tuple[str, ...] = ()  # the sensitive variables without a value
    # The variables filled from outputs of other stacks, of a root module that runs as it is.
    inputs: tuple[StackInput, ...] = ()
    workspace: str = ""  # the workspace that holds its state; empty for the default one
    is_root: bool = False  # it is a root module of the project, with files added
    files: Mapping[str, File] = field(default_factory=dict, repr=False)  # the files by path in the folder of all


@dataclass(frozen=True)
class Layout:
    """Places in the new folder."""

    code: str  # the folder with the code of the modules, from the top
    project: str  # the path from the top to the project, for local states
    home: str  # the folder of envctl in the project, with the working directories


def build_plain_stack(
    release: Release, root: RootModule, backend: Backend, secrets: Sequence[str], layout: Layout
) -> PlainStack:
    """Return the root module of a stack. `secrets` are its variables with values that are no settings."""
    environment = backend.environment
    folder = join_workdir(environment, root.stack, root.root)
    move = _Mover(environment, root.stack, root.root, layout)
    if root.generated is not None:
        # Terraform installs the remote modules.
        files = list_tree_files(release, root.stack)
        code = {f"{environment}/{root.stack}/{path}": file for path, file in files.items()}
        added = {f"{folder}/{name}": File(data) for name, data in _rename_added_files(root.generated, move)}
        files = {**code, **added}
    else:
        files = {f"{folder}/{name}": File(data) for name, data in _write_rendered(root, move, layout)}
    if lock := release.lock_bytes():
        files[f"{folder}/{LOCK_FILE}"] = File(lock)
    variables = tuple(sorted({*root.secrets, *secrets}))
    inputs = list_stack_inputs(release.wiring, root.stack, backend)
    return PlainStack(
        name=root.stack,
        folder=folder,
        variables=variables,
        inputs=inputs,
        workspace=root.workspace,
        is_root=bool(root.root),
        files=files,
    )


def collect_module_code(release: Release) -> dict[str, File]:
    """Return the code that rendered root modules call, by its path in the bundle. Terraform fetches remote modules."""
    wiring = release.wiring
    if not any(stack.is_module for stack in wiring.stacks.values()):
        return {}
    called = [wiring.to_bundle_path(stack.module) for stack in wiring.stacks.values() if stack.is_module]
    roots = [wiring.find_root_folder(name) for name, stack in wiring.stacks.items() if stack.is_root]
    own = tuple(f"{root}/" for root in roots if not any(f"{module}/".startswith(f"{root}/") for module in called))
    remote = wiring.to_bundle_path(REMOTE_MODULES_FOLDER) + "/"
    files = release.with_lock(None).bundled_files
    return {path: file for path, file in files.items() if not path.startswith((remote, *own))}


@dataclass(frozen=True)
class _Mover:
    """Moves the paths of local states, which are relative to the folder where Terraform runs."""

    environment: str
    stack: str
    root: str
    layout: Layout

    def relocate_path(self, path: str) -> str:
        if isabs(path):
            return path
        before = join(self.layout.home, "work", join_workdir(self.environment, self.stack, self.root))
        up = f"../../{climb_to_stack(self.root)}"
        return normpath(join(up, self.layout.project, join(before, path)))

    def relocate_backend(self, kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        plain = dict(_drop_session(settings))
        if kind == "local":
            plain |= {key: self.relocate_path(plain[key]) for key in LOCAL_PATHS if key in plain}
        return plain

    def relocate_terraform(self, block: Mapping[str, Any]) -> dict[str, Any]:
        backend = {kind: self.relocate_backend(kind, settings) for kind, settings in block.get("backend", {}).items()}
        return {**block, **({"backend": backend} if backend else {})}


def _drop_session(value: Any) -> Any:  # noqa: ANN401 (any part of a document)
    """Return a document without the session names that envctl passes."""
    match value:
        case Mapping():
            return {
                key: _drop_session(item)
                for key, item in value.items()
                if not (key == "session_name" and item in _SESSION_NAMES)
            }
        case list() | tuple():
            return [_drop_session(item) for item in value]
        case _:
            return value


def _rename_added_files(generated: GeneratedFiles, move: _Mover) -> Iterator[tuple[str, bytes]]:
    override = dict(_drop_session(generated.override))
    override["terraform"] = move.relocate_terraform(override["terraform"])
    declarations = _drop_session_variable(generated.declarations)
    files = replace(generated, override=override, declarations=declarations).encode()
    return ((_PLAIN_NAMES[name], data) for name, data in sorted(files.items()))


def _drop_session_variable(document: Mapping[str, Any]) -> dict[str, Any]:
    variables = {name: each for name, each in document.get("variable", {}).items() if name != SESSION_VARIABLE}
    rest = {name: each for name, each in document.items() if name != "variable"}
    return {**rest, **({"variable": variables} if variables else {})}


def _write_rendered(root: RootModule, move: _Mover, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """Yield a file for people, and one for the place: only Terraform knows which tables of providers are blocks."""
    document = _drop_session_variable(_drop_session(root.document))
    place = {"terraform": move.relocate_terraform(document["terraform"])}
    if "provider" in document:
        place["provider"] = document["provider"]
    yield MAIN_FILE, "\n".join(_list_blocks(document, move, layout)).encode()
    yield PLACE_FILE, (json.dumps(place, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _list_blocks(document: Mapping[str, Any], move: _Mover, layout: Layout) -> Iterator[str]:
    for name, call in document.get("module", {}).items():
        arguments = dict(call)
        source = str(arguments.pop("source")).removeprefix(f"../{CODE_FOLDER}/")
        if providers := arguments.pop("providers", None):
            arguments["providers"] = {Expression(key): Expression(value) for key, value in providers.items()}
        yield format_block("module", (name,), {"source": f"../../{layout.code}/{source}", **arguments})
    for pair in document.get("moved", ()):
        yield format_block("moved", (), {key: Expression(address) for key, address in pair.items()})
    for name, each in document.get("data", {}).get("terraform_remote_state", {}).items():
        config = move.relocate_backend(each["backend"], each["config"])
        yield format_block("data", ("terraform_remote_state", name), {**each, "config": config})
    for name, each in document.get("variable", {}).items():
        typed = {"type": Expression(each["type"])} if "type" in each else {}
        yield format_block("variable", (name,), {**each, **typed})
    for name, each in document.get("output", {}).items():
        yield format_block("output", (name,), each)
