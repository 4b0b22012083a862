"""Actions of a plan in words: symbols, styles, remarks and reasons."""

from collections.abc import Iterable

from envctl.domain.plan.changes import Action, ResourceChange, is_object_type
from envctl.domain.plan.summary import FoldedChange

SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: "x",
    Action.READ: "<=",
    Action.MOVE: "->",
    Action.IMPORT: "<-",
    Action.RENEW: "+x",
    Action.INVOKE: ">",
}
REASONS = {
    "replace because tainted": "it is marked as tainted",
    "replace by request": "its replacement was requested",
    "replace by triggers": "the trigger of its replacement changed",
    "delete because no resource config": "it is no longer in the code",
    "delete because no module": "its module is no longer called",
    "delete because no move target": "it was moved to an address missing in the code",
    "delete because wrong repetition": "its count or for_each has changed",
    "delete because count index": "its count has become smaller",
    "delete because each key": "its key is no longer in for_each",
}
# Shown at the attribute forcing the replacement.
_OMITTED_REASONS = frozenset({"replace because cannot update", "read because config unknown"})


def list_remarks(resource: ResourceChange) -> Iterable[str]:
    if resource.moved_from:
        yield f"moved from {resource.moved_from}"
    if resource.imported:
        yield f"imported from {resource.imported}"
    if resource.action is Action.FORGET:
        yield f"it stays unchanged; {'envctl' if is_object_type(resource.type) else 'Terraform'} forgets it"
    if resource.action is Action.RENEW:
        yield "a new one is created; the old one stays unchanged, and Terraform forgets it"
    if resource.action is Action.INVOKE:
        yield f"runs an action of type {resource.type}, which can change or delete anything"
    if resource.creates_first:
        yield "the new one is created before the old one is deleted"
    for program in resource.programs:
        yield f"{format_run_verb(resource)} {program}"
    yield from resource.remarks
    if resource.reason and resource.reason not in _OMITTED_REASONS:
        yield f"because {REASONS.get(resource.reason, resource.reason)}"


def format_run_verb(resource: ResourceChange) -> str:
    """Return a verb for provisioners: on deletion a plan does not show if they run."""
    return "may run" if resource.action is Action.DELETE else "runs"


def format_instances(folded: FoldedChange) -> str:
    return f"  ({folded.count} alike)" if folded.count > 1 else ""
