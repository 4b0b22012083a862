"""Results of `check` blocks in a plan: Terraform only warns of a failed one, and of one that it could not answer."""

from collections.abc import Callable, Mapping
from typing import Any

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.diagnostics.read_errors import convert_read_errors
from envctl.adapters.terraform.diagnostics.resource_lines import find_folders, locate_block
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.release.code_search import may_have_check_blocks
from envctl.domain.terraform.workdir_names import MODULES_MANIFEST
from envctl.usecases.ports.terraform import CheckBlock


def has_check_blocks(site: Site) -> bool:
    """Tell whether the code of an initialized stack may have check blocks, in modules of modules too."""
    folders = find_folders(site).values() if (site.directory / MODULES_MANIFEST).exists() else ["."]
    files = (file for folder in folders for file in (site.directory / folder).glob("*.t*"))
    return any(may_have_check_blocks(file.name, read_bytes(file)) for file in files if file.is_file())


def parse_checks(site: Site, document: Mapping[str, Any], redact: Callable[[str], str]) -> list[CheckBlock]:
    """Return the results of the check blocks in a plan document, with the line of each that did not pass."""
    with convert_read_errors(site.stack.name):
        found = [each for each in document.get("checks") or () if each["address"]["kind"] == "check"]
        return [_parse_check(site, each["address"]["to_display"], each, redact) for each in found]


def _parse_check(site: Site, address: str, raw: Mapping[str, Any], redact: Callable[[str], str]) -> CheckBlock:
    module, _, name = address.rpartition("check.")
    where = None if raw["status"] == "pass" else locate_block(site, module.rstrip("."), "check", name)
    problems = (problem for each in raw.get("instances") or () for problem in each.get("problems") or ())
    messages = tuple(redact(problem.get("message", "")) for problem in problems)
    return CheckBlock(address.removeprefix(site.stack.address_prefix), raw["status"], messages, where)
