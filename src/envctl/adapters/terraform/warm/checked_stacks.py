"""The stacks of the last drift check: the next one starts their providers before it has read the ledger."""

import threading
from pathlib import Path

from envctl.adapters.terraform.warm.remembered_values import RememberedValues
from envctl.usecases.ports.terraform import PreparedStack

# All that the variables of a provider depend on. None of it is secret.
_FIELDS = ("name", "binary", "profile", "root", "workspace", "region")


class CheckedStacks:
    """What is remembered is a guess: a check takes a provider only if it would start the same one."""

    def __init__(self, file: Path) -> None:
        self._known = RememberedValues(file)
        self._checked: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def record(self, environment: str, stack: PreparedStack) -> None:
        with self._lock:
            names = self._checked.setdefault(environment, set())
            names.add(stack.name)
            is_usable = len(names) == 1 and stack.warm and not stack.leaves
            self._known.add_value(environment, {name: getattr(stack, name) for name in _FIELDS} if is_usable else None)

    def find_single(self, environment: str) -> PreparedStack | None:
        """Return the only stack that was checked there; None of several: those that wait would only take the cores."""
        found = self._known.find_value(environment)
        if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _FIELDS):
            return None
        return PreparedStack(**{name: found[name] for name in _FIELDS})
