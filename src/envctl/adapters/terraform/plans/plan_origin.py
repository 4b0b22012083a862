"""That a plan was made as envctl asked for it: a Terraform that is wrapped may add flags of its own.

Without this, a plan of a part, or of another mode, in which nothing changes would pass for *no changes*.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from envctl.adapters.terraform.launcher import ADDED_FLAGS
from envctl.adapters.terraform.plans.saved_plan import MODES, SavedPlan, read_saved
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.text.lists import first_of

ORDINARY, DESTROY, REFRESH_ONLY = MODES.values()
NAMED = 3


@dataclass(frozen=True)
class Asked:
    """How a plan was asked for. `variables` are those of the root module, as texts."""

    mode: str
    refresh: bool
    variables: Mapping[str, str]

    @classmethod
    def by(cls, options: Mapping[str, bool | str], variables: Mapping[str, str]) -> "Asked":
        """As the options of the command line say it."""
        mode = DESTROY if options.get("destroy") else REFRESH_ONLY if options.get("refresh_only") else ORDINARY
        return cls(mode, options.get("refresh") is not False, variables)


def check_file(stack: str, file: BinaryIO, asked: Asked, *, refreshed: bool) -> SavedPlan | None:
    """Returns the plan in that file; None where it is in a form that this version can't read. Raises
    OperationFailedError where there is none, or where it was made otherwise than `asked`.
    """
    if not file.seek(0, os.SEEK_END):
        message = f"terraform plan of {stack} ended well and saved no plan where envctl told it to (-out)"
        raise OperationFailedError(Problem("E370", message, ADDED_FLAGS))
    saved = read_saved(file, with_state=asked.refresh and not refreshed)
    if saved is not None:
        check_made(stack, saved, asked, refreshed=refreshed)
    return saved


def check_made(stack: str, saved: SavedPlan, asked: Asked, *, refreshed: bool) -> None:
    """Raises OperationFailedError where the plan was made otherwise. `refreshed` says whether anything was."""
    if saved.mode != asked.mode:
        raise _added(f"the plan of {stack} was made as {_told(saved.mode)}, and not as {_told(asked.mode)}")
    for flag, addresses in saved.limits.items():
        raise _added(f"the plan of {stack} was made with {flag}={first_of(addresses, NAMED)}")
    # A resource that is forgotten is not looked at.
    if asked.refresh and saved.managed and not refreshed and not saved.forgets:
        raise _added(f"the plan of {stack} was made with -refresh=false: no resource was looked at")
    others = sorted(name for name, text in saved.variables.items() if not _is_given(text, asked.variables.get(name)))
    if others:
        raise _added(f"the plan of {stack} was made with another value of {first_of(others, NAMED)} (-var, -var-file)")


def _is_given(text: str, given: str | None) -> bool:
    """Whether a variable got that text from what its environment variable says, if it has one: the text itself or, of a
    type such as `any`, an expression of it. Terraform composes what stands for one character.
    """
    if given is None or text == given:
        return True
    from unicodedata import normalize

    from envctl.domain.release.root_module import environment_value

    return normalize("NFC", given) in (text, environment_value(text, "any"))


def check_requested(stack: str, document: Mapping[str, Any]) -> None:
    """Raises OperationFailedError for what stands in a plan only where its command line asked for it."""
    for raw in document.get("resource_changes") or ():
        if raw.get("action_reason") == "replace_by_request":
            raise _added(f"the plan of {stack} was made with -replace={raw['address']}")
        if (raw.get("change") or {}).get("generated_config"):
            raise _added(f"the plan of {stack} was made with -generate-config-out, for {raw['address']}")
    for raw in document.get("action_invocations") or ():
        if raw.get("invoke_action_trigger") is not None:
            raise _added(f"the plan of {stack} was made with -invoke={raw['address']}")


def check_covered(stack: str, document: Mapping[str, Any], asked: Asked) -> None:
    """Of a plan whose file can't be read: raises OperationFailedError where resources of the state are not in it. Every
    ordinary plan names them all, be it to leave them as they are.
    """
    from envctl.adapters.terraform.plans.attributes import managed

    if asked.mode == REFRESH_ONLY:
        return
    named = {raw["address"] for raw in document.get("resource_changes") or ()}
    moved = {raw.get("previous_address") for raw in document.get("resource_changes") or ()}
    state = (document.get("prior_state") or {}).get("values") or {}
    there = [raw["address"] for raw in managed(state.get("root_module") or {})]
    if left := [address for address in there if address not in named | moved]:
        raise _added(f"the plan of {stack} says nothing of {first_of(left, NAMED)} (-refresh-only, -target)")


def _added(message: str) -> OperationFailedError:
    return OperationFailedError(Problem("E369", message, ADDED_FLAGS))


def _told(mode: str) -> str:
    return (
        f"a {mode} plan"
        if mode in (DESTROY, REFRESH_ONLY)
        else "an ordinary one"
        if mode == ORDINARY
        else f"mode {mode}"
    )
