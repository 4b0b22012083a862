"""Values of other stacks for the variables of a root module that runs as it is, or of Kubernetes objects.

A rendered root module reads them with a data source. In code that stays as it is, there is no place for one: envctl
reads the outputs just before the command. Terraform gets the values by `TF_VAR_`.
"""

from collections.abc import Callable, Mapping, Sequence

from envctl.domain.errors import Problem, UpstreamBehindError
from envctl.domain.terraform.expressions import format_tf_var
from envctl.domain.terraform.outputs import MISSING, Output, StackInput, select_part

_ABSENT_VALUES = {"string": "", "number": "0", "bool": "false"}

OutputReader = Callable[[StackInput], Mapping[str, Output]]
"""Returns the outputs of the stack of an input."""


def read_inputs(stack: str, inputs: Sequence[StackInput], read: OutputReader) -> dict[str, str]:
    """Return the `TF_VAR_` text of each input. Raises UpstreamBehindError for outputs missing in other stacks."""
    types = {each.variable: each.type_text for each in inputs}
    found = select_inputs(stack, inputs, read)
    return {variable: format_tf_var(output.value, types[variable]) for variable, output in found.items()}


def select_inputs(stack: str, inputs: Sequence[StackInput], read: OutputReader) -> dict[str, Output]:
    """Return the output for each variable. Raises UpstreamBehindError for outputs missing in other stacks."""
    outputs = {name: read(each) for name, each in {each.stack: each for each in inputs}.items()}
    values: dict[str, Output] = {}
    missing: list[StackInput] = []
    for each in inputs:
        output = outputs[each.stack].get(each.output)
        value = MISSING if output is None else select_part(output.value, each.path)
        if output is None or value is MISSING:
            missing.append(each)
        else:
            values[each.variable] = Output(value, output.sensitive)
    if missing:
        raise _describe_missing(stack, missing)
    return values


def fill_missing(inputs: Sequence[StackInput]) -> dict[str, str]:
    """Return empty values for a plan that destroys everything: no resource is read or changed by them."""
    return {each.variable: _ABSENT_VALUES.get(each.type_text.strip(), "null") for each in inputs}


def _describe_missing(stack: str, missing: Sequence[StackInput]) -> UpstreamBehindError:
    stacks = tuple(dict.fromkeys(each.stack for each in missing))
    hint = f"if {' and '.join(stacks)} will have this output, deploy it first, or together: --with-upstream"
    problems = [
        Problem("E160", f"stack {stack}: the state of {each.stack} has no {each.output}{each.path}", hint)
        for each in missing
    ]
    return UpstreamBehindError(stacks, *problems)
