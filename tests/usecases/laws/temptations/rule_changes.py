"""What the project file may come to ask in place of what it asks by the book."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from envctl.domain.config.rules.guard_codes import NEVER_WAIVED, GuardCode
from tests.usecases.laws.oracle.rulebook import ALL_CHECKS, PROD, Asked, Rules


def _with(**changes: object) -> Callable[[Rules], Rules]:
    return lambda rules: replace(rules, **changes)  # type: ignore[arg-type]


LESS: Mapping[str, Callable[[Rules], Rules]] = {
    "no gate": _with(gates=()),
    "one gate": _with(gates=(("peer", 1),)),
    "fewer approvals": _with(gates=(("peer", 1), ("business", 1))),
    "one's own approval counts": _with(self_approval=True),
    "approvals never expire": _with(expires=None),
    "no soak": _with(soak=timedelta()),
    "proof of any age": _with(max_age=None),
    "uncommitted trees": _with(committed=False),
    "no window": _with(windows=False),
    "not protected": _with(protected=False),
    "any number may be destroyed": _with(max_destroys=100),
    "all can be waived": _with(waivable=frozenset(GuardCode) - frozenset(NEVER_WAIVED)),
}
"""Each asks for less than prod asks for by the book."""
MORE: Mapping[str, Callable[[Rules], Rules]] = {
    "the gates of prod": _with(gates=PROD.gates),
    "a gate more": _with(gates=(*PROD.gates, ("law", 1))),
    "more approvals": _with(gates=(("peer", 2), ("business", 2))),
    "approvals expire sooner": _with(expires=timedelta(hours=4)),
    "a longer soak": _with(soak=timedelta(hours=48)),
    "a younger proof": _with(max_age=timedelta(days=3)),
    "committed trees alone": _with(committed=True),
    "windows": _with(windows=True),
    "nothing may be destroyed": _with(protected=True, max_destroys=0),
    "nothing can be waived": _with(waivable=frozenset()),
    "the business in a role": _with(gates=PROD.gates, approvers="role"),
    "the business alone, in a role": _with(gates=(("business", 2),), approvers="role"),
    "the business in jobs": _with(gates=PROD.gates, approvers="job"),
    "CI alone": _with(only_ci=True),
}
"""Each asks for more, of staging at least."""
SHAPES: Mapping[str, Callable[[Asked], Asked]] = {
    "one check less": lambda asked: replace(asked, checks=ALL_CHECKS - {"deep"}),
    "prod beside the pipeline": lambda asked: replace(asked, beside=True),
    "prod gone": lambda asked: replace(asked, gone=frozenset({"prod"})),
    "staging gone": lambda asked: replace(asked, gone=frozenset({"staging"})),
    "prod renamed": lambda asked: replace(asked, renamed=frozenset({"prod"})),
    "staging renamed": lambda asked: replace(asked, renamed=frozenset({"staging"})),
    "both renamed": lambda asked: replace(asked, renamed=frozenset({"staging", "prod"})),
}
"""What is not of the rules of one environment alone."""
