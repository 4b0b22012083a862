"""Terraform on this machine, and the providers that it takes."""

from collections.abc import Iterator

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.domain.terraform.provider_lock import providers, short, version
from envctl.domain.terraform.version_constraints import allows
from envctl.usecases.inspect.doctor.rows import Row, bad, good, unseen, warn
from envctl.usecases.ports.core import Ports


def terraform(ports: Ports, project: Project | None) -> Iterator[Row]:
    """Without a project, whichever would be taken: what it should be, nobody knows."""
    there = ports.terraform.installed((project and project.terraform.binary) or "")
    seen, wanted = f"{there.version} ({there.program})", project.terraform.version if project else ""
    if allows(wanted, there.version):
        yield good("terraform", seen)
        return
    message = f"Terraform is {seen}, and [terraform] version asks for {wanted}"
    hint = "install one that fits, and name it: [terraform] binary, or ENVCTL_TERRAFORM"
    yield bad("terraform", Problem("E302", message, hint))


def provider_lock(ports: Ports, project: Project) -> Iterator[Row]:
    locked = _locked(ports)
    if locked:
        yield good("provider lock", ", ".join(f"{short(address)} {number}" for address, number in locked.items()))
    else:
        way = f"the first apply writes it; commit it then: envctl apply {project.entry}"
        yield warn("provider lock", f"there is no {ports.provider_lock} that holds one", way)


def provider_source(ports: Ports) -> Iterator[Row]:
    # In the sandbox nothing knocks at the world outside.
    source = ports.terraform.source(_locked(ports), knock=not ports.sandbox)
    seen = f"from the {source.kind} {source.where}"
    if source.problem:
        message = f"providers can't be taken {seen}: {source.problem}"
        yield bad(
            "providers", Problem("E325", message, "check the network and the proxy, or name a mirror to Terraform")
        )
    elif source.kind == "registry" and not source.asked:
        yield unseen("providers", f"they come {seen}")
    else:
        yield good("providers", seen)


def _locked(ports: Ports) -> dict[str, str]:
    lock = ports.tree.read(ports.provider_lock) or b""
    return {address: version(block) for address, block in providers(lock).items()}
