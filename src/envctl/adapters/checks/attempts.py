"""Attempts at a check, again and again, until one passes or the time is over."""

from collections.abc import Callable

from envctl.adapters.checks.context import RunContext
from envctl.adapters.http.retry import list_pauses

# A fresh deployment may leave one attempt hanging and answer the next.
_ATTEMPT_SECONDS = 30.0
_LAST_ATTEMPT_SECONDS = 1.0
_SHORTEST = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


def repeat_attempts(attempt: Callable[[float], str], seconds: float, context: RunContext) -> str:
    """Return the problem of the last attempt, with the time it all took; empty once an attempt passed.

    `attempt` takes its limit in seconds, and returns its problem.
    """
    began = context.clock()
    end = began + seconds
    for pause in list_pauses(_FIRST_PAUSE, _LONGEST_PAUSE, jitter=0.0):
        problem = attempt(max(min(end - context.clock(), _ATTEMPT_SECONDS), _SHORTEST))
        now = context.clock()
        if not problem or end - now <= _LAST_ATTEMPT_SECONDS:
            return problem and f"{problem} (after {now - began:.0f} s)"
        context.sleep(min(pause, end - now - _LAST_ATTEMPT_SECONDS))
    raise AssertionError("pauses never end")
