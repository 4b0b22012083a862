"""Errors of a Terraform that is older than what the code uses: Terraform itself names no version that knows it."""

import re
from dataclasses import dataclass

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.domain.terraform.version_constraints import is_version_allowed

OLD_USAGE = "Usage: terraform [global options] init"
"""What a Terraform before 1.9 answers, instead of an error: its init does not know -json."""
_LEAST_TERRAFORM = "1.10"
_ANY = ".*"
_CONSTRAINT = re.compile(r'required_version"?\s*[=:]\s*"([^"]+)"')
_REFUSED = re.compile(r"does not support (Terraform|OpenTofu) version (\S+)\. ")


@dataclass(frozen=True)
class Feature:
    """A part of the language.

    Attributes:
        least: the first Terraform that knows it. OpenTofu has other versions.
        context: pattern of the block that an older one does not accept it in; empty for the top of a file.
        words: of the error.
    """

    name: str
    least: str
    context: str
    words: str


FEATURES = (
    Feature("ephemeral resources", "1.10", "", 'Blocks of type "ephemeral" are not expected'),
    Feature("ephemeral variables or outputs", "1.10", "(variable|output) .*", 'named "ephemeral" is not expected'),
    Feature("write-only arguments", "1.11", _ANY, "only supported in Terraform 1.11 and later"),
    Feature("imports by identity", "1.12", "import", 'named "identity" is not expected'),
    Feature("actions", "1.14", "", 'Blocks of type "action" are not expected'),
    Feature("actions", "1.14", "resource .*", 'Blocks of type "action_trigger" are not expected'),
    Feature("deprecated variables or outputs", "1.15", "(variable|output) .*", 'named "deprecated" is not expected'),
    Feature("constant variables", "1.15", "variable .*", 'named "const" is not expected'),
    Feature("outputs with a type", "1.15", "output .*", 'named "type" is not expected'),
    Feature("import blocks in modules", "1.16", _ANY, "Import blocks are only allowed in the root module"),
    Feature("stores of terraform_data", "1.16", 'resource "terraform_data" .*', 'Blocks of type "store" are not'),
)


def describe_need(diagnostic: Diagnostic, version: str) -> str:
    """Return what the code of an error needs and which version ran; empty if another version would not help.

    Args:
        version: of Terraform; empty for OpenTofu, of which only what it says itself is known.
    """
    refused, constraint = _REFUSED.search(diagnostic.detail), _CONSTRAINT.search(diagnostic.code)
    if refused and constraint:
        return f"requires {refused[1]} {constraint[1]}: {refused[1]} {refused[2]} is installed"
    for each in FEATURES if version else ():
        is_met = is_version_allowed(f">= {each.least}", version)
        if not is_met and re.fullmatch(each.context, diagnostic.context) and each.words in diagnostic.text:
            return f"uses {each.name}, which need Terraform {each.least} or newer: Terraform {version} is installed"
    return ""


def describe_old_init(errors: str, version: str) -> str:
    """Return what envctl needs, if the init of an old Terraform failed; otherwise empty."""
    is_old = version and OLD_USAGE in errors
    return f"needs Terraform {_LEAST_TERRAFORM} or newer: Terraform {version} is installed" if is_old else ""
