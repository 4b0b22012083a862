"""Secrets of this process: variables taken out of the environment that other programs inherit, and its memory."""

import sys
import threading
from collections.abc import Callable, Iterable, MutableMapping

_PR_SET_DUMPABLE = 4


class SecretVariables:
    """Holds the values that were withdrawn from these environments. `on_withdrawal` follows each withdrawal."""

    def __init__(self, *environments: MutableMapping[str, str], on_withdrawal: Callable[[], object] = bool) -> None:
        self._environments = environments
        self._on_withdrawal = on_withdrawal
        self._values: dict[str, str] = {}
        # A drift check reads the project in two threads, and `pop` of an environment is no single step.
        self._lock = threading.Lock()

    def withdraw_variables(self, names: Iterable[str]) -> bool:
        """Take the variables out of the environments; return True if one was there."""
        with self._lock:
            before = len(self._values)
            for name in names:
                for environment in self._environments:
                    value = environment.pop(name, None)
                    if value is not None:
                        self._values.setdefault(name, value)
            is_new = len(self._values) > before
        if is_new:
            self._on_withdrawal()
        return is_new

    def read_variable(self, name: str) -> str | None:
        # A stack that leaves has its source in the store, and no longer in the project file.
        self.withdraw_variables([name])
        return self._values.get(name)


def protect_memory() -> bool:
    """Forbid programs of the same user to read `/proc/PID/environ`, the memory and the open files of this process, as
    far as the system can do that. Programs that envctl starts are not affected; root can read everything.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # late: only jobs of CI need it

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
