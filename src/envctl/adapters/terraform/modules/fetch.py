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
from envctl.adapters.terraform.process import binary
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.process import ProcessResult, run_process
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.release import remote_modules
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import Package, ResolvedModule, to_record_entry
from envctl.domain.terraform.bundle_paths import to_bundle_path, to_project_path
from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.terraform.workdir_names import CODE_FOLDER, MODULES_MANIFEST, ROOT_MODULE_FILE

# Seconds. Cloning a large repository prints nothing.
MAX_SILENCE = 300.0
MAX_DEPTH, MAX_SHOWN = 40, 60
_ROOT_FOLDER, _KNOWN_FOLDER, _INSTALLED_FOLDER = "root", "kept", dirname(MODULES_MANIFEST)
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

    project: Path
    cache: Path
    inherited: Callable[[], Mapping[str, str]]
    surroundings: EnvironmentFilter
    patience: float = MAX_SILENCE

    def load_cached(self, binary: str, call: ModuleCall) -> ResolvedModule | None:
        return ModuleCache(self.cache).load_module(self._find_binary(binary), call)

    def save_cached(self, binary: str, call: ModuleCall, module: ResolvedModule) -> None:
        with self._convert_write_errors():
            ModuleCache(self.cache).save_module(self._find_binary(binary), call, module)

    def fetch_modules(
        self, binary: str, release: Release, known: Mapping[str, ResolvedModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, ResolvedModule]:
        with self._open_scratch() as folder:
            scratch = _Scratch(folder, called_at, release.wiring.base)
            with self._convert_write_errors():
                scratch.write_root(release, known)
            line = build_arguments(self._find_binary(binary), "get", no_color=True)
            environment = self.build_environment()
            ended = run_process(line, scratch.root_folder, environment, scratch.on_line, patience=self.patience)
            if ended.interrupted:
                message = "interrupted while the code of modules was fetched"
                raise InterruptedByUserError(Problem("E311", message, "no changes were made; run it again"))
            if ended.code or ended.silent:
                raise scratch.to_error(ended)
            return scratch.read_modules()

    def _find_binary(self, configured: str) -> tuple[str, ...]:
        return binary.find_binary(configured, self.inherited(), self.project)

    def build_environment(self) -> dict[str, str]:
        """Return the environment variables for Terraform."""
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


@dataclass
class _Scratch:
    """A folder laid out as for a deployment, but with one root module for all stacks."""

    folder: Path
    called_at: Mapping[str, Location]
    base: str = ""  # folder of the project in the code
    packages: dict[str, tuple[str, Package]] = field(default_factory=dict)
    unfinished: dict[str, None] = field(default_factory=dict)

    @property
    def root_folder(self) -> Path:
        return self.folder / _ROOT_FOLDER

    def write_root(self, release: Release, known: Mapping[str, ResolvedModule]) -> None:
        self._write_code(CODE_FOLDER, release.bundled_files)
        in_bundle = release.wiring.to_bundle_path
        called = {name: f"../{CODE_FOLDER}/{in_bundle(stack.module)}" for name, stack in release.wiring.stacks.items()}
        needed = {name: {v.name: None for v in vs if not v.has_default} for name, vs in release.wiring.schema.items()}
        # Terraform 1.15 checks the arguments of a module call before fetching the module.
        modules = {name: {**needed.get(name, {}), "source": source} for name, source in called.items()}
        self._write_file(f"{_ROOT_FOLDER}/{ROOT_MODULE_FILE}", json.dumps({"module": modules}).encode())
        entries = [to_record_entry("", "", "", ".")]
        entries += [to_record_entry(name, source, "", source) for name, source in called.items()]
        entries += [to_record_entry(key, m.source, m.version, self._write_known(key, m)) for key, m in known.items()]
        self._write_file(f"{_ROOT_FOLDER}/{MODULES_MANIFEST}", remote_modules.encode_module_record(entries))

    def on_line(self, line: str) -> None:
        if fetched := failures.FETCHED.fullmatch(line):
            self.unfinished.pop(fetched[1], None)
        if fetching := failures.FETCHING.fullmatch(line):
            self.unfinished[fetching[1]] = None
            if fetching[1].count(".") > MAX_DEPTH:
                message = f"modules call each other in a circle: {fetching[1][:MAX_SHOWN]}…"
                at = self._list_call_sites().find_location(fetching[1])
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
        return failures.CallSites(self.called_at, folders, self.base)

    def read_modules(self) -> dict[str, ResolvedModule]:
        record = remote_modules.decode_module_record(read_bytes(self.root_folder / MODULES_MANIFEST))
        entries = [each for each in record if "." in each[0]]
        folders = [normpath(folder) for *_, folder in entries]
        problems = []
        for key, source, *_ in entries:
            base = f"{_INSTALLED_FOLDER}/{key}"
            if modules := [relpath(each, base) for each in folders if _is_inside(each, base)]:
                try:
                    common, files = packages.read_package(self.root_folder / base, modules)
                    self.packages[normpath(f"{base}/{common}")] = key, Package(source, files)
                except packages.StrayLinkError as error:
                    problems.append(_describe_stray_link(key, str(error), self._list_call_sites().find_location(key)))
        if problems:
            raise OperationFailedError(*problems)
        return {key: self._to_module(source, version, normpath(folder)) for key, source, version, folder in entries}

    def _to_module(self, source: str, version: str, folder: str) -> ResolvedModule:
        if folder.startswith(f"../{CODE_FOLDER}/"):
            return ResolvedModule(
                source, version, to_project_path(self.base, folder.removeprefix(f"../{CODE_FOLDER}/"))
            )
        top = next(top for top in self.packages if _is_inside(folder, top))
        return ResolvedModule(source, version, relpath(folder, top), self.packages[top][1])

    def _write_known(self, key: str, module: ResolvedModule) -> str:
        """Write the code of a known module, and return its folder for Terraform."""
        if module.package is None:
            return f"../{CODE_FOLDER}/{to_bundle_path(self.base, module.folder)}"
        top = next((top for top, (_, package) in self.packages.items() if package is module.package), "")
        if not top:
            top = f"../{_KNOWN_FOLDER}/{len(self.packages)}"
            self.packages[top] = key, module.package
            self._write_code(normpath(f"{_ROOT_FOLDER}/{top}"), module.package.files)
        return normpath(f"{top}/{module.folder}")

    def _write_code(self, folder: str, files: Mapping[str, File]) -> None:
        """Write the files `terraform get` reads."""
        for path, file in files.items():
            if path.endswith((".tf", ".tf.json")):
                self._write_file(f"{folder}/{path}", file.data)

    def _write_file(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _is_inside(folder: str, top: str) -> bool:
    return folder == top or folder.startswith(f"{top}/")


def _describe_stray_link(key: str, link: str, at: Location | None) -> Problem:
    if link:
        message = f"{key}: in its code, {link} is a link to a place outside, or to itself"
        return Problem("E343", message, "call a version with the file itself", at)
    message = f"{key} takes its code from a folder of this machine outside the project"
    return Problem("E343", message, "put it into the project, and call it by its path", at)
