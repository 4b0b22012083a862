"""Values that a forecast takes for the outputs of stacks that are not applied yet.

What the plan of the other stack knows already is taken as it is. In place of all else stands a marker: a value that is
unknown until an apply.
"""

from collections.abc import Mapping

from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.outputs import MISSING, Output, StackInput, select_part

ForecastOutputs = Mapping[str, Mapping[str, object]]
"""The outputs of each stack that is not applied, with markers: what is missing is unknown."""
PRIMITIVE_TYPES = frozenset({"string", "number", "bool"})


def find_value(each: StackInput, outputs: ForecastOutputs) -> object:
    """Return the value of an input from a stack that is not applied, or a marker."""
    value = outputs[each.stack].get(each.output, Marker.UNKNOWN)
    if isinstance(value, Marker):
        return value
    found = select_part(value, each.path)
    return Marker.UNKNOWN if found is MISSING else found


def fill_unknown(outputs: Mapping[str, object], known: Mapping[str, object]) -> dict[str, object]:
    """Return the outputs with `known` values in place of each that is unknown in any part."""
    found = {name: value for name, value in known.items() if is_unknown(outputs.get(name, Marker.UNKNOWN))}
    return {**outputs, **found}


def is_unknown(value: object) -> bool:
    """Tell if any part of a value is unknown."""
    match value:
        case Mapping():
            return any(map(is_unknown, value.values()))
        case list() | tuple():
            return any(map(is_unknown, value))
        case _:
            return value is Marker.UNKNOWN


def describe_shape(output: Output) -> object:
    """Return the lists and maps of an output in another environment, with all their values unknown."""
    return Marker.SENSITIVE if output.sensitive else _drop_values(output.value)


def _drop_values(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _drop_values(item) for key, item in value.items()}
        case list():
            return [_drop_values(item) for item in value]
        case _:
            return Marker.UNKNOWN
