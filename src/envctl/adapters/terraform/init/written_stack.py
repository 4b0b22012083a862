"""Where Terraform runs for a stack that an earlier command wrote, without its release."""

from dataclasses import replace

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.init.init_stamp import read_stamp
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.tree_record import parse_tree_record
from envctl.domain.terraform.workdir_names import TREE_RECORD


def find_initialized_site(site: Site) -> Site | None:
    """Return the site with the root of the written tree, if there is one; None if the stack is not initialized."""
    root = _read_root(site)
    written = replace(site, stack=replace(site.stack, root=root), directory=site.directory / root)
    return written if read_stamp(written.directory) else None


def _read_root(site: Site) -> str:
    try:
        return parse_tree_record(read_bytes(site.directory / TREE_RECORD)).root
    except (OSError, ValueError, KeyError, TypeError):
        return ""
