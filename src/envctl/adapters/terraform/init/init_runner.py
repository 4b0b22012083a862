"""Runs of `terraform init`, as far as its inputs or results have changed since the last one."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from envctl.adapters.disk.files import write_bytes
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init import init_stamp, provider_install
from envctl.adapters.terraform.init.cache_locks import CacheLocks
from envctl.adapters.terraform.init.known_packages import HashPackage
from envctl.adapters.terraform.init.plugin_cache import OWN_FOLDER, PluginCache, parse_pinned
from envctl.adapters.terraform.init.stand_ins import remove_stand_ins
from envctl.adapters.terraform.launcher import Launcher
from envctl.adapters.terraform.process import json_events, stack_lock
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.rendered_documents import name_backend_session
from envctl.adapters.terraform.process.signal_forwarding import SignalForwarder
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError
from envctl.domain.terraform.workdir_names import INIT_STAMP, LOCK_FILE
from envctl.usecases.ports.core import Observer

_NEEDS_INIT = re.compile(
    r"terraform init|tofu init|[Ii]nitialization required|provider.*not (?:installed|available)"
    # With TF_IN_AUTOMATION the hint is missing.
    r"|Required plugins are not installed|there is no package for \S+ \S+ cached|the cached package for \S+"
)


_NO_WORKSPACE = re.compile(r"selected workspace .* does not exist", re.IGNORECASE)


@dataclass(eq=False, repr=False)
class InitRunner:
    """Initialize stacks. `plugins` is the default plugin cache, created if missing; users may configure another.

    `hash_known` returns the hash of a package, and may remember those of its files.
    """

    launcher: Launcher
    plugins: Path
    observer: Observer
    stopping: SignalForwarder
    hash_known: HashPackage
    _caches: dict[Path, PluginCache] = field(default_factory=dict, init=False)

    def ensure_initialized(self, site: Site, provider_lock: bytes | None) -> None:
        known = provider_lock or b""
        binary, environment = self.launcher.find_binary(site.stack), self.launcher.build_environment(site.stack)
        # With it: in a job it names the run.
        role = name_backend_session(site, self.launcher.find_session(site))
        if init_stamp.is_current(site, binary, environment, role, known):
            return
        # First, because an earlier Terraform may still need the files to be deleted.
        stack_lock.require_idle(site)
        with translate_disk_errors(site.directory):
            for name in (INIT_STAMP, provider_install.PLUGIN_PATH_RECORD):
                (site.directory / name).unlink(missing_ok=True)
            _replace_lock(site.directory / LOCK_FILE, known)
            try:
                self._install_in_workspace(site, known)
            except BaseException:
                # No plan follows.
                self.launcher.running.end_stack(site)
                raise
            init_stamp.write_stamp(site.directory, init_stamp.build_stamp(site, binary, environment, role, known))

    def initialize_unfinished(self, site: Site) -> None:
        """Run `init` with the last provider lock, for a stack without stamp. A killed init may have left its lock."""
        self.ensure_initialized(site, remove_stand_ins(init_stamp.read_optional(site.directory / LOCK_FILE)))

    def reinitialize(self, site: Site) -> None:
        """Run `init` again, with the last provider lock and without the records of its packages.

        Call it after Terraform demanded an init or found a changed package.
        """
        old = init_stamp.read_stamp(site.directory)
        lock = remove_stand_ins(init_stamp.read_optional(site.directory / LOCK_FILE))
        if cache := self._find_cache(site):
            cache.delete_records(parse_pinned(lock))
        (site.directory / INIT_STAMP).unlink(missing_ok=True)
        self.ensure_initialized(site, lock)
        if old is not None and (new := init_stamp.read_stamp(site.directory)):
            with translate_disk_errors(site.directory):
                init_stamp.write_stamp(site.directory, init_stamp.Stamp(new.inputs, old.lock_hashes, new.results))

    def _install_in_workspace(self, site: Site, known: bytes) -> None:
        """Install what code and state need. A workspace that does not exist yet has no state: its first plan makes it,
        but Terraform refuses an init in it.
        """
        try:
            self._install_providers(site, known)
        except OperationFailedError as error:
            if not site.stack.workspace or not any(_NO_WORKSPACE.search(each.message) for each in error.problems):
                raise
            self._install_providers(replace(site, stack=replace(site.stack, workspace="")), known)

    def _install_providers(self, site: Site, known: bytes) -> None:
        cache = self._find_cache(site)
        if cache is None:
            provider_install.require_success(site, *provider_install.run_init(self.launcher, site, None))
            return
        notify, folder = self.observer.on_message, cache.folder / OWN_FOLDER / "locks"
        locks = CacheLocks(folder, notify, lambda: self.stopping.stop_requested)
        pinned = parse_pinned(known)
        provider_install.ProviderInstall(self.launcher, site, cache, locks, pinned, notify).install()

    def _find_cache(self, site: Site) -> PluginCache | None:
        """Return the plugin cache, or None if the user disabled it: each stack then has its own packages."""
        setting = cli_configuration.find_plugin_cache(self.launcher.build_environment(site.stack))
        folder = Path(site.directory, setting)
        if folder == self.plugins:
            folder.mkdir(parents=True, exist_ok=True)
        if not (setting and folder.is_dir()):
            return None
        return self._caches.setdefault(folder, PluginCache(folder, self.hash_known))


def _replace_lock(file: Path, lock: bytes) -> None:
    """Write the provider lock; without one, delete the last. A killed command leaves the one or the other."""
    if not lock:
        file.unlink(missing_ok=True)
        return
    new = file.with_name(f"{file.name}.new")
    write_bytes(new, lock)
    new.replace(file)


def needs_init(transcript: json_events.Transcript, result: ProcessResult) -> bool:
    """Return True if a run failed before any work because `init` is missing.

    Errors of a resource do not count: they may quote another Terraform.
    """
    output = [f"{each.summary} {each.detail}" for each in transcript.errors if not each.address]
    return result.code != 0 and _NEEDS_INIT.search(" ".join([*output, result.errors])) is not None
