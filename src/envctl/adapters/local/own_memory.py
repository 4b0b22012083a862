"""Keeps other programs of the same user out of the memory and the variables of this process."""

import sys

_PR_SET_DUMPABLE = 4


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
