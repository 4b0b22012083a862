"""All that an approval or a consent binds, value by value: from the plan, the settings, the place and the rules."""

from collections.abc import Iterable, Iterator, Mapping

from envctl.domain.plan.changes import (
    Action,
    Changeover,
    EnvironmentPlan,
    Marker,
    OutputChange,
    PlannedValue,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.fingerprint import (
    ABSENT,
    MOVED_KEY,
    OUTPUT_PREFIX,
    encode_path,
    list_leaves,
    parse_path,
    plan_value,
    to_canonical_json,
)
from envctl.domain.reading.reading import ReadChange, ReadStack, ReadValue
from envctl.domain.release.place.place_digest import BoundPlace
from envctl.domain.rules.document import RulesDocument
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.domain.text.lists import join_names

WAITING = "not planned yet: it waits for"
_SIGNS = frozenset({"?", "*", "*?", ABSENT})


def list_stacks(plan: EnvironmentPlan, over: Changeover) -> Iterator[ReadStack]:
    for stack in plan.stacks:
        forecast = stack.forecast.to_plan(stack.stack) if stack.forecast else StackPlan(stack.stack)
        yield ReadStack(
            stack.stack, _read_changes(stack), tuple(_list_notes(stack, over)), forecast=_read_changes(forecast)
        )


def list_settings(now: EnvironmentSettings, before: EnvironmentSettings | None) -> tuple[ReadValue, ...]:
    """Return each value of each setting, with the one that the environment runs with."""
    return tuple(_compare(_walk_settings(now), _walk_settings(before) if before else {}))


def list_place(now: BoundPlace, before: BoundPlace | None) -> tuple[ReadValue, ...]:
    """Return the values of the place; the first step of each path is the stack, or empty for all of them."""
    return tuple(_compare(_walk_place(now), _walk_place(before) if before else {}))


def list_rules(now: RulesDocument | None, before: RulesDocument | None) -> tuple[ReadValue, ...]:
    sides = (dict(list_leaves(each.content)) if each else {} for each in (now, before))
    return tuple(_compare(*sides))


def _compare(now: Mapping[str, object], before: Mapping[str, object]) -> Iterator[ReadValue]:
    for path in dict.fromkeys((*now, *before)):
        values = plan_value(now[path]) if path in now else PlannedValue(ABSENT)
        yield _read_value(path, values, known=path in before, before=before.get(path))


def _read_changes(plan: StackPlan) -> tuple[ReadChange, ...]:
    return (*map(_read_resource, plan.resources), *map(_read_output, plan.outputs))


def _read_resource(resource: ResourceChange) -> ReadChange:
    planned = dict(resource.planned)
    if not planned:
        for each in resource.attributes:
            value = PlannedValue(ABSENT, each.before) if each.after is None else plan_value(each.after, each.before)
            planned[encode_path(parse_path(each.path))] = value
    if resource.moved_from:
        planned[MOVED_KEY] = plan_value(resource.moved_from)
    first = "creates the new object first" if resource.creates_first else ""
    remarks = tuple(filter(None, (resource.reason, first, *resource.remarks, *resource.programs)))
    return ReadChange(resource.address, resource.type, resource.action.value, _read_values(planned), remarks)


def _read_output(output: OutputChange) -> ReadChange:
    address, action = f"{OUTPUT_PREFIX}{output.name}", output.action
    was = dict(list_leaves(output.before)) if output.before is not None else {}
    now = {} if action is Action.DELETE else dict(list_leaves(output.after))
    planned = {path: plan_value(value, was.get(path)) for path, value in now.items()}
    gone = {path: PlannedValue(ABSENT, value) for path, value in was.items() if path not in now}
    return ReadChange(address, "", action.value, _read_values({**planned, **gone}))


def _read_values(planned: Mapping[str, PlannedValue]) -> tuple[ReadValue, ...]:
    return tuple(
        _read_value(path, value, known=value.before is not None, before=value.before) for path, value in planned.items()
    )


def _read_value(path: str, value: PlannedValue, *, known: bool, before: object) -> ReadValue:
    sign = value.digest if value.digest in _SIGNS else ""
    after = "" if sign == ABSENT else to_canonical_json(value.after)
    return ReadValue(path, to_canonical_json(before) if known else "", after, sign)


def _list_notes(stack: StackPlan, over: Changeover) -> Iterator[str]:
    name = stack.stack
    if stack.leaves:
        fate = "destroyed" if stack.leaves == "destroy" else "forgotten"
        yield f"it leaves the environment: its resources are {fate}"
    if former := over.moves.get(name):
        yield f"it takes over the state of {former}"
    if former := over.former_clusters.get(name):
        yield f"its objects were in the cluster {former}"
    for old, new in over.new_addresses.get(name, {}).items():
        yield f"moves {old} to {new}"
    if stack.cluster and stack.changes:
        yield f"its cluster: {stack.cluster.address}"
    if stack.waits_for:
        yield f"{WAITING} {join_names(stack.waits_for)}"
    if stack.forecast is not None and stack.forecast.problem:
        elsewhere = f"; {stack.forecast.elsewhere}" if stack.forecast.elsewhere else ""
        yield f"no forecast: {stack.forecast.problem}{elsewhere}"
    yield from (f"warning: {each}" for each in (*stack.warnings, *(stack.forecast.warnings if stack.forecast else ())))


def _walk_settings(settings: EnvironmentSettings) -> dict[str, object]:
    several = _find_repeated(settings.settings)
    found: dict[str, object] = {}
    for each in settings.settings:
        steps = (f"{', '.join(each.stacks)}: {each.name}",) if each.name in several else (each.name,)
        found |= dict(list_leaves(Marker.SENSITIVE if each.sensitive else each.value, steps))
    return found


def _find_repeated(settings: Iterable[Setting]) -> set[str]:
    seen, repeated = set[str](), set[str]()
    for each in settings:
        (repeated if each.name in seen else seen).add(each.name)
    return repeated


def _walk_place(place: BoundPlace) -> dict[str, object]:
    found = dict(list_leaves({"": place.access}))
    for stack, blocks in place.stacks.items():
        found |= dict(list_leaves(blocks, (stack,)))
    return found
