"""All keys of a plan document and their use here: the documented form of `terraform show -json` of Terraform 1.10 to
1.17 and of OpenTofu. A key in none of these tables could have an effect: its plan is refused.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class KeyUse(Enum):
    BOUND = "bound"  # displayed, and part of the fingerprint
    SHOWN = "shown"  # displayed only
    CHECKED = "checked"  # decides whether the plan is accepted
    NOTHING = "nothing"  # without effect on an apply


KeyTable = Mapping[str, tuple[KeyUse, str]]


def _build_table(**keys: tuple[KeyUse, str]) -> KeyTable:
    return MappingProxyType(keys)


_BOUND, _SHOWN, _CHECKED, _NOTHING = KeyUse.BOUND, KeyUse.SHOWN, KeyUse.CHECKED, KeyUse.NOTHING

PLAN_KEYS = _build_table(
    format_version=(_NOTHING, "the version of this form"),
    terraform_version=(_NOTHING, "the program of the plan; a guard checks its version"),
    variables=(_NOTHING, "their effect is in the changes; settings are bound by their own digest"),
    planned_values=(_NOTHING, "a copy of the changes: the state after them"),
    resource_drift=(_NOTHING, "findings of the refresh: an apply only records them"),
    resource_changes=(_BOUND, "the change of each resource"),
    deferred_changes=(_CHECKED, "planned only after this apply: refused, as unknown"),
    deferred_action_invocations=(_CHECKED, "planned only after this apply: refused, as unknown"),
    output_changes=(_BOUND, "read by other stacks, programs and people"),
    action_invocations=(_BOUND, "run by a provider beside the resources"),
    prior_state=(_SHOWN, "the state; source of the programs run while planning"),
    configuration=(_SHOWN, "the code, bound by the release; source of programs and providers"),
    relevant_attributes=(_NOTHING, "drift as a possible cause of the changes"),
    checks=(_NOTHING, "results of checks; a fatal one has failed the plan, a failed block fails the verification"),
    timestamp=(_NOTHING, "the time of the plan; values made of it are planned values"),
    applyable=(_CHECKED, "changes must be found here too"),
    complete=(_CHECKED, "false for a partial plan"),
    errored=(_CHECKED, "true for an aborted plan"),
)

RESOURCE_CHANGE_KEYS = _build_table(
    address=(_BOUND, "the resource"),
    previous_address=(_BOUND, "its address before a move"),
    module_address=(_NOTHING, "a part of the address"),
    mode=(_NOTHING, "a part of the address: data sources begin with data"),
    type=(_BOUND, "its type"),
    name=(_NOTHING, "a part of the address"),
    index=(_NOTHING, "a part of the address"),
    index_unknown=(_CHECKED, "present in deferred changes only"),
    provider_name=(_BOUND, "its provider"),
    full_provider=(_NOTHING, "the provider again, in some versions of OpenTofu"),
    deposed=(_BOUND, "an object left behind by a replacement"),
    change=(_BOUND, "actions and values"),
    action_reason=(_SHOWN, "the reason; for people only, by Terraform's documentation"),
)

CHANGE_KEYS = _build_table(
    actions=(_BOUND, "the actions in their order"),
    before=(_SHOWN, "the current values, with the id of the object"),
    after=(_BOUND, "the planned values, if they differ from the current ones"),
    after_unknown=(_BOUND, "values known after the apply"),
    before_sensitive=(_BOUND, "sensitive values: they have no digest"),
    after_sensitive=(_BOUND, "sensitive values: they have no digest"),
    replace_paths=(_SHOWN, "the reason of a replacement; the actions contain the fact"),
    importing=(_BOUND, "the imported object"),
    generated_config=(_NOTHING, "code written to a file by the plan; an apply does not read it"),
    before_identity=(_BOUND, "the changed object"),
    after_identity=(_NOTHING, "derived from the planned values by the provider"),
)

IMPORTING_KEYS = _build_table(
    id=(_BOUND, "the imported object"),
    unknown=(_BOUND, "present in deferred changes only"),
    identity=(_BOUND, "the imported object"),
)

ACTION_INVOCATION_KEYS = _build_table(
    address=(_BOUND, "the action"),
    type=(_BOUND, "its type"),
    name=(_NOTHING, "a part of the address"),
    config_values=(_BOUND, "its arguments"),
    config_sensitive=(_BOUND, "sensitive arguments: they have no digest"),
    config_unknown=(_BOUND, "arguments known after the apply"),
    provider_name=(_BOUND, "its provider"),
    lifecycle_action_trigger=(_BOUND, "the trigger and its time"),
    invoke_action_trigger=(_BOUND, "set if requested by a person"),
)

# All keys of these two objects are bound, those of later versions too.
LIFECYCLE_ACTION_TRIGGER_KEYS = _build_table(
    triggering_resource_address=(_BOUND, "the resource of the trigger"),
    action_trigger_event=(_BOUND, "before or after a kind of change"),
    action_trigger_block_index=(_BOUND, "the order among the triggers of a resource"),
    actions_list_index=(_BOUND, "the order within a trigger"),
    on_failure=(_BOUND, "the consequence of a failure for the apply"),
)
INVOKE_ACTION_TRIGGER_KEYS = _build_table(calling_resource_address=(_BOUND, "the resource it is run for"))

# Refused as a whole: these tables only serve a comparison with Terraform's source.
_REFUSED = (_CHECKED, "part of the refusal's message")
DEFERRED_CHANGE_KEYS = _build_table(reason=_REFUSED, resource_change=_REFUSED)
DEFERRED_ACTION_INVOCATION_KEYS = _build_table(reason=_REFUSED, action_invocation=_REFUSED)
