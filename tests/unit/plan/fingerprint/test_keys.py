"""Every key of the documented form of a plan: what is bound changes the fingerprint, and all else has a reason."""

from collections.abc import Callable, Mapping
from copy import deepcopy

import pytest

from envctl.adapters.terraform.plans import plan_keys
from envctl.adapters.terraform.plans.plan_keys import KeyTable, KeyUse
from envctl.domain.errors import OperationFailedError
from tests.catching import catch
from tests.unit.plan.fingerprint.documents import CHANGE, INVOCATION, PLAN, RESOURCE, TRIGGER, Json, full, print_of

Place = Callable[[Json], Json]


def resource(plan: Json) -> Json:
    found: Json = plan["resource_changes"][0]
    return found


def change(plan: Json) -> Json:
    found: Json = resource(plan)["change"]
    return found


def importing(plan: Json) -> Json:
    found: Json = change(plan)["importing"]
    return found


def invocation(plan: Json) -> Json:
    found: Json = plan["action_invocations"][0]
    return found


def asked(plan: Json) -> Json:
    found: Json = plan["action_invocations"][1]
    return found


def lifecycle(plan: Json) -> Json:
    found: Json = invocation(plan)["lifecycle_action_trigger"]
    return found


def invoke(plan: Json) -> Json:
    found: Json = asked(plan)["invoke_action_trigger"]
    return found


OTHERWISE: list[tuple[str, KeyTable, Place, Mapping[str, object]]] = [
    (
        "plan",
        plan_keys.PLAN_KEYS,
        lambda plan: plan,
        {
            "format_version": "1.3",
            "terraform_version": "1.16.0",
            "variables": {"envctl_session": {"value": "envctl-bob"}},
            "planned_values": {"root_module": {"resources": []}},
            "resource_drift": [],
            "resource_changes": [],
            "deferred_changes": [{"reason": "unknown", "resource_change": RESOURCE}],
            "deferred_action_invocations": [{"reason": "unknown", "action_invocation": INVOCATION}],
            "output_changes": {},
            "action_invocations": [],
            "prior_state": {},
            "configuration": {"root_module": {"outputs": {}}},
            "relevant_attributes": [],
            "checks": [{"status": "pass"}],
            "timestamp": "2027-01-01T00:00:00Z",
            "applyable": False,
            "complete": False,
            "errored": True,
        },
    ),
    (
        "resource change",
        plan_keys.RESOURCE_CHANGE_KEYS,
        resource,
        {
            "address": 'module.web.aws_x.y["b"]',
            "previous_address": "module.web.aws_x.older",
            "module_address": "module.other",
            "mode": "data",
            "type": "aws_z",
            "name": "z",
            "index": "b",
            "index_unknown": True,
            "provider_name": "registry.terraform.io/other/aws",
            "full_provider": "registry.terraform.io/other/aws",
            "deposed": "5e6f7a8b",
            "change": {**CHANGE, "after": {**CHANGE["after"], "size": 3}},
            "action_reason": "replace_because_tainted",
        },
    ),
    (
        "change",
        plan_keys.CHANGE_KEYS,
        change,
        {
            "actions": ["delete", "create"],
            "before": {**CHANGE["before"], "size": 5},
            "after": {**CHANGE["after"], "size": 3},
            "after_unknown": {"arn": True, "size": True},
            "before_sensitive": {"size": True},
            "after_sensitive": {"size": True},
            "replace_paths": [],
            "importing": {"id": "sg-2"},
            "generated_config": "",
            "before_identity": {"id": "sg-2"},
            "after_identity": {"id": "sg-2"},
        },
    ),
    ("importing", plan_keys.IMPORTING_KEYS, importing, {"id": "sg-2", "unknown": True, "identity": {"account": "2"}}),
    (
        "action invocation",
        plan_keys.ACTION_INVOCATION_KEYS,
        invocation,
        {
            "address": "module.web.action.aws_do.other",
            "type": "aws_other",
            "name": "other",
            "config_values": {"what": "b"},
            "config_sensitive": {"what": True},
            "config_unknown": {"arn": True, "what": True},
            "provider_name": "registry.terraform.io/other/aws",
            "lifecycle_action_trigger": {**TRIGGER, "actions_list_index": 1},
            "invoke_action_trigger": {"calling_resource_address": "aws_x.y"},
        },
    ),
    (
        "trigger of an action",
        plan_keys.LIFECYCLE_ACTION_TRIGGER_KEYS,
        lifecycle,
        {
            "triggering_resource_address": "module.web.aws_x.other",
            "action_trigger_event": "BeforeCreate",
            "action_trigger_block_index": 1,
            "actions_list_index": 1,
            "on_failure": "continue",
        },
    ),
    (
        "action that a person asked for",
        plan_keys.INVOKE_ACTION_TRIGGER_KEYS,
        invoke,
        {"calling_resource_address": "aws_x.z"},
    ),
]
EACH = [(place, key, use, other[key]) for _, table, place, other in OTHERWISE for key, (use, _) in table.items()]
NAMES = [f"{name}: {key}" for name, table, *_ in OTHERWISE for key in table]


@pytest.mark.parametrize(("place", "key", "use", "other"), EACH, ids=NAMES)
def test_each_key_is_used_as_its_table_says(place: Place, key: str, use: KeyUse, other: object) -> None:
    then = full()
    assert place(then).get(key) != other
    place(then)[key] = deepcopy(other)
    if use is KeyUse.CHECKED and key != "applyable":
        assert catch(OperationFailedError, print_of, then).problems[0].code == "E350"
    else:
        assert (print_of(then) != print_of(full())) is (use is KeyUse.BOUND)


def test_every_plan_key_has_a_reason() -> None:
    tables = [value for name, value in vars(plan_keys).items() if name.isupper() and not name.startswith("_")]
    assert len(tables) == 9
    for table in tables:
        assert all(isinstance(use, KeyUse) and reason for use, reason in table.values())


def test_applyable_plan_without_changes_is_refused() -> None:
    with pytest.raises(OperationFailedError) as caught:
        print_of({"applyable": True, "resource_changes": [], "output_changes": {}})
    assert caught.value.problems[0].code == "E352"
    print_of({"applyable": False})


PLACES: Mapping[str, Place] = {
    "": lambda plan: plan,
    "resource_changes.": resource,
    "resource_changes.change.": change,
    "resource_changes.change.importing.": importing,
    "output_changes.": lambda plan: plan["output_changes"]["url"],
    "action_invocations.": invocation,
}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("value", [True, 1, "x", ["x"], {"x": 1}], ids=repr)
def test_unknown_plan_key_is_refused(where: str, value: object) -> None:
    then = full()
    PLACES[where](then)["fancy"] = value
    (problem,) = catch(OperationFailedError, print_of, then).problems
    assert (problem.code, problem.message) == (
        "E351",
        f"the plan of web has an unknown key: {where}fancy",
    )
    assert f'[terraform] plan_keys = ["{where}fancy"]' in problem.hint


@pytest.mark.parametrize("value", [None, False, "", [], {}], ids=repr)
def test_empty_plan_key_is_ignored(value: object) -> None:
    for place in PLACES.values():
        then = full()
        place(then)["fancy"] = value
        assert print_of(then) == print_of(full())


def test_partial_plan_names_its_deferred_changes() -> None:
    plan = {**PLAN, "deferred_changes": [{"reason": "provider_config_unknown", "resource_change": RESOURCE}]}
    caught = catch(OperationFailedError, print_of, plan)
    assert 'module.web.aws_x.y["a"] (provider config unknown)' in caught.problems[0].message
