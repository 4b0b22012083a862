"""Addresses of resources to import: which stack an address means, and its address in the state of that stack."""

from collections.abc import Sequence

from envctl.domain.errors import Problem, UsageError
from envctl.domain.text.identifiers import NAME
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.terraform import PreparedStack, format_import_address


def find_import_target(text: str, stacks: Sequence[PreparedStack]) -> tuple[PreparedStack, str]:
    """Return the stack that an address means, and the address for Terraform.

    `STACK:ADDRESS` names the stack; ADDRESS is as plans show it. Otherwise it is the address in the state: below
    `module.STACK.` for a module, and any address for a root module that runs as it is.

    Raises UsageError if no stack has the address (E368), or if several stacks may have it (E375).
    """
    name, is_named, address = text.partition(":")
    # The address of a resource has no colon before its first key.
    if is_named and NAME.fullmatch(name):
        named = [stack for stack in stacks if stack.name == name]
        if not named:
            raise UsageError(Problem("E368", f"no stack {name} in this release", _list_forms(stacks)))
        return named[0], f"{named[0].address_prefix}{address}"
    owners = [stack for stack in stacks if text.startswith(stack.address_prefix)]
    if len(owners) > 1:
        names = join_names([stack.name for stack in owners])
        forms = " or ".join(f"'{stack.name}:{text.removeprefix(stack.address_prefix)}=ID'" for stack in owners)
        raise UsageError(Problem("E375", f"the address {text} may be in {names}", f"name the stack: {forms}"))
    if not owners:
        raise UsageError(Problem("E368", f"no stack of this release has the address {text}", _list_forms(stacks)))
    return owners[0], text


def _list_forms(stacks: Sequence[PreparedStack]) -> str:
    beginnings = " or ".join(sorted(format_import_address(stack, "") for stack in stacks))
    example = format_import_address(stacks[0], 'TYPE.NAME["KEY"]')
    return f"start it with {beginnings}, and quote it: '{example}'"
