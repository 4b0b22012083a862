"""Checks of Terraform on this machine, and of its providers."""

from collections.abc import Iterator

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.domain.terraform.version_constraints import is_version_allowed
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, report_warning
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.lock_providers import parse_versions


def check_terraform(ports: Ports, project: Project | None) -> Iterator[Row]:
    """Check the version of Terraform. Without a project, any version is fine."""
    installed = ports.terraform.detect_version((project and project.terraform.binary) or "")
    seen, wanted = f"{installed.version} ({installed.program})", project.terraform.version if project else ""
    if is_version_allowed(wanted, installed.version):
        yield report_good("terraform", seen)
        return
    message = f"Terraform is {seen}, and [terraform] version asks for {wanted}"
    hint = "install one that fits, and name it: [terraform] binary, or ENVCTL_TERRAFORM"
    yield report_bad("terraform", Problem("E302", message, hint))


def check_provider_lock(context: Context) -> Iterator[Row]:
    ports = context.ports
    locked = parse_versions(ports.tree.read_contents(ports.provider_lock) or b"")
    if locked:
        seen = ", ".join(f"{shorten_address(address)} {number}" for address, number in locked.items())
        yield report_good("provider lock", seen)
    else:
        way = f"the first apply writes it; commit it then: envctl apply {context.project.entry}"
        yield report_warning("provider lock", f"there is no {ports.provider_lock} that holds one", way)


def check_provider_source(ports: Ports) -> Iterator[Row]:
    # The sandbox must not contact the registry.
    locked = parse_versions(ports.tree.read_contents(ports.provider_lock) or b"")
    source = ports.terraform.find_provider_source(locked, knock=not ports.sandbox)
    seen = f"from the {source.kind} {source.where}"
    if source.problem:
        message = f"providers can't be taken {seen}: {source.problem}"
        hint = "check the network and the proxy, or name a mirror to Terraform"
        yield report_bad("providers", Problem("E325", message, hint))
    elif source.kind == "registry" and not source.asked:
        yield report_unchecked("providers", f"they come {seen}")
    else:
        yield report_good("providers", seen)
