"""Every key that the documented form of a plan has, and what becomes of it here. It is the form of `terraform show
-json` of Terraform 1.10 to 1.17 and of OpenTofu. What stands in none of these tables could do something: it is refused.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Use(Enum):
    """BOUND is shown and part of the fingerprint, SHOWN is shown alone, CHECKED decides whether the plan is taken at
    all, and NOTHING means nothing to an apply.
    """

    BOUND = "bound"
    SHOWN = "shown"
    CHECKED = "checked"
    NOTHING = "nothing"


Table = Mapping[str, tuple[Use, str]]


def _table(**keys: tuple[Use, str]) -> Table:
    return MappingProxyType(keys)


_BOUND, _SHOWN, _CHECKED, _NOTHING = Use.BOUND, Use.SHOWN, Use.CHECKED, Use.NOTHING

PLAN = _table(
    format_version=(_NOTHING, "the version of this form"),
    terraform_version=(_NOTHING, "the program that planned; a guard looks after which may run"),
    variables=(_NOTHING, "what they do stands in the changes; settings are bound by their own digest"),
    planned_values=(_NOTHING, "the changes once more, as the state would be after them"),
    resource_drift=(_NOTHING, "what the refresh has found: it has happened, and an apply only writes it down"),
    resource_changes=(_BOUND, "what happens to each resource"),
    deferred_changes=(_CHECKED, "what is planned only after this apply: refused, as it can't be seen"),
    deferred_action_invocations=(_CHECKED, "what is planned only after this apply: refused, as it can't be seen"),
    output_changes=(_BOUND, "what other stacks, programs and people read"),
    action_invocations=(_BOUND, "what a provider runs beside the resources"),
    prior_state=(_SHOWN, "what is there; which programs ran while it was planned is read from it"),
    configuration=(_SHOWN, "the code, which is bound by the release; programs and providers are read from it"),
    relevant_attributes=(_NOTHING, "which drift may have led to the changes"),
    checks=(_NOTHING, "what checks found while planning; what fails an apply has failed the plan before"),
    timestamp=(_NOTHING, "when it was planned; a value that is made of it is planned as such"),
    applyable=(_CHECKED, "that there is something to do must be seen here too"),
    complete=(_CHECKED, "whether it is the whole"),
    errored=(_CHECKED, "whether planning has ended"),
)

RESOURCE_CHANGE = _table(
    address=(_BOUND, "which resource"),
    previous_address=(_BOUND, "where it is moved from"),
    module_address=(_NOTHING, "a part of the address"),
    mode=(_NOTHING, "a part of the address: data sources begin with data"),
    type=(_BOUND, "what it is"),
    name=(_NOTHING, "a part of the address"),
    index=(_NOTHING, "a part of the address"),
    index_unknown=(_CHECKED, "only what is deferred has it"),
    provider_name=(_BOUND, "who does it"),
    full_provider=(_NOTHING, "the provider again, in some versions of OpenTofu"),
    deposed=(_BOUND, "what a replacement has left behind"),
    change=(_BOUND, "what happens"),
    action_reason=(_SHOWN, "why; Terraform says that it is for people alone"),
)

CHANGE = _table(
    actions=(_BOUND, "what happens, and in which order"),
    before=(_SHOWN, "what is there: planned is what differs from it, and its id says which object it is"),
    after=(_BOUND, "the planned values, as far as they differ from what is there"),
    after_unknown=(_BOUND, "what is found out by the apply"),
    before_sensitive=(_BOUND, "what must not be known; a value with such a mark has no digest"),
    after_sensitive=(_BOUND, "what must not be known; a value with such a mark has no digest"),
    replace_paths=(_SHOWN, "why it is replaced; that it is stands in the actions"),
    importing=(_BOUND, "which object is imported"),
    generated_config=(_NOTHING, "code that the plan has written into a file; an apply does not read it"),
    before_identity=(_BOUND, "which object it is done to"),
    after_identity=(_NOTHING, "made by the provider of the planned values"),
)

IMPORTING = _table(
    id=(_BOUND, "which object is imported"),
    unknown=(_BOUND, "only what is deferred has it"),
    identity=(_BOUND, "which object is imported"),
)

ACTION_INVOCATION = _table(
    address=(_BOUND, "which action"),
    type=(_BOUND, "what it is"),
    name=(_NOTHING, "a part of the address"),
    config_values=(_BOUND, "what it is given"),
    config_sensitive=(_BOUND, "what must not be known; a value with such a mark has no digest"),
    config_unknown=(_BOUND, "what is found out by the apply"),
    provider_name=(_BOUND, "who runs it"),
    lifecycle_action_trigger=(_BOUND, "what makes it run, and when"),
    invoke_action_trigger=(_BOUND, "that a person asked for it"),
)

# Of these all keys are bound, those of a later version too.
LIFECYCLE_ACTION_TRIGGER = _table(
    triggering_resource_address=(_BOUND, "the resource whose change makes it run"),
    action_trigger_event=(_BOUND, "before or after which change it runs"),
    action_trigger_block_index=(_BOUND, "the order among the triggers of a resource"),
    actions_list_index=(_BOUND, "the order within a trigger"),
    on_failure=(_BOUND, "what becomes of the apply where it fails"),
)
INVOKE_ACTION_TRIGGER = _table(calling_resource_address=(_BOUND, "the resource that it is run for"))

# Refused as a whole: the tables are here to be compared with the source.
DEFERRED_CHANGE = _table(
    reason=(_CHECKED, "shown where it is refused"), resource_change=(_CHECKED, "shown where it is refused")
)
DEFERRED_ACTION_INVOCATION = _table(
    reason=(_CHECKED, "shown where it is refused"), action_invocation=(_CHECKED, "shown where it is refused")
)
