"""Checks that a plan was made with the requested options: a wrapper of Terraform may add flags.

Otherwise a partial plan, or one of another mode, could pass for *no changes*. No document of Terraform contains the
mode: it is read from the file of the plan, a zip archive with a message `tfplan` in the wire format of protocol
buffers. The field numbers are those of `planfile.proto` in the sources of Terraform and OpenTofu.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from envctl.adapters.terraform.launcher import ADDED_FLAGS_HINT
from envctl.adapters.terraform.process.rendered_documents import read_settings
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.protobuf import find_field, split_message
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE
from envctl.domain.text.lists import join_first

_FORMAT = 3
# A state gets its lineage on the first write, within its first bytes.
_NO_LINEAGE, _HEAD_SIZE = b'"lineage": ""', 512
_VERSION, _VARIABLES, _CHANGES, _TARGETS, _EXCLUDES, _REPLACES, _MODE = 1, 2, 3, 5, 6, 16, 17
_LIMITS = {_TARGETS: "-target", _EXCLUDES: "-exclude", _REPLACES: "-replace"}
_CHANGE, _ACTION, _FORGET = 9, 1, 8
_NAME, _VALUE = 1, 2
MODES = {0: "ordinary", 1: "-destroy", 2: "-refresh-only"}
# Sizes of the header of a msgpack text, by its first byte.
_TEXT_HEADER_SIZES = {**dict.fromkeys(range(0xA0, 0xC0), 1), 0xD9: 2, 0xDA: 3, 0xDB: 5}


@dataclass(frozen=True)
class SavedPlan:
    """Attributes:

    mode: one of `MODES`, or an unknown number.
    limits: the flags limiting the plan to some resources or replacing some; each with its addresses.
    variables: the variables set in the root module; None for a value that is no text.
    forgets: whether the plan forgets resources. Terraform does not refresh these.
    managed: whether the state held resources while planning; False if not requested.
    stateless: whether no state existed. A state emptied by destroy exists.
    """

    mode: str
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    forgets: bool = False
    managed: bool = False
    stateless: bool = False


def read_saved(file: BinaryIO, *, with_state: bool) -> SavedPlan | None:
    """Parse a saved plan. Return None for another format, such as an encrypted plan of OpenTofu or a later version."""
    # Imported late: only this function needs it.
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            held = json.loads(archive.read("tfstate-prev")).get("resources") or () if with_state else ()
            managed = any(each.get("mode") == "managed" and each.get("instances") for each in held)
            with archive.open("tfstate") as state:
                stateless = _NO_LINEAGE in state.read(_HEAD_SIZE)
            return _parse_plan(archive.read("tfplan"), managed=managed, stateless=stateless)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, NotImplementedError, RuntimeError):
        return None


def _parse_plan(message: bytes, *, managed: bool, stateless: bool) -> SavedPlan | None:
    mode, version, forgets = 0, 0, False
    limits: dict[str, tuple[str, ...]] = {}
    variables: dict[str, str | None] = {}
    for number, value in split_message(message):
        if isinstance(value, int):
            mode, version = (value if number == _MODE else mode), (value if number == _VERSION else version)
        elif number in _LIMITS:
            flag = _LIMITS[number]
            limits[flag] = (*limits.get(flag, ()), value.decode())
        elif number == _VARIABLES:
            variables |= _parse_variable(value)
        elif number == _CHANGES:
            forgets = forgets or find_field(find_field(value, _CHANGE), _ACTION) == _FORGET
    if version != _FORMAT:
        return None
    return SavedPlan(MODES.get(mode, str(mode)), limits, variables, forgets, managed, stateless)


def _parse_variable(entry: bytes) -> dict[str, str | None]:
    """Return the variable's text by its name; None for other types. A value is msgpack, with its type in front."""
    name, packed = find_field(entry, _NAME), find_field(find_field(entry, _VALUE), 1)
    prefix = b'\x92\xc4\x08"string"'
    if not isinstance(name, bytes):
        return {}
    if not isinstance(packed, bytes) or not packed.startswith(prefix):
        return {name.decode(): None}
    value = packed[len(prefix) :]
    head = _TEXT_HEADER_SIZES.get(value[0], 0)
    return {name.decode(): value[head:].decode() if head else None}


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
    """Return the saved plan; None for an unknown format. Raise OperationFailedError without it or for other options."""
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
