"""How one stack stands: what reality, and what the configuration, has otherwise than the state.

An ordinary plan tells whether there is anything of the two at all, and mostly there is not. It does not lock the state:
so no deployment waits for a look, and one that is killed leaves no lock behind that stops the next deployment. What it
finds may be what somebody is about to change, and counts only when it is found under the lock as well.

Only where both are there, or an output differs, are they planned for apart: *drift* by a refresh-only plan, *pending*
without any refresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from envctl.adapters.terraform.diagnostics.failures import unreadable
from envctl.adapters.terraform.plans.plan_files import BOTH, DRIFT, PENDING
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import Look

Planned = Callable[..., Transcript]
Show = Callable[[str], Mapping[str, Any]]


def look(stack: str, planned: Planned, show: Show, *, unchanged: bool) -> Look:
    """`planned` runs a plan into a file and tells what it said, `show` reads one. `unchanged` says that the
    configuration is the very one that was applied last: what an output has otherwise can then only come from reality.
    """
    nothing = StackPlan(stack)
    for locked in (False, True):
        said = planned(BOTH, locked=locked)
        if not (said.drift or said.anything):
            return Look(replace(nothing, warnings=said.warnings), nothing)
    from envctl.adapters.terraform.plans import drift

    both = _read(show, BOTH, stack, said.warnings)
    # Outputs that change where no resource has drifted change with what they read (a data source, another stack).
    aside = said.drift or (said.output_changes and unchanged)
    if not aside:
        return Look(replace(nothing, warnings=said.warnings), both)
    again = planned(DRIFT, locked=True, refresh_only=True)
    document = show(DRIFT)
    with unreadable(stack):
        drifted, differing = drift.drift(stack, document, again.warnings), drift.outputs(document)
    pending = both if not said.drift else _without_reality(stack, planned, show, said)
    outputs = tuple(output for output in differing if unchanged or output not in pending.outputs)
    pending = replace(pending, outputs=tuple(output for output in pending.outputs if output not in outputs))
    return Look(replace(drifted, outputs=outputs), pending)


def _without_reality(stack: str, planned: Planned, show: Show, said: Transcript) -> StackPlan:
    if not said.anything:
        return StackPlan(stack)
    alone = planned(PENDING, locked=True, refresh=False)
    if not alone.anything:
        return StackPlan(stack)
    return _read(show, PENDING, stack, ())


def _read(show: Show, file: str, stack: str, warnings: tuple[str, ...]) -> StackPlan:
    from envctl.adapters.terraform.plans import plan_document

    document = show(file)
    with unreadable(stack):
        return plan_document.meaning(stack, document, warnings)
