"""The Modules port: `terraform get` in a folder that is gone afterwards, and what it fetched there.

Terraform asks registries, git and archives itself, as whoever runs it may; nothing of the sandbox is between.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import dirname, normpath, relpath

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.terraform.environment.cleared_environment import Surroundings
from envctl.adapters.terraform.modules import failures, packages
from envctl.adapters.terraform.modules.module_cache import UNFINISHED, KeptModules
from envctl.adapters.terraform.process import binary
from envctl.adapters.terraform.process.arguments import arguments
from envctl.adapters.terraform.process.process import Ended, run
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.release.contents import File, Release
from envctl.domain.release.remote_modules import FoundModule, Package, decode, encode, entry
from envctl.domain.settings.settings import ModuleCall
from envctl.domain.terraform.workdir_names import CODE, MAIN, MANIFEST

# Seconds. A large repository is cloned without a word.
PATIENCE = 300.0
DEEPEST, SHOWN = 40, 60
_ROOT, _KEPT, _INSTALLED = "root", "kept", dirname(MANIFEST)
_DEFAULTS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    # Nobody is there to answer: whoever has to log in has said how before.
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "force",
}


class TerraformModules:
    """`inherited` is the environment of whoever runs envctl, as it was when it began."""

    def __init__(
        self,
        project: Path,
        cache: Path,
        inherited: Callable[[], Mapping[str, str]],
        surroundings: Surroundings,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._project = project
        self._surroundings = surroundings
        self._cache = cache
        self._inherited = inherited
        self._patience = patience
        self._kept = KeptModules(cache)

    def kept(self, binary: str, call: ModuleCall) -> FoundModule | None:
        return self._kept.find(self._program(binary), call)

    def keep(self, binary: str, call: ModuleCall, module: FoundModule) -> None:
        with self._writing():
            self._kept.add(self._program(binary), call, module)

    def fetch(
        self, binary: str, release: Release, known: Mapping[str, FoundModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, FoundModule]:
        with self._scratch() as folder:
            scratch = _Scratch(folder, called_at)
            with self._writing():
                scratch.lay(release, known)
            self._get(self._program(binary), scratch)
            return scratch.found()

    def _get(self, program: tuple[str, ...], scratch: "_Scratch") -> None:
        line = arguments(program, "get", no_color=True)
        ended = run(line, scratch.root, self.environment(), scratch.hear, patience=self._patience)
        if ended.interrupted:
            message = "interrupted while the code of modules was fetched"
            raise InterruptedByUserError(Problem("E311", message, "nothing was changed; run it again"))
        if ended.code or ended.silent:
            raise scratch.failure(ended)

    def _program(self, configured: str) -> tuple[str, ...]:
        return binary.find(configured, self._inherited(), self._project)

    def environment(self) -> dict[str, str]:
        """What Terraform is started with."""
        return {**_DEFAULTS, **self._surroundings.clear(self._inherited())}

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        with self._writing():
            self._cache.mkdir(parents=True, exist_ok=True)
            self._kept.tidy()
            folder = tempfile.TemporaryDirectory(dir=self._cache, prefix=UNFINISHED, ignore_cleanup_errors=True)
        with folder as name:
            yield Path(name)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{error.filename or self._cache} can't be written: {error.strerror or error}"
            hint = "envctl writes below .envctl/ alone: check its disk and its owner"
            raise OperationFailedError(Problem("E406", message, hint)) from error


@dataclass
class _Scratch:
    """Root modules and code, laid out as for a deployment, with one root for all stacks."""

    folder: Path
    called_at: Mapping[str, Location]
    packages: dict[str, tuple[str, Package]] = field(default_factory=dict)
    unfinished: dict[str, None] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / _ROOT

    def lay(self, release: Release, known: Mapping[str, FoundModule]) -> None:
        self._write_code(CODE, release.files)
        called = {name: f"../{CODE}/{stack.module}" for name, stack in release.wiring.stacks.items()}
        needed = {name: {v.name: None for v in vs if not v.has_default} for name, vs in release.wiring.schema.items()}
        # Terraform 1.15 looks at what a module is called with before it fetches anything.
        modules = {name: {**needed.get(name, {}), "source": source} for name, source in called.items()}
        self._write(f"{_ROOT}/{MAIN}", json.dumps({"module": modules}).encode())
        entries = [entry("", "", "", "."), *(entry(name, source, "", source) for name, source in called.items())]
        entries += [entry(key, m.source, m.version, self._known(key, m)) for key, m in known.items()]
        self._write(f"{_ROOT}/{MANIFEST}", encode(entries))

    def hear(self, line: str) -> None:
        if fetched := failures.FETCHED.fullmatch(line):
            self.unfinished.pop(fetched[1], None)
        if fetching := failures.FETCHING.fullmatch(line):
            self.unfinished[fetching[1]] = None
            if fetching[1].count(".") > DEEPEST:
                message = f"modules call each other without an end: {fetching[1][:SHOWN]}…"
                raise OperationFailedError(
                    Problem("E342", message, "call another version of it", self._called().place(fetching[1]))
                )

    def failure(self, ended: Ended) -> EnvctlError:
        from envctl.domain.redaction.known import redact_logins

        if ended.silent:
            waited_for = next(reversed(self.unfinished), "")
            message = f"nobody answers: Terraform had nothing to say for too long while it fetched {waited_for}"
            at = self._called().place(waited_for)
            return OperationFailedError(Problem("E340", message.rstrip(), "check the network and the proxy", at))
        return failures.failure(redact_logins(ended.errors), self._called(), list(self.unfinished))

    def _called(self) -> failures.Called:
        return failures.Called(self.called_at, {folder: key for folder, (key, _) in self.packages.items()})

    def found(self) -> dict[str, FoundModule]:
        entries = [each for each in decode(read_bytes(self.root / MANIFEST)) if "." in each[0]]
        folders = [normpath(folder) for *_, folder in entries]
        problems = []
        for key, source, *_ in entries:
            base = f"{_INSTALLED}/{key}"
            if modules := [relpath(each, base) for each in folders if _inside(each, base)]:
                try:
                    common, files = packages.read(self.root / base, modules)
                    self.packages[normpath(f"{base}/{common}")] = key, Package(source, files)
                except packages.StrayLinkError as error:
                    problems.append(_stray(key, str(error), self._called().place(key)))
        if problems:
            raise OperationFailedError(*problems)
        return {key: self._module(source, version, normpath(folder)) for key, source, version, folder in entries}

    def _module(self, source: str, version: str, folder: str) -> FoundModule:
        if folder.startswith(f"../{CODE}/"):
            return FoundModule(source, version, folder.removeprefix(f"../{CODE}/"))
        top = next(top for top in self.packages if _inside(folder, top))
        return FoundModule(source, version, relpath(folder, top), self.packages[top][1])

    def _known(self, key: str, module: FoundModule) -> str:
        """The folder where it lies, for Terraform."""
        if module.package is None:
            return f"../{CODE}/{module.folder}"
        top = next((top for top, (_, package) in self.packages.items() if package is module.package), "")
        if not top:
            top = f"../{_KEPT}/{len(self.packages)}"
            self.packages[top] = key, module.package
            self._write_code(normpath(f"{_ROOT}/{top}"), module.package.files)
        return normpath(f"{top}/{module.folder}")

    def _write_code(self, folder: str, files: Mapping[str, File]) -> None:
        """What Terraform looks at before it runs."""
        for path, file in files.items():
            if path.endswith((".tf", ".tf.json")):
                self._write(f"{folder}/{path}", file.data)

    def _write(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _inside(folder: str, top: str) -> bool:
    return folder == top or folder.startswith(f"{top}/")


def _stray(key: str, link: str, at: Location | None) -> Problem:
    if link:
        message = f"{key}: in its code, {link} is a link that leads out of it, or back to itself"
        return Problem("E343", message, "call a version that has the file itself there", at)
    message = f"{key} takes its code from a folder of this machine, outside of the project"
    return Problem("E343", message, "put it below the project, and call it by its path", at)
