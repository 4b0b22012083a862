"""How much of a result is shown. Set once, by the options of a command, before any output."""

from contextvars import ContextVar

# `--all`: passing guards too.
SHOW_ALL_GUARDS: ContextVar[bool] = ContextVar("SHOW_ALL_GUARDS", default=False)
# `--full`: each change of a large plan.
SHOW_FULL_PLANS: ContextVar[bool] = ContextVar("SHOW_FULL_PLANS", default=False)
