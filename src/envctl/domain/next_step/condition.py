"""The condition of an environment in one word, for `envctl status`."""

from typing import Literal

from envctl.domain.ledger.state import EnvironmentState

Condition = Literal[
    "empty",
    "running",
    "unfinished",
    "interrupted",
    "failed",
    "partial",
    "drifted",
    "unverified",
    "locked",
    "behind",
    "changed",
    "up_to_date",
]
_OUTCOMES: dict[str, Condition] = {
    "unfinished": "unfinished",
    "interrupted": "interrupted",
    "failed": "failed",
    "abandoned": "failed",
    "partial": "partial",
}


def find_condition(state: EnvironmentState, lag: int | None, *, changed: bool, running: bool = False) -> Condition:
    """Return the condition; of several, the one to take care of first.

    `lag` is the number of releases behind the environment before it. `changed` is true if the working tree has other
    settings or other code than the running release, and `running` if a deployment is known to run now.
    """
    if running:
        return "running"
    if state.last is not None and state.last.outcome in _OUTCOMES:
        return _OUTCOMES[state.last.outcome]
    if state.open_shifts or state.imports:
        return "unfinished"
    return _find_condition_at_rest(state, lag, changed=changed)


def _find_condition_at_rest(state: EnvironmentState, lag: int | None, *, changed: bool) -> Condition:
    if state.drifted:
        return "drifted"
    if state.current is not None and (state.current_evidence is None or not state.current_evidence.verified):
        return "unverified"
    if state.lock:
        return "locked"
    if state.current is None:
        return "empty"
    if lag:
        return "behind"
    return "changed" if changed else "up_to_date"
