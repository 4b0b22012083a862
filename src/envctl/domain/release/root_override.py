"""Files that envctl adds to a root module that runs as it is, and the files of the release that such a root needs.

Terraform runs in the folder of the root, in a tree with the relative layout of the release. An override file, read
after all others, holds the backend and the parts of the providers that belong to the environment.
"""

from collections.abc import Mapping

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.root_code import RootCode
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER

OVERRIDE_FILE = "zzz_envctl_override.tf.json"
"""Overrides of the root: Terraform merges the files of that kind in the order of their names."""
DECLARATIONS_FILE = "zzz_envctl.tf.json"
"""Declarations beside those of the root."""
SETTINGS_FILE = "zzz_envctl.auto.tfvars.json"
"""Settings of the root that are not sensitive."""
GENERATED_FILES = (DECLARATIONS_FILE, SETTINGS_FILE, OVERRIDE_FILE)


def list_tree_files(release: Release, stack: str) -> Mapping[str, File]:
    """Return the files of a release that the tree of a root needs, by their paths in the tree."""
    code = release.wiring.stacks[stack].root_code or RootCode()
    remote = {_find_package(module.folder) for module in release.wiring.modules if module.stack_name == stack}
    needed = tuple(f"{folder}/" for folder in (*code.tree, *(each for each in remote if each)))
    return {path: file for path, file in release.files.items() if path.startswith(needed) or path in code.tree}


def _find_package(folder: str) -> str:
    """Return the folder of the package with a carried module; empty for modules of the project."""
    parts = folder.split("/")
    return "/".join(parts[:2]) if parts[0] == REMOTE_MODULES_FOLDER else ""
