"""Checks that a plan was made with the requested options: a wrapper of Terraform may add flags.

Otherwise a partial plan, or one of another mode, could pass for *no changes*.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from envctl.adapters.terraform.launcher import ADDED_FLAGS_HINT
from envctl.adapters.terraform.plans.saved_plan import MODES, SavedPlan, read_saved
from envctl.adapters.terraform.process.rendered_documents import read_settings
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE
from envctl.domain.text.lists import join_first

ORDINARY, DESTROY, REFRESH_ONLY = MODES.values()
_MODE_TEXTS = {ORDINARY: "an ordinary one", DESTROY: f"a {DESTROY} plan", REFRESH_ONLY: f"a {REFRESH_ONLY} plan"}
MAX_NAMED = 3


@dataclass(frozen=True)
class PlanRequest:
    """The requested options of a plan.

    Attributes:
        variables: those of the root module from the environment of Terraform, as texts.
        settings: values from the file of settings beside a root that runs as it is; None for a rendered one.
    """

    mode: str
    refresh: bool
    variables: Mapping[str, str]
    settings: Mapping[str, object] | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, bool | str], site: Site) -> "PlanRequest":
        mode = DESTROY if options.get("destroy") else REFRESH_ONLY if options.get("refresh_only") else ORDINARY
        settings = read_settings(site) if site.stack.root else None
        return cls(mode, options.get("refresh") is not False, site.stack.secrets, settings)


def read_checked_plan(stack: str, file: BinaryIO, request: PlanRequest, *, refreshed: bool) -> SavedPlan | None:
    """Return the saved plan; None for an unknown format. Raise OperationFailedError if nothing was saved, or for a plan
    with other options.
    """
    if not file.seek(0, os.SEEK_END):
        message = f"terraform plan of {stack} succeeded, but saved no plan at the requested place (-out)"
        raise OperationFailedError(Problem("E370", message, ADDED_FLAGS_HINT))
    saved = read_saved(file, with_state=request.refresh and not refreshed)
    if saved is not None:
        check_origin(stack, saved, request, refreshed=refreshed)
    return saved


def check_origin(stack: str, saved: SavedPlan, request: PlanRequest, *, refreshed: bool) -> None:
    """Raise OperationFailedError for a plan with other options. `refreshed`: whether any resource was refreshed."""
    if saved.mode != request.mode:
        made, requested = (_MODE_TEXTS.get(mode, f"mode {mode}") for mode in (saved.mode, request.mode))
        raise _added_flags_error(f"the plan of {stack} was made as {made}, not as {requested}")
    for flag, addresses in saved.limits.items():
        raise _added_flags_error(f"the plan of {stack} was made with {flag}={join_first(addresses, MAX_NAMED)}")
    # Terraform does not refresh resources to be forgotten.
    if request.refresh and saved.managed and not refreshed and not saved.forgets:
        raise _added_flags_error(f"the plan of {stack} was made with -refresh=false: no resource was read")
    others = sorted(
        name
        for name, text in saved.variables.items()
        if not (
            _is_from_environment(text, request.variables.get(name))
            if request.settings is None or name in request.variables
            else _is_setting(name, text, request.settings)
        )
    )
    if others:
        named = join_first(others, MAX_NAMED)
        raise _added_flags_error(f"the plan of {stack} was made with another value of {named} (-var, -var-file)")


def _is_from_environment(text: str | None, given: str | None) -> bool:
    """Return whether the text comes from the variable's environment value, if it has one: the text itself or, for types
    such as `any`, an expression of it. Terraform normalizes Unicode to NFC. `text` is None for a value that is no text.
    """
    if given is None or text is None or text == given:
        return True
    from unicodedata import normalize

    from envctl.domain.terraform.expressions import format_tf_var

    return normalize("NFC", given) in (text, format_tf_var(text, "any"))


def _is_setting(name: str, text: str | None, settings: Mapping[str, object]) -> bool:
    """Return whether a variable of a root module has its value from the file of settings. `text` is None for a value
    that is no text: such a value is not compared.
    """
    from unicodedata import normalize

    if name not in settings:
        return name == SESSION_VARIABLE
    value = settings[name]
    return text is None or (isinstance(value, str) and normalize("NFC", value) == text)


def check_added_flags(stack: str, document: Mapping[str, Any]) -> None:
    """Raise OperationFailedError for traces of flags envctl never passes, such as -replace."""
    for raw in document.get("resource_changes") or ():
        if raw.get("action_reason") == "replace_by_request":
            raise _added_flags_error(f"the plan of {stack} was made with -replace={raw['address']}")
        if (raw.get("change") or {}).get("generated_config"):
            raise _added_flags_error(f"the plan of {stack} was made with -generate-config-out, for {raw['address']}")
    for raw in document.get("action_invocations") or ():
        if raw.get("invoke_action_trigger") is not None:
            raise _added_flags_error(f"the plan of {stack} was made with -invoke={raw['address']}")


def check_state_covered(stack: str, document: Mapping[str, Any], request: PlanRequest) -> None:
    """Raise OperationFailedError if the plan lacks resources of the state. Serves plans with an unreadable file: an
    ordinary plan lists all resources, unchanged ones too.
    """
    from envctl.adapters.terraform.plans.attributes import walk_resources

    if request.mode == REFRESH_ONLY:
        return
    named = {raw["address"] for raw in document.get("resource_changes") or ()}
    moved = {raw.get("previous_address") for raw in document.get("resource_changes") or ()}
    state = (document.get("prior_state") or {}).get("values") or {}
    held = [raw["address"] for raw in walk_resources(state.get("root_module") or {}, "managed")]
    if missing := [address for address in held if address not in named | moved]:
        texts = join_first(missing, MAX_NAMED)
        raise _added_flags_error(f"the plan of {stack} has no information about {texts} (-refresh-only, -target)")


def _added_flags_error(message: str) -> OperationFailedError:
    return OperationFailedError(Problem("E369", message, ADDED_FLAGS_HINT))
