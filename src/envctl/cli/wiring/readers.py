"""The reader of project files, composed of the TOML and HCL adapters."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.domain.config.project import Project
    from envctl.domain.errors import Location
    from envctl.domain.release.code_search import AccountBlocks, OutsideRead
    from envctl.domain.release.place.default_tags import ResourceTags
    from envctl.domain.release.root_findings import RootFindings
    from envctl.domain.terraform.variables import ModuleCall, ModuleInterface, ModuleValidations, SettingsFile


@dataclass(eq=False, repr=False, kw_only=True)
class ProjectFileReader:
    """Imports each parser on first use: a command with a warm cache parses no file."""

    sandbox: bool
    look: bool = False
    changes_only: str = ""
    on_secrets: "Callable[[Project], None]" = lambda _: None
    on_message: Callable[[str], None] = lambda _: None

    def parse_project(self, data: bytes) -> "Project":
        from envctl.adapters.toml import load_project

        project = load_project(data)
        if project.secrets.values:
            # First of all: no program may inherit the variables with secret values.
            self.on_secrets(project)
        if self.sandbox:
            from envctl.domain.config.sandbox import describe_unused_state, to_sandbox_project

            self.on_message(describe_unused_state(project))
            project = to_sandbox_project(project)
        project = project.for_changing(self.changes_only) if self.changes_only else project
        return project.for_looking() if self.look else project

    def locate_key(self, data: bytes, path: Sequence[str | int]) -> "Location":
        from envctl.adapters.toml import locate_key

        return locate_key(data, path)

    def parse_settings(self, data: bytes, name: str, public: frozenset[str] = frozenset()) -> "SettingsFile":
        if name.endswith(".json"):
            from envctl.adapters.hcl.json_settings import read_json_settings

            return read_json_settings(data, name)
        from envctl.adapters.hcl.plain_settings import read_plain_settings

        if (plain := read_plain_settings(data, name)) is not None:
            return plain
        from envctl.adapters.hcl.source import read_settings

        return read_settings(data, name, public)

    def parse_module(self, files: Mapping[str, bytes], name: str) -> "ModuleInterface":
        from envctl.adapters.hcl.module import read_module

        return read_module(files, name)

    def parse_module_calls(self, files: Mapping[str, bytes], name: str) -> "tuple[ModuleCall, ...]":
        from envctl.adapters.hcl.module import read_module_calls

        return read_module_calls(files, name)

    def parse_validations(self, files: Mapping[str, bytes]) -> "ModuleValidations":
        from envctl.adapters.hcl.validations import read_validations

        return read_validations(files)

    def find_outside_reads(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "tuple[OutsideRead, ...]":
        from envctl.adapters.hcl.code_folders import group_by_folder, read_folders

        folders = read_folders(group_by_folder(files), modules)
        if not folders:
            return ()
        from envctl.adapters.hcl.code_search import find_outside_reads

        return find_outside_reads(files, folders)

    def find_resource_tags(
        self, files: Mapping[str, bytes], folders: Collection[str], prefix: str
    ) -> "Mapping[str, tuple[ResourceTags, ...]]":
        from envctl.adapters.hcl.tag_search import find_resource_tags

        return find_resource_tags(files, folders, prefix)

    def find_account_blocks(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "AccountBlocks":
        from envctl.adapters.hcl.code_folders import find_account_code
        from envctl.domain.release.code_search import AccountBlocks

        code = find_account_code(files, modules)
        if not code:
            return AccountBlocks()
        from envctl.adapters.hcl.code_search import find_account_blocks

        return find_account_blocks(code)

    def find_roots(
        self, files: Mapping[str, bytes], roots: Mapping[str, Sequence[str]]
    ) -> "Mapping[str, RootFindings]":
        from envctl.adapters.hcl.root_search import read_roots

        return read_roots(files, roots)
