"""The Reader port, put together from the readers of TOML and HCL."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.domain.config.project import Project
    from envctl.domain.errors import Location
    from envctl.domain.plan.account_blocks import AccountBlocks
    from envctl.domain.release.outside_reads import OutsideRead
    from envctl.domain.settings.settings import ModuleCall, ModuleInterface, SettingsFile


class Languages:
    """Imports late: a command that finds everything prepared reads nothing."""

    def __init__(self, *, sandbox: bool) -> None:
        self._sandbox = sandbox

    def project(self, data: bytes) -> "Project":
        from envctl.adapters.toml import load_project
        from envctl.domain.config.sandbox import in_sandbox

        project = load_project(data)
        return in_sandbox(project) if self._sandbox else project

    def place(self, data: bytes, path: Sequence[str | int]) -> "Location":
        from envctl.adapters.toml import place

        return place(data, path)

    def place_rendered(self, data: bytes | None, environment: str, path: Sequence[str | int]) -> "Location | None":
        from envctl.adapters.toml import place_rendered

        return place_rendered(data or b"", environment, path)

    def settings(self, data: bytes, name: str) -> "SettingsFile":
        from envctl.adapters.hcl.settings import read_settings

        return read_settings(data, name)

    def module(self, files: Mapping[str, bytes], name: str) -> "ModuleInterface":
        from envctl.adapters.hcl.module import read_module

        return read_module(files, name)

    def calls(self, files: Mapping[str, bytes], name: str) -> "tuple[ModuleCall, ...]":
        from envctl.adapters.hcl.module import read_calls

        return read_calls(files, name)

    def outside_reads(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "tuple[OutsideRead, ...]":
        from envctl.adapters.hcl.outside_reads import find_outside_reads

        return find_outside_reads(files, modules)

    def account_blocks(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "AccountBlocks":
        from envctl.adapters.hcl.account_blocks import find_account_blocks

        return find_account_blocks(files, modules)
