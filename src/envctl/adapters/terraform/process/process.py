"""One Terraform process: its lines as they come, and a clean stop when the user wants one."""

import contextlib
import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from envctl.adapters.terraform.process.output_lines import Output, Piped, Process
from envctl.adapters.terraform.process.stack_lock import Running
from envctl.adapters.terraform.process.stopping import Stop, Stopping
from envctl.domain.errors import OperationFailedError, Problem

_LONGEST_WAIT = 0.2
# Seconds that it gets to end by itself once nobody waits for it any longer.
_TO_END = 60.0


def _nothing() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Ended:
    """`interrupted` means that a signal was passed on, whatever the exit code says; `silent` that it was stopped since
    it had said nothing for too long; `starved` that the kernel has killed something for want of memory meanwhile.

    `log` is what Terraform itself logged, and `memory` how many bytes all that envctl runs took at their peak.
    """

    code: int
    errors: str
    interrupted: bool
    silent: bool = False
    starved: bool = False
    memory: int = 0
    log: str = ""


def run(
    command: Sequence[str],
    directory: Path,
    environment: dict[str, str],
    on_line: Callable[[str], None],
    *,
    output: Output | None = None,
    running: Running | None = None,
    inherited: Sequence[int] = (),
    stopping: Stopping | None = None,
    around: Callable[[int], contextlib.AbstractContextManager[object]] = contextlib.nullcontext,
    on_start: Callable[[], None] = _nothing,
    on_stop: Callable[[], None] = _nothing,
    patience: float | None = None,
) -> Ended:
    """Runs it to its end, in a process group of its own: a terminal's Ctrl-C reaches it only through us. With
    `patience` it is stopped once it has said nothing for so many seconds.

    It inherits the descriptors `inherited`, and `running`, and so holds that lock for as long as it runs. `around` is
    entered with its number while it does. `on_start` is called once it runs, `on_stop` once a signal was passed on and
    its clean end is waited for.
    """
    stopping = stopping or Stopping()
    with contextlib.closing(output or Piped()) as out, stopping.heeded():
        descriptors = (running.descriptor, *inherited) if running else tuple(inherited)
        process = _start(command, directory, environment, out, descriptors)
        try:
            if running:
                running.name(process.pid)
            with stopping.told(process) as stop, around(process.pid):
                on_start()
                while (line := _next(out, stop, on_stop, patience)) is not None:
                    on_line(line)
                code = process.wait()
        except BaseException:
            _end(process)
            raise
        if stop.asked or stop.gave_up or code < 0:
            _sweep(process)
        return Ended(code, out.errors(), stop.asked, stop.gave_up)


def _start(
    command: Sequence[str],
    directory: Path,
    environment: dict[str, str],
    output: Output,
    descriptors: tuple[int, ...],
) -> Process:
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output.stdout,
            stderr=output.stderr,
            pass_fds=descriptors,
            process_group=0,
            # Saved plans hold values in the clear: nobody else may read them while they are there.
            umask=0o077,
        )
    except OSError as error:
        message = f"Terraform could not be started: {error.strerror or error}"
        problem = Problem("E303", message, "envctl needs a Terraform that runs on this machine")
        if error.errno == errno.ENOMEM:
            problem = Problem("E331", message, "let fewer run at once: --parallelism 1")
        raise OperationFailedError(problem) from error
    output.follow(process)
    return process


def _next(output: Output, stop: Stop, on_stop: Callable[[], None], patience: float | None) -> str | None:
    """None at the end. A signal that comes right before a wait begins is not seen until the wait is over."""
    heard = time.monotonic()
    while True:
        if stop.asked and not stop.told:
            # Not from the handler: it may have interrupted whoever is writing to the terminal.
            stop.told = True
            on_stop()
        with contextlib.suppress(Empty):
            return output.get(_LONGEST_WAIT)
        if patience is not None and time.monotonic() - heard > min(patience, _TO_END if stop.gave_up else patience):
            stop.give_up()
            heard = time.monotonic()


def _end(process: Process) -> None:
    """Something of ours failed while Terraform ran: it is stopped as cleanly as a user would stop it."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    _sweep(process)


def _sweep(process: Process) -> None:
    """Terraform that was stopped leaves what its provisioners started, and one that was killed its providers, which go
    on making what nobody will remember: the rest of its process group goes too.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
