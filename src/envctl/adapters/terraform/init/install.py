"""Runs `terraform init` on a plugin cache that others use as well.

Where all providers that the lock pins lie in the cache, any number of stacks are initialised at once, and no network is
asked for providers. Otherwise each version of a provider is fetched by one, and the others wait for it.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.terraform.diagnostics.full_disk import demand_room
from envctl.adapters.terraform.init.cache_locks import ALL, CacheLocks, Wish
from envctl.adapters.terraform.init.init_stamp import INSTALLED
from envctl.adapters.terraform.init.plugin_cache import Pinned, PluginCache, link, remove
from envctl.adapters.terraform.init.possible_providers import needed, needs_some
from envctl.adapters.terraform.launcher import Launcher, check
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.release.remote_modules import decode, is_local
from envctl.domain.terraform.provider_lock import short
from envctl.domain.terraform.workdir_names import LOCK_FILE, MANIFEST
from envctl.usecases.ports.terraform import Progressed

VIEW = ".plugins"
"""The part of the plugin cache that a stack is shown, in its own directory."""

CHOSEN = ".terraform/plugin_path"
"""Where Terraform writes down that it was told to take providers from one folder, which it then does for ever."""

# Terraform says so where it would write over a package that it was shown: that is not what the lock pins after all.
_SPOILT = "because it is a symlink"


@dataclass(frozen=True)
class Installing:
    """One stack, with what its lock pins."""

    launcher: Launcher
    site: Site
    cache: PluginCache
    locks: CacheLocks
    wanted: tuple[Pinned, ...]
    said: Callable[[str], None]

    def install(self) -> None:
        try:
            told = bool(self.wanted) or not needs_some(self.site.directory)
            if told and self._as_pinned():
                return
            # Which versions will be chosen nobody knows, and so neither what will be fetched.
            with self.locks.held([Wish(ALL, alone=True)], self._who):
                if told:
                    # Or Terraform has found a package otherwise than it is remembered.
                    self.cache.distrust(self.wanted)
                    self._tell(self.wanted)
                demand_success(self.site, *self._fetch(first=not told))
        except BaseException:
            # What is there by half is no use to anybody, and on a full disk least of all.
            remove(self._view)
            raise

    def _as_pinned(self) -> bool:
        """With the versions that the lock pins; whether those were enough."""
        needs = needed(self.site.directory, self.wanted)
        while True:
            missing = self._missing(needs)
            wishes = [Wish(str(each), alone=each in missing) for each in needs]
            with self.locks.held([Wish(ALL, alone=False), *wishes], self._who):
                still = self._missing(needs)
                if still and still <= missing:
                    self._tell(still)
                    ended, transcript = self._fetch(first=True)
                    if ended.code and any(_SPOILT in each.detail for each in transcript.errors):
                        return False
                    demand_success(self.site, ended, transcript)
                    return True
                if not still and not missing:
                    return self._link()
            # Somebody has fetched them meanwhile, or has lost one.

    def _link(self) -> bool:
        """With nothing but what is in the cache; whether that was enough."""
        self._show_what_fits()
        ended, transcript = run(self.launcher, self.site, self._view, plugin_dir=os.fspath(self._view))
        (self.site.directory / CHOSEN).unlink(missing_ok=True)
        lacking = any("provider" in f"{each.summary} {each.detail}" for each in transcript.errors)
        if lacking and ended.code and not (ended.interrupted or ended.silent):
            return False
        demand_success(self.site, ended, transcript)
        return True

    def _fetch(self, *, first: bool) -> tuple[Ended, Transcript]:
        """`first` says that nobody was told yet that this stack is initialised."""
        self._show_what_fits()
        ended, transcript = run(self.launcher, self.site, self._view, tell=first)
        lock = self.site.directory / LOCK_FILE
        if not ended.code and lock.exists():
            self.cache.take(self._view, read_bytes(lock))
        return ended, transcript

    def _show_what_fits(self) -> None:
        """As the plugin cache, and as installed already: what Terraform finds there it hashes once, and not three times
        as what it has to link itself.
        """
        found = [package for each in self.wanted for package in self.cache.whole(each)]
        for folder in (self._view, self.site.directory / INSTALLED):
            link(folder, found, self.cache.folder)

    def _missing(self, needs: Iterable[Pinned]) -> set[Pinned]:
        return {each for each in needs if not self.cache.whole(each)}

    def _tell(self, missing: Iterable[Pinned]) -> None:
        for each in sorted(missing):
            if self.cache.unfit(each):
                where = f"{short(str(each))} in {self.cache.folder}"
                self.said(f"{where} is not what the lock pins, damaged perhaps: it is fetched anew")

    @property
    def _view(self) -> Path:
        return self.site.directory / VIEW

    @property
    def _who(self) -> str:
        return f"stack {self.site.stack.name} of {self.site.environment}"


def run(
    launcher: Launcher, site: Site, plugins: Path | None, *, tell: bool = True, **options: str
) -> tuple[Ended, Transcript]:
    """`init` with another plugin cache than usual, where one is named."""
    begun = Progressed(site.stack.name, "init") if tell else None
    modules: dict[str, bool] = {"get": False} if _carried(site.directory) else {}
    return launcher.follow(replace(site, plugins=plugins), begun, "init", reconfigure=True, **modules, **options)


def _carried(directory: Path) -> bool:
    """Whether the release has brought modules of others along: then they lie there, and none is ever fetched.

    Terraform compares what its record says of each with what the code calls, and would leave those alone anyhow;
    OpenTofu need not do so for ever. Of a stack that has only modules of its own, Terraform writes the record itself.
    """
    try:
        sources = [source for _, source, _, _ in decode(read_bytes(directory / MANIFEST))]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any(source and not is_local(source) for source in sources)


def demand_success(site: Site, ended: Ended, transcript: Transcript) -> None:
    demand_room(site, ended, transcript)
    check(ended, transcript, site, "init")
