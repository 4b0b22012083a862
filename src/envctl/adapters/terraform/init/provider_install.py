"""Runs of `terraform init` on a shared plugin cache.

With all pinned providers in the cache, any number of stacks are initialized at once, without network. Otherwise one
process downloads each version of a provider, and the others wait for it. The providers that a stack needs are estimated
before, for locks and downloads alone: rather too many. Terraform determines the real ones.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from envctl.adapters.disk.files import read_bytes, read_text, write_bytes
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.terraform.diagnostics.full_disk import check_disk_error
from envctl.adapters.terraform.init.cache_locks import WHOLE_CACHE, CacheLocks, LockRequest
from envctl.adapters.terraform.init.init_stamp import CODE_SUFFIXES, INSTALLED_FOLDER
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider, PluginCache, link_packages, remove_path
from envctl.adapters.terraform.init.stand_ins import StandIns
from envctl.adapters.terraform.launcher import Launcher, check_result
from envctl.adapters.terraform.process.hand_over import CachedPackages
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.rendered_documents import name_backend_session
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.release.remote_modules import decode_module_record, is_local_source
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.domain.terraform.workdir_names import LOCK_FILE, MODULES_MANIFEST, PLUGIN_VIEW_FOLDER, ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import ProgressEvent

# Code of a root module that needs more than the built-in provider.
_NEEDS_PROVIDER = re.compile(
    r"\b(?:provider|required_providers)\b|\b(?:resource|data|ephemeral|action)\b\W+(?!terraform_)\w"
)
_LOCAL_SOURCE = re.compile(r'"?\bsource"?\s*[=:]\s*"(\.{1,2}/[^"]*)"')


@dataclass(frozen=True)
class PossibleProviders:
    """The pinned providers with their name anywhere in the code, and those of them that the code very likely uses."""

    needed: tuple[PinnedProvider, ...]
    likely: tuple[PinnedProvider, ...]


def find_possible_providers(directory: Path, pinned: tuple[PinnedProvider, ...]) -> PossibleProviders:
    code = "\n".join(_read_code(directory))
    needed = tuple(each for each in pinned if _name_type(each) in code)
    # As in `"aws_instance"`, `"hashicorp/aws"` and `"aws"`. Types like null and time are words of any code.
    likely = tuple(each for each in needed if re.search(rf'["/]{re.escape(_name_type(each))}["_]', code))
    return PossibleProviders(needed, likely)


def has_required_providers(site: Site) -> bool:
    """Return True if the root module itself requires or configures a provider."""
    if site.stack.root:
        return any(map(_NEEDS_PROVIDER.search, _read_folder(site.directory)))
    document = json.loads(read_bytes(site.directory / ROOT_MODULE_FILE))
    return bool(document.get("provider") or document["terraform"].get("required_providers"))


def _name_type(provider: PinnedProvider) -> str:
    return provider.address.rpartition("/")[2]


def _read_code(directory: Path) -> Iterator[str]:
    """Yield the code of the root module and of all modules called by a local path."""
    waiting, seen = [directory], set[Path]()
    while waiting:
        try:
            folder = resolve_path(waiting.pop())
        except OSError:
            continue
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        for text in _read_folder(folder):
            yield text
            waiting += [folder / found for found in _LOCAL_SOURCE.findall(text)]


def _read_folder(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        if file.name.endswith(CODE_SUFFIXES) and file.is_file():
            yield read_text(file, errors="replace")


PLUGIN_PATH_RECORD = ".terraform/plugin_path"
"""Terraform's record of the flag -plugin-dir, in force for all later runs."""

# Terraform's error if it would overwrite a linked package: the package is not the pinned one after all.
_PACKAGE_MISMATCH = "because it is a symlink"


@dataclass(frozen=True)
class ProviderInstall:
    launcher: Launcher
    site: Site
    cache: PluginCache
    locks: CacheLocks
    pinned: tuple[PinnedProvider, ...]
    notify: Callable[[str], None]

    def install(self) -> None:
        try:
            is_known = bool(self.pinned) or not has_required_providers(self.site)
            if is_known and self._install_pinned():
                return
            # The versions, and so the downloads, are not known yet.
            with self.locks.hold_locks([LockRequest(WHOLE_CACHE, exclusive=True)], self._stack_label):
                if is_known:
                    # Terraform may have found a package to differ from its record.
                    self.cache.delete_records(self.pinned)
                    self._warn_mismatches(self.pinned)
                require_success(self.site, *self._install_from_source(first=not is_known))
        except BaseException:
            # A partial view is useless, and fills the disk.
            remove_path(self._view_folder)
            raise

    def _install_pinned(self) -> bool:
        """Install the pinned versions. Return False if they were not sufficient."""
        possible = find_possible_providers(self.site.directory, self.pinned)
        needs = possible.needed
        while True:
            missing = {each for each in needs if not self.cache.find_matching(each)}
            requests = [LockRequest(str(each), exclusive=each in missing) for each in needs]
            with self.locks.hold_locks([LockRequest(WHOLE_CACHE, exclusive=False), *requests], self._stack_label):
                still = {each for each in needs if not self.cache.find_matching(each)}
                if still and still <= missing:
                    self._warn_mismatches(still)
                    result, transcript = self._install_from_source(first=True)
                    if result.code and any(_PACKAGE_MISMATCH in each.detail for each in transcript.errors):
                        return False
                    require_success(self.site, result, transcript)
                    return True
                if not still and not missing:
                    stand_ins = self._choose_stand_ins(possible)
                    if stand_ins and self._install_stand_ins(stand_ins):
                        return True
                    return self._install_from_cache(first=stand_ins is None)
            # Another process has added or removed a package meanwhile.

    def _choose_stand_ins(self, possible: PossibleProviders) -> StandIns | None:
        """Return stand-ins for the needed packages, if each is compared with the lock by envctl itself."""
        found = {each: self.cache.find_matching(each) for each in possible.needed}
        packages = {each: matching[0] for each, matching in found.items() if len(matching) == 1}
        if not packages or len(packages) < len(found):
            return None
        stand_ins = StandIns(read_bytes(self._lock_file), packages, self.cache.folder)
        if not stand_ins.is_usual_lock():
            return None
        cached = CachedPackages(
            stand_ins.lock,
            {each.address: package for each, package in packages.items()},
            {each.address for each in possible.likely},
        )
        return stand_ins if self.launcher.prepare_providers(self.site, cached) else None

    def _install_stand_ins(self, stand_ins: StandIns) -> bool:
        """Run init with stand-ins, then place the packages. Return False if the result may differ without them."""
        restored: bytes | None = None
        installed = self.site.directory / INSTALLED_FOLDER
        try:
            for folder in (self._view_folder, installed):
                remove_path(folder)
            stand_ins.write_folders(self._view_folder, installed)
            write_bytes(self._lock_file, stand_ins.build_lock())
            result, transcript = self._run_offline_init(first=True)
            if not result.code:
                restored = stand_ins.restore_lock(read_bytes(self._lock_file)) if transcript.version else None
            elif not _is_provider_error(transcript) or result.interrupted or result.silent:
                require_success(self.site, result, transcript)
        finally:
            self._link_matching()
            write_bytes(self._lock_file, stand_ins.lock if restored is None else restored)
        return restored is not None

    def _install_from_cache(self, *, first: bool) -> bool:
        """Install from the cache alone. Return False if a provider is missing."""
        self._link_matching()
        result, transcript = self._run_offline_init(first=first)
        if _is_provider_error(transcript) and result.code and not (result.interrupted or result.silent):
            return False
        require_success(self.site, result, transcript)
        return True

    def _run_offline_init(self, *, first: bool) -> tuple[ProcessResult, Transcript]:
        view = self._view_folder
        result = run_init(self.launcher, self.site, view, tell=first, plugin_dir=os.fspath(view))
        (self.site.directory / PLUGIN_PATH_RECORD).unlink(missing_ok=True)
        return result

    def _install_from_source(self, *, first: bool) -> tuple[ProcessResult, Transcript]:
        """Install with downloads, and move them to the cache. `first` announces the init to the observer."""
        self._link_matching()
        result, transcript = run_init(self.launcher, self.site, self._view_folder, tell=first)
        lock = self.site.directory / LOCK_FILE
        if not result.code and lock.exists():
            self.cache.adopt_packages(self._view_folder, read_bytes(lock))
        return result, transcript

    def _link_matching(self) -> None:
        """Link matching packages into the view and as installed: Terraform hashes others three times, not once."""
        packages = [package for each in self.pinned for package in self.cache.find_matching(each)]
        for folder in (self._view_folder, self.site.directory / INSTALLED_FOLDER):
            link_packages(folder, packages, self.cache.folder)

    def _warn_mismatches(self, missing: Iterable[PinnedProvider]) -> None:
        for each in sorted(missing):
            if self.cache.has_mismatch(each):
                where = f"{shorten_address(str(each))} in {self.cache.folder}"
                self.notify(f"{where} does not match the lock and may be damaged: it is downloaded again")

    @property
    def _lock_file(self) -> Path:
        return self.site.directory / LOCK_FILE

    @property
    def _view_folder(self) -> Path:
        return self.site.directory / PLUGIN_VIEW_FOLDER

    @property
    def _stack_label(self) -> str:
        return f"stack {self.site.stack.name} of {self.site.environment}"


def _is_provider_error(transcript: Transcript) -> bool:
    return any("provider" in f"{each.summary} {each.detail}" for each in transcript.errors)


def run_init(
    launcher: Launcher, site: Site, plugins: Path | None, *, tell: bool = True, **options: str
) -> tuple[ProcessResult, Transcript]:
    """Run `terraform init`, with `plugins` as plugin cache if given. `tell` announces it to the observer."""
    event = ProgressEvent(site.stack.name, "init") if tell else None
    modules: dict[str, bool] = {"get": False} if _has_carried_modules(site.directory) else {}
    if role := name_backend_session(site, launcher.find_session(site)):
        options["backend_config"] = f"assume_role={role}"
    site = replace(site, plugins=plugins)
    result, transcript = launcher.stream_command(site, event, "init", reconfigure=True, **modules, **options)
    if result.code and not transcript.diagnostics:
        from envctl.adapters.terraform.diagnostics.old_terraform import OLD_USAGE
        from envctl.adapters.terraform.installed_version import detect_version

        if OLD_USAGE in result.errors:
            transcript.version = detect_version(launcher, site.stack).version
    return result, transcript


def _has_carried_modules(directory: Path) -> bool:
    """Return True if remote modules came with the release: then no module needs a download.

    Terraform would keep them anyhow, by its module record; OpenTofu may not for ever. Without remote modules, Terraform
    writes the record itself.
    """
    try:
        sources = [source for _, source, _, _ in decode_module_record(read_bytes(directory / MODULES_MANIFEST))]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any(source and not is_local_source(source) for source in sources)


def require_success(site: Site, result: ProcessResult, transcript: Transcript) -> None:
    """Raise the error of a failed `init`, first of all a full disk."""
    check_disk_error(site, result, transcript)
    check_result(result, transcript, site, "init")
