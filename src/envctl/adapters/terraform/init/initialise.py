"""`terraform init`, where something that it depends on has changed since the last time, or has gone."""

import re
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.disk.writing import write_bytes
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.init import init_stamp
from envctl.adapters.terraform.init.cache_locks import CacheLocks
from envctl.adapters.terraform.init.install import CHOSEN, Installing, demand_success, run
from envctl.adapters.terraform.init.plugin_cache import OURS, PluginCache, pinned
from envctl.adapters.terraform.launcher import Launcher
from envctl.adapters.terraform.process import json_events, stack_lock
from envctl.adapters.terraform.process.disk_errors import room
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.process.stopping import Stopping
from envctl.domain.terraform.workdir_names import LOCK_FILE
from envctl.usecases.ports.core import Observer

STAMP = init_stamp.FILE
_NEEDS_INIT = re.compile(
    r"terraform init|tofu init|[Ii]nitialization required|provider.*not (?:installed|available)"
    # In automation the hint is left out.
    r"|Required plugins are not installed|there is no package for \S+ \S+ cached|the cached package for \S+"
)


class Initialiser:
    """`plugins` is envctl's own plugin cache, which is made where it is not there. People may name another one."""

    def __init__(self, launcher: Launcher, plugins: Path, observer: Observer, stopping: Stopping) -> None:
        self._launcher = launcher
        self._plugins = plugins
        self._observer = observer
        self._stopping = stopping
        self._caches: dict[Path, PluginCache] = {}

    def once(self, site: Site, provider_lock: bytes | None) -> None:
        known = provider_lock or b""
        binary, environment = self._launcher.binary(site.stack), self._launcher.environment(site.stack)
        if init_stamp.still_holds(site.directory, binary, environment, known):
            return
        # Before anything is taken away that an earlier Terraform may look for.
        stack_lock.demand_free(site)
        with room(site.directory):
            for name in (STAMP, CHOSEN, LOCK_FILE):
                (site.directory / name).unlink(missing_ok=True)
            if known:
                write_bytes(site.directory / LOCK_FILE, known)
            self._install(site, known)
            init_stamp.write(site.directory, init_stamp.take(site.directory, binary, environment, known))

    def again(self, site: Site) -> None:
        """Terraform asks for it, or has found a package otherwise than it was: what is known of those counts no longer.

        What was asked for the last time is asked for again.
        """
        before, there = init_stamp.read(site.directory), _read(site.directory / LOCK_FILE)
        if cache := self._cache(site):
            cache.distrust(pinned(there))
        (site.directory / STAMP).unlink(missing_ok=True)
        self.once(site, there)
        if before is not None and (now := init_stamp.read(site.directory)):
            with room(site.directory):
                init_stamp.write(site.directory, init_stamp.Stamp(now.depends, before.given, now.made))

    def _install(self, site: Site, known: bytes) -> None:
        cache = self._cache(site)
        if cache is None:
            demand_success(site, *run(self._launcher, site, None))
            return
        locks = CacheLocks(cache.folder / OURS / "locks", self._observer.said, lambda: self._stopping.asked)
        Installing(self._launcher, site, cache, locks, pinned(known), self._observer.said).install()

    def _cache(self, site: Site) -> PluginCache | None:
        """None where somebody wants none: each stack then has packages of its own."""
        named = cli_configuration.plugin_cache(self._launcher.environment(site.stack))
        folder = Path(site.directory, named)
        if folder == self._plugins:
            folder.mkdir(parents=True, exist_ok=True)
        return self._caches.setdefault(folder, PluginCache(folder)) if named and folder.is_dir() else None


def wanted(transcript: json_events.Transcript, ended: Ended) -> bool:
    """Whether a run has failed for the want of it, and so before it did anything.

    What a resource has to say, or a program that it runs, may well speak of some other Terraform.
    """
    said = [f"{each.summary} {each.detail}" for each in transcript.errors if not each.address]
    return ended.code != 0 and _NEEDS_INIT.search(" ".join([*said, ended.errors])) is not None


def _read(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except FileNotFoundError:
        return b""
