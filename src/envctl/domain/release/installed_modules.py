"""Folders of modules in the tree of a root module that runs as it is.

A remote module is where Terraform itself installs it: code may use `path.module` as a value, and a root keeps all
values that it has without envctl. A module that is called twice is there twice, as in an installation.
"""

from collections.abc import Iterator, Mapping
from posixpath import join, normpath, relpath

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import is_local_source
from envctl.domain.release.wiring import BundledModule, Wiring
from envctl.domain.terraform.workdir_names import INSTALLED_MODULES_FOLDER, REMOTE_MODULES_FOLDER


def locate_modules(wiring: Wiring, stack: str) -> Iterator[tuple[BundledModule, str]]:
    """Yield the modules of a root with their folders, from the folder of the root."""
    root = wiring.find_root_folder(stack)
    found: dict[str, str] = {}
    for module in sorted(_list_modules(wiring, stack), key=lambda module: module.key):
        package = _find_package(module)
        if not package:
            folder = relpath(wiring.to_bundle_path(module.folder), root)
        elif is_local_source(module.source):
            # Within the package of its caller.
            folder = normpath(join(found[module.key.rpartition(".")[0]], module.source))
        else:
            folder = normpath(join(_name_top(module), relpath(module.folder, package)))
        found[module.key] = folder
        yield module, folder


def list_installed_files(release: Release, stack: str) -> dict[str, File]:
    """Return the files of the remote modules of a root, by their paths in its tree."""
    root, found = release.wiring.find_root_folder(stack), dict[str, File]()
    packages: dict[str, Mapping[str, File]] = {}
    for module in _list_modules(release.wiring, stack):
        package = _find_package(module)
        if package and not is_local_source(module.source):
            if package not in packages:
                folder = f"{package}/"
                packages[package] = {
                    path.removeprefix(folder): file for path, file in release.files.items() if path.startswith(folder)
                }
            top = normpath(join(root, _name_top(module)))
            found |= {f"{top}/{path}": file for path, file in packages[package].items()}
    return found


def _list_modules(wiring: Wiring, stack: str) -> Iterator[BundledModule]:
    return (module for module in wiring.modules if module.stack_name == stack)


def _find_package(module: BundledModule) -> str:
    """Return the folder of the package with a module, in the release; empty for modules of the project."""
    parts = module.folder.split("/")
    return "/".join(parts[:2]) if parts[0] == REMOTE_MODULES_FOLDER else ""


def _name_top(module: BundledModule) -> str:
    """Return the folder of the package's files, from the folder of the root."""
    return join(INSTALLED_MODULES_FOLDER, module.key.partition(".")[2], module.top)
