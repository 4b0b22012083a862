"""The guards: pure rules, each with a refusal as its answer, all checked together.

A guard reads a `Request` (`request.py`) and returns a `Refusal` or None. Each has a row in `GUARDS`, at the end of its
file.
Every guard is asked twice: under the rules of the working tree, and under the recorded ones (`rules.py`).

Begin with `request.py`: `Request`, `Refusal`; then `check_guards` below, and `drift.py` as an example.
Out of scope: the facts of a request. `usecases/release/deploy_request.py` collects them.
"""

from collections.abc import Iterable
from dataclasses import replace

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import drift, evidence, gate_table, plan, provenance, rules, target
from envctl.domain.guards.request import BundleState, Guard, Refusal, RefusedError, Request
from envctl.domain.guards.rules import (
    count_missing_at_gates,
    count_required_approvals,
    describe_approvers,
    list_views,
    merge_answers,
)

__all__ = [
    "GUARDS",
    "BundleState",
    "Guard",
    "Refusal",
    "RefusedError",
    "Request",
    "check_guards",
    "count_missing_at_gates",
    "count_required_approvals",
    "defer_approvals",
    "describe_approvers",
    "find_end_of_approvals",
    "find_guard",
    "list_refusals",
    "list_unwaivable",
    "list_views",
    "merge_answers",
]

# Solved after all others: an approval is of what these have settled, and time needs no command.
_SOLVED_LAST = (GuardCode.APPROVALS, GuardCode.SAME_PLAN, GuardCode.PARTIAL, GuardCode.WINDOW)
_BY_APPROVAL = frozenset(_SOLVED_LAST[:-1])
# What they need, a change of the settings, the release, the rules or the place, ends the approvals given before.
_END_APPROVALS = frozenset(
    {
        GuardCode.RULES,
        GuardCode.ARTIFACT,
        GuardCode.SECRETS,
        GuardCode.ACCOUNT,
        GuardCode.SETTINGS,
        GuardCode.PARITY,
        GuardCode.CLEAN,
        GuardCode.PROTECTION,
        GuardCode.KNOWN_STATE,
        GuardCode.REMOVED,
    }
)
# Each file lists its guards below its functions. They stand in the order in which their refusals are solved.
GUARDS: tuple[Guard, ...] = tuple(
    sorted(
        (guard for file in (drift, evidence, gate_table, plan, provenance, rules, target) for guard in file.GUARDS),
        key=lambda guard: (_SOLVED_LAST.index(guard.code) if guard.code in _SOLVED_LAST else -1, guard.code),
    )
)
_BY_CODE = {guard.code: guard for guard in GUARDS}


def find_guard(code: GuardCode) -> Guard:
    return _BY_CODE[code]


def check_guards(request: Request) -> tuple[Refusal, ...]:
    """Return the refusals and warnings of all guards, in order, under the rules of the tree and the recorded ones."""
    views, refusals = list_views(request), list[Refusal]()
    for guard in GUARDS:
        answers = list[tuple[Refusal | None, str]]()
        for view in views:
            answers.append((guard.check(view), view.whose_rules))
        if refusal := merge_answers(answers):
            refusals.append(refusal)
    return _follow_order(tuple(refusals))


def _follow_order(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals. After one of the order, what would open the guards of that path leads nowhere."""
    order = next((each for each in refusals if each.code is GuardCode.ORDER), None)
    if order is None:
        return refusals
    return tuple(replace(each, hint=order.hint) if find_guard(each.code).of_path else each for each in refusals)


def defer_approvals(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals. While one of them needs a change that ends approvals, none is asked for."""
    first = find_end_of_approvals(refusals)
    if first is None:
        return refusals
    after = f"comes after {first.code} {first.guard}: what that needs ends the approvals given now"
    return tuple(
        replace(each, message=f"{each.message}; {after}", hint=first.hint, who="")
        if each.code in _BY_APPROVAL and not each.warns
        else each
        for each in refusals
    )


def find_end_of_approvals(refusals: Iterable[Refusal]) -> Refusal | None:
    """Return the first refusal that needs another release, other settings, rules or another place."""
    ends = (each for each in refusals if each.code in _END_APPROVALS and not each.for_now and not each.warns)
    return next(ends, None)


def list_refusals(request: Request) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in check_guards(request) if not refusal.warns)


def list_unwaivable(request: Request, refused: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return the refusals beyond break-glass: it overrides only guards listed as waivable in both rules documents."""
    views = list_views(request)
    return tuple(r for r in refused if not r.waivable or any(r.code not in view.rules.waivable for view in views))
