"""Drift and pending of one stack: how reality, and how the configuration, differs from the state.

An ordinary plan shows whether there is either; mostly there is none. Without the lock of the state, its findings may
come from a deployment at work: a second plan must confirm them, and the ledger tells whether a deployment began.

If both are there, or an output differs, each gets a plan of its own: *drift* a refresh-only plan, *pending* a plan
without refresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from envctl.adapters.terraform.diagnostics.read_errors import convert_read_errors
from envctl.adapters.terraform.plans.plan_files import COMBINED_FILE, DRIFT_FILE, PENDING_FILE
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import StackComparison
from envctl.usecases.ports.terraform import PreparedStack

PLANS_TO_CONFIRM = 2
RunPlan = Callable[..., Transcript]
ReadDocument = Callable[[str], Mapping[str, Any]]


def separate_drift_from_pending(
    stack: PreparedStack, run_plan: RunPlan, read_document: ReadDocument, *, unchanged: bool
) -> StackComparison:
    """Return the drift and the pending changes of a stack. `run_plan` plans into a file and returns the transcript.
    `unchanged` means a configuration equal to the one last applied: a difference in an output is then drift.
    """
    nothing = StackPlan(stack.name)
    for _ in range(PLANS_TO_CONFIRM):
        transcript = run_plan(COMBINED_FILE)
        if not (transcript.drift or transcript.has_content):
            return StackComparison(replace(nothing, warnings=transcript.warnings), nothing)
    from envctl.adapters.terraform.plans import drift

    both = _read_plan(read_document, COMBINED_FILE, stack, transcript.warnings)
    # Without a drifted resource, an output changes with its sources (a data source, another stack).
    has_drift = transcript.drift or (transcript.output_changes and unchanged)
    if not has_drift:
        return StackComparison(replace(nothing, warnings=transcript.warnings), both)
    refreshed = run_plan(DRIFT_FILE, refresh_only=True)
    document = read_document(DRIFT_FILE)
    with convert_read_errors(stack.name):
        drifted = drift.parse_drift(stack, document, refreshed.warnings)
        drifted_outputs = drift.parse_drifted_outputs(stack, document)
    pending = both
    if transcript.drift:
        pending = nothing
        if transcript.has_content and run_plan(PENDING_FILE, refresh=False).has_content:
            pending = _read_plan(read_document, PENDING_FILE, stack, ())
    outputs = tuple(output for output in drifted_outputs if unchanged or output not in pending.outputs)
    pending = replace(pending, outputs=tuple(output for output in pending.outputs if output not in outputs))
    return StackComparison(replace(drifted, outputs=outputs), pending)


def _read_plan(read_document: ReadDocument, file: str, stack: PreparedStack, warnings: tuple[str, ...]) -> StackPlan:
    from envctl.adapters.terraform.plans import plan_document

    document = read_document(file)
    with convert_read_errors(stack.name):
        return plan_document.parse_plan(stack, document, warnings)
