"""Adapter of the RemoteModules port: `terraform get` in a temporary folder.

Terraform itself calls registries, git and archives with the access of the user. The sandbox is not involved.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import dirname, normpath, relpath

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
from envctl.adapters.terraform.modules import failures, packages
from envctl.adapters.terraform.modules.module_cache import UNFINISHED_PREFIX, ModuleCache
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.process import ProcessResult, run_process
from envctl.adapters.terraform.process.program_finder import ProgramFinder
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.release import remote_modules
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import Package, ResolvedModule, to_record_entry
from envctl.domain.release.rendering import lockfile_root
from envctl.domain.terraform.bundle_paths import to_bundle_path, to_project_path
from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.terraform.workdir_names import CODE_FOLDER, MODULES_MANIFEST, ROOT_MODULE_FILE, climb_to_stack

# Seconds. Cloning a large repository prints nothing.
MAX_SILENCE = 300.0
MAX_DEPTH, MAX_SHOWN = 40, 60
_ROOT_FOLDER, _TREE_FOLDER, _KNOWN_FOLDER, _INSTALLED_FOLDER = "root", "tree", "kept", dirname(MODULES_MANIFEST)
_CODE_SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
_DEFAULTS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    # Git must not ask for a login: credentials are configured before.
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "force",
}


@dataclass(frozen=True)
class TerraformModules:
    """`inherited` returns the environment of the user, as at the start of envctl."""

    cache: Path
    inherited: Callable[[], Mapping[str, str]]
    surroundings: EnvironmentFilter
    programs: ProgramFinder
    patience: float = MAX_SILENCE

    def load_cached(self, binary: str, call: ModuleCall) -> ResolvedModule | None:
        return ModuleCache(self.cache).load_module(self._find_binary(binary), call)

    def save_cached(self, binary: str, call: ModuleCall, module: ResolvedModule) -> None:
        with self._convert_write_errors():
            ModuleCache(self.cache).save_module(self._find_binary(binary), call, module)

    def fetch_modules(
        self, binary: str, release: Release, known: Mapping[str, ResolvedModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, ResolvedModule]:
        stacks = release.wiring.stacks
        found = dict(known)
        base = release.wiring.base
        with self._open_scratch() as folder:
            if any(stack.is_module for stack in stacks.values()):
                scratch: _Scratch = _ModulesScratch(
                    folder=folder / "modules",
                    called_at=called_at,
                    base=base,
                    workdir=folder / "modules" / _ROOT_FOLDER,
                    code=f"../{CODE_FOLDER}/",
                )
                found |= self._run_get(binary, scratch, release, known)
            for name, stack in stacks.items():
                # Each root by itself: some blocks may stand in a root module alone.
                if stack.is_root and any(key.startswith(f"{name}.") and key not in known for key in called_at):
                    root = release.wiring.find_root_folder(name)
                    scratch = _RootScratch(
                        folder=folder / "roots" / name,
                        called_at=called_at,
                        base=base,
                        workdir=Path(normpath(folder / "roots" / name / _TREE_FOLDER / root)),
                        code=climb_to_stack(root),
                        prefix=f"{name}.",
                        root=root,
                    )
                    found |= self._run_get(binary, scratch, release, known)
        return found

    def _run_get(
        self, binary: str, scratch: "_Scratch", release: Release, known: Mapping[str, ResolvedModule]
    ) -> dict[str, ResolvedModule]:
        with self._convert_write_errors():
            scratch.write_code(release, known)
        program = self._find_binary(binary)
        ended = run_process(
            build_arguments(program, "get", no_color=True),
            scratch.workdir,
            self.build_environment(),
            scratch.on_line,
            writes=False,
            patience=self.patience,
            program=self.programs.find_descriptor(program),
        )
        if ended.interrupted:
            message = "interrupted while the code of modules was fetched"
            raise InterruptedByUserError(Problem("E311", message, "no changes were made; run it again"))
        if ended.code or ended.silent:
            raise scratch.to_error(ended)
        return scratch.read_modules()

    def _find_binary(self, configured: str) -> tuple[str, ...]:
        return self.programs.find_binary(configured, self.inherited())

    def build_environment(self) -> dict[str, str]:
        return {**_DEFAULTS, **self.surroundings.filter_variables(self.inherited())}

    @contextlib.contextmanager
    def _open_scratch(self) -> Iterator[Path]:
        with self._convert_write_errors():
            self.cache.mkdir(parents=True, exist_ok=True)
            ModuleCache(self.cache).remove_stale()
            folder = tempfile.TemporaryDirectory(dir=self.cache, prefix=UNFINISHED_PREFIX, ignore_cleanup_errors=True)
        with folder as name:
            yield Path(name)

    @contextlib.contextmanager
    def _convert_write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{error.filename or self.cache} can't be written: {error.strerror or error}"
            hint = "envctl writes below .envctl/ alone: check its disk and its owner"
            raise OperationFailedError(Problem("E406", message, hint)) from error


@dataclass(kw_only=True)
class _Scratch:
    """A folder laid out as for a deployment, where Terraform fetches modules.

    Attributes:
        base: the folder of the project in the files of the release.
        workdir: the folder of Terraform.
        code: the path from the folder of Terraform to the files of the release, ending with `/`.
        prefix: the beginning of the keys that Terraform does not know: the stack of a root module.
        packages: key and files of each package, by its folder.
        tops: by key, the folder of these files in the installation of a module.
    """

    folder: Path
    called_at: Mapping[str, Location]
    base: str
    workdir: Path
    code: str
    prefix: str = ""
    packages: dict[str, tuple[str, Package]] = field(default_factory=dict)
    tops: dict[str, str] = field(default_factory=dict)
    unfinished: dict[str, None] = field(default_factory=dict)

    def write_code(self, release: Release, known: Mapping[str, ResolvedModule]) -> None:
        raise NotImplementedError

    def name_project_file(self, file: str) -> str:
        """Return the path of a file in the project, from its path for Terraform; empty for fetched code."""
        return to_project_path(self.base, file.removeprefix(self.code)) if file.startswith(self.code) else ""

    def on_line(self, line: str) -> None:
        if fetched := failures.FETCHED.fullmatch(line):
            self.unfinished.pop(f"{self.prefix}{fetched[1]}", None)
        if fetching := failures.FETCHING.fullmatch(line):
            key = f"{self.prefix}{fetching[1]}"
            self.unfinished[key] = None
            if key.count(".") > MAX_DEPTH:
                message = f"modules call each other in a circle: {key[:MAX_SHOWN]}…"
                at = self._list_call_sites().find_location(key)
                raise OperationFailedError(Problem("E342", message, "call another version of it", at))

    def to_error(self, ended: ProcessResult) -> EnvctlError:
        from envctl.domain.redaction.known import redact_logins

        if ended.silent:
            key = next(reversed(self.unfinished), "")
            message = f"no response: Terraform gave no output for too long while it fetched {key}"
            at = self._list_call_sites().find_location(key)
            return OperationFailedError(Problem("E340", message.rstrip(), "check the network and the proxy", at))
        return failures.to_fetch_error(redact_logins(ended.errors), self._list_call_sites(), list(self.unfinished))

    def _list_call_sites(self) -> failures.CallSites:
        folders = {folder: key for folder, (key, _) in self.packages.items()}
        return failures.CallSites(self.called_at, folders, self.prefix, self.name_project_file)

    def read_modules(self) -> dict[str, ResolvedModule]:
        record = remote_modules.decode_module_record(read_bytes(self.workdir / MODULES_MANIFEST))
        named = [(f"{self.prefix}{key}", key, *others) for key, *others in record if key]
        entries = [each for each in named if "." in each[0]]
        folders = [normpath(folder) for *_, folder in entries]
        problems = []
        for key, below, source, *_ in entries:
            base = f"{_INSTALLED_FOLDER}/{below}"
            if modules := [relpath(each, base) for each in folders if _is_inside(each, base)]:
                try:
                    common, files = packages.read_package(self.workdir / base, modules)
                    self.packages[normpath(f"{base}/{common}")] = key, Package(source, files)
                    self.tops[key] = common
                except packages.StrayLinkError as error:
                    problems.append(_describe_stray_link(key, str(error), self._list_call_sites().find_location(key)))
        if problems:
            raise OperationFailedError(*problems)
        return {
            key: self._to_module(key, source, version, normpath(folder)) for key, _, source, version, folder in entries
        }

    def _to_module(self, key: str, source: str, version: str, folder: str) -> ResolvedModule:
        for top in self.packages:
            if _is_inside(folder, top):
                return ResolvedModule(
                    source, version, relpath(folder, top), self.packages[top][1], self.tops.get(key, "")
                )
        return ResolvedModule(source, version, self.name_project_file(folder))

    def _write_record(self, entries: list[dict[str, str]], known: Mapping[str, ResolvedModule]) -> None:
        for key, module in known.items():
            if key.startswith(self.prefix):
                folder = self._write_known(key, module)
                entries.append(to_record_entry(key.removeprefix(self.prefix), module.source, module.version, folder))
        self._write_file(self.workdir / MODULES_MANIFEST, remote_modules.encode_module_record(entries))

    def _write_known(self, key: str, module: ResolvedModule) -> str:
        """Write the code of a known module, and return its folder for Terraform."""
        self.tops[key] = module.top
        if module.package is None:
            return normpath(f"{self.code}{to_bundle_path(self.base, module.folder)}")
        top = next((top for top, (_, package) in self.packages.items() if package is module.package), "")
        if not top:
            top = relpath(self.folder / _KNOWN_FOLDER / str(len(self.packages)), self.workdir)
            self.packages[top] = key, module.package
            self._write_files(self.workdir / top, module.package.files)
        return normpath(f"{top}/{module.folder}")

    def _write_files(self, folder: Path, files: Mapping[str, File]) -> None:
        """Write the files `terraform get` reads."""
        for path, file in files.items():
            if path.endswith(_CODE_SUFFIXES):
                self._write_file(folder / path, file.data)

    def _write_file(self, path: Path, data: bytes) -> None:
        file = Path(normpath(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@dataclass(kw_only=True)
class _ModulesScratch(_Scratch):
    """One root module for all stacks with a module."""

    def write_code(self, release: Release, known: Mapping[str, ResolvedModule]) -> None:
        self._write_files(self.folder / CODE_FOLDER, release.bundled_files)
        stacks = {name: stack for name, stack in release.wiring.stacks.items() if stack.is_module}
        called = {name: f"{self.code}{to_bundle_path(self.base, stack.module)}" for name, stack in stacks.items()}
        self._write_file(self.workdir / ROOT_MODULE_FILE, json.dumps(_render_calls(release, called)).encode())
        entries = [to_record_entry("", "", "", ".")]
        entries += [to_record_entry(name, source, "", source) for name, source in called.items()]
        self._write_record(entries, {key: each for key, each in known.items() if key.partition(".")[0] in stacks})


@dataclass(kw_only=True)
class _RootScratch(_Scratch):
    """A root module that runs as it is, in a folder with the layout of the release."""

    root: str

    def write_code(self, release: Release, known: Mapping[str, ResolvedModule]) -> None:
        self._write_files(self.folder / _TREE_FOLDER, release.bundled_files)
        self._write_record([to_record_entry("", "", "", ".")], known)

    def name_project_file(self, file: str) -> str:
        path = normpath(f"{self.root}/{file}")
        return "" if path.startswith("..") or _INSTALLED_FOLDER in path else to_project_path(self.base, path)


def _render_calls(release: Release, called: Mapping[str, str]) -> dict[str, object]:
    """Return the root module that calls the modules of stacks, by their sources."""
    wiring = release.wiring
    # Terraform checks the arguments (from 1.15 on) and the provider aliases of a call before it fetches a module.
    modules = {name: lockfile_root.render_call(wiring, name, source) for name, source in called.items()}
    aliases = {alias for name in called for alias in wiring.stacks[name].aliases}
    if not aliases:
        return {"module": modules}
    sources = {name: {"source": each["source"]} for name, each in wiring.providers.items() if "source" in each}
    providers = lockfile_root.render_configurations((), aliases)
    return {"module": modules, "provider": providers, "terraform": {"required_providers": sources}}


def _is_inside(folder: str, top: str) -> bool:
    return folder == top or folder.startswith(f"{top}/")


def _describe_stray_link(key: str, link: str, at: Location | None) -> Problem:
    if link:
        message = f"{key}: in its code, {link} is a link to a place outside, or to itself"
        return Problem("E343", message, "call a version with the file itself", at)
    message = f"{key} takes its code from a folder of this machine outside the project"
    return Problem("E343", message, "put it into the project, and call it by its path", at)
