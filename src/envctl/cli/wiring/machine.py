"""The part of the composition root that is the same for every project: this machine, and envctl on it."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.adapters.local.installation import InstalledPackages
    from envctl.adapters.local.machine import RandomNonces, SystemClock
    from envctl.adapters.local.templates import PackagedTemplates


class MachinePorts:
    @cached_property
    def clock(self) -> "SystemClock":
        from envctl.adapters.local.machine import SystemClock

        return SystemClock()

    @cached_property
    def nonces(self) -> "RandomNonces":
        from envctl.adapters.local.machine import RandomNonces

        return RandomNonces()

    @cached_property
    def templates(self) -> "PackagedTemplates":
        from envctl.adapters.local.templates import PackagedTemplates

        return PackagedTemplates()

    @cached_property
    def installation(self) -> "InstalledPackages":
        from envctl.adapters.local.installation import InstalledPackages

        return InstalledPackages()
