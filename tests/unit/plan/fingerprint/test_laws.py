"""Who approved a plan has approved what means the same or less, and nothing else: laws over random plans."""

import json
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, Marker, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from tests.unit.plan.fingerprint.plans import (
    PARTLY,
    addresses,
    change,
    covers,
    edited,
    filled,
    known,
    paths,
    plans,
    weaker,
)


@given(plans())
def test_plan_covers_itself(of: EnvironmentPlan) -> None:
    assert covers(of, of)


@given(plans(), st.data())
def test_plan_covers_its_remaining_part(of: EnvironmentPlan, data: st.DataObject) -> None:
    def rest(stack: StackPlan) -> StackPlan:
        kept = tuple(resource for resource in stack.resources if data.draw(st.booleans()))
        return replace(stack, resources=kept, waits_for=stack.waits_for if data.draw(st.booleans()) else ())

    assert covers(of, replace(of, stacks=tuple(map(rest, of.stacks))))


@given(plans(waiting=False), st.sampled_from(["network", "web"]), addresses, st.sampled_from(Action))
def test_added_change_is_not_covered_and_named(of: EnvironmentPlan, where: str, address: str, action: Action) -> None:
    assume(all(stack.stack != where or address not in {r.address for r in stack.resources} for stack in of.stacks))
    more = StackPlan(where, resources=(change(action, address),))
    (beyond,) = find_unapproved_changes(fingerprint_plan(replace(of, stacks=(*of.stacks, more))), fingerprint_plan(of))
    assert (beyond.stack, beyond.address, beyond.action) == (where, address, action)


@given(filled, st.sampled_from(Action), st.data())
def test_another_action_is_not_covered(of: EnvironmentPlan, action: Action, data: st.DataObject) -> None:
    then, where, address = edited(of, data, lambda resource: replace(resource, action=action))
    (*beyond,) = find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(of))
    if then == of:
        assert not beyond
    else:
        assert [(each.stack, each.address, each.action) for each in beyond] == [(where, address, action)]


@given(filled, st.data())
def test_same_address_with_another_type_is_not_covered(of: EnvironmentPlan, data: st.DataObject) -> None:
    then, _, address = edited(of, data, lambda resource: replace(resource, type="aws_other"))
    assert [each.address for each in find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(of))] == [address]


@given(filled, paths, known, st.data())
def test_other_planned_value_is_not_covered(of: EnvironmentPlan, path: str, value: object, data: st.DataObject) -> None:
    def otherwise(resource: ResourceChange) -> ResourceChange:
        kept = [each for each in resource.attributes if each.path != path]
        # What was approved as unknown is found out: that is another law.
        assume(all(each.after is not Marker.UNKNOWN for each in resource.attributes))
        before = [each.after for each in resource.attributes if each.path == path]
        assume(not before or json.dumps(before[0], sort_keys=True) != json.dumps(value, sort_keys=True))
        assume(not before or not isinstance(before[0], Marker))
        return replace(resource, attributes=(*kept, AttributeChange(path, None, value)))

    then, where, address = edited(of, data, otherwise)
    assert [
        (each.stack, each.address) for each in find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(of))
    ] == [(where, address)]


@given(plans(waiting=False, actions=st.sampled_from(PARTLY)), st.data())
def test_change_with_fewer_attributes_left_is_covered(of: EnvironmentPlan, data: st.DataObject) -> None:
    def less(resource: ResourceChange) -> ResourceChange:
        return replace(resource, attributes=tuple(each for each in resource.attributes if data.draw(st.booleans())))

    then = tuple(replace(stack, resources=tuple(map(less, stack.resources))) for stack in of.stacks)
    assert covers(of, replace(of, stacks=then))


@given(plans(), st.data())
def test_order_of_stacks_and_attributes_is_ignored(of: EnvironmentPlan, data: st.DataObject) -> None:
    def shuffled(resource: ResourceChange) -> ResourceChange:
        return replace(resource, attributes=tuple(data.draw(st.permutations(resource.attributes))))

    then = tuple(
        replace(stack, resources=tuple(map(shuffled, data.draw(st.permutations(stack.resources)))))
        for stack in data.draw(st.permutations(of.stacks))
    )
    other = fingerprint_plan(replace(of, stacks=then))
    assert (other.digest, other) == (fingerprint_plan(of).digest, fingerprint_plan(of))


@given(plans())
def test_reasons_warnings_and_old_values_are_ignored(of: EnvironmentPlan) -> None:
    def noisy(stack: StackPlan) -> StackPlan:
        changed = tuple(
            replace(
                resource,
                reason="replace because tainted",
                attributes=tuple(
                    replace(each, before="otherwise", forces_replacement=True) for each in resource.attributes
                ),
            )
            for resource in stack.resources
        )
        waits = ("data", "more") if stack.waits_for else ()
        outputs = tuple(replace(each, before="otherwise") for each in stack.outputs)
        return replace(stack, resources=changed, outputs=outputs, waits_for=waits, warnings=("deprecated",))

    other = EnvironmentPlan(environment="staging", release="r2", stacks=tuple(map(noisy, of.stacks)))
    assert fingerprint_plan(other) == fingerprint_plan(of)


@given(plans(), plans())
def test_fingerprints_are_equal_only_for_equal_plans(one: EnvironmentPlan, other: EnvironmentPlan) -> None:
    first, second = fingerprint_plan(one), fingerprint_plan(other)
    assert (first.digest == second.digest) == (first == second)
    if first == second:
        assert covers(one, other)
        assert covers(other, one)


@given(plans(), st.data())
def test_coverage_is_transitive(of: EnvironmentPlan, data: st.DataObject) -> None:
    then = data.draw(weaker(of))
    later = data.draw(weaker(then))
    assert covers(of, then)
    assert covers(then, later)
    assert covers(of, later)
