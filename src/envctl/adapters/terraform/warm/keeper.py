"""Script that keeps one warm provider, as its parent process. Never imported.

It starts the provider, reads all its output, and ends it when nothing holds the other end of the *lifeline* any more:
a pipe, held by envctl and by each Terraform that uses the provider. So a provider outlives a killed envctl as long as
Terraform runs, and nothing outlives both. A byte in the lifeline ends the provider at once.

Arguments: the descriptors of the program, the lifeline and the report, the folder of the socket, the program's path.
The report has two lines: `started PID HANDSHAKE`, and after the end `ended STATUS OUTPUT`, with the output in hex.

Every plan waits for the start of this script: what the script needs only after the fork, it imports there.
"""

# `signal` without its names as an enum, which takes as long to import as all else before the fork.
import _signal as signal  # type: ignore[import-not-found]
import ctypes
import os
import sys

# Bytes of output to keep: a crash text of Go is at the end.
_KEPT_OUTPUT = 256 << 10
# A provider that writes more before the end of its first line is none.
_MAX_HANDSHAKE = 1 << 14
# Read after the end; a child outside of the group of the provider may go on writing.
_MAX_REST = 1 << 20
_CHUNK = 1 << 16
_GRACE_MILLISECONDS = 500
_PR_SET_PDEATHSIG = 1
_NOT_STARTED = 127


class Keeper:
    def __init__(self, lifeline: int, report: int, folder: str) -> None:
        self._lifeline = lifeline
        self._report = report
        self._folder = folder
        self._output = b""
        self._handshake = b""
        self._has_handshake = False
        self._pid = 0

    def run(self, program: int, path: str) -> None:
        stdout, child_stdout = os.pipe()
        stderr, child_stderr = os.pipe()
        keeper, self._pid = os.getpid(), os.fork()
        if self._pid == 0:
            _become_provider(keeper, program, path, child_stdout, child_stderr)
        for descriptor in (program, child_stdout, child_stderr):
            os.close(descriptor)
        death = os.pidfd_open(self._pid)
        self._watch(death, stdout, stderr)
        self._end_provider(death)
        for descriptor in (stdout, stderr):
            self._read_rest(descriptor)
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._write_report(f"ended {status} {self._output.hex()}")

    def _watch(self, death: int, stdout: int, stderr: int) -> None:
        """Read all output, until the provider ends or the lifeline does."""
        import select

        poll = select.poll()
        for descriptor in (self._lifeline, death, stdout, stderr):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if ready & {self._lifeline, death}:
                return
            for descriptor in ready:
                data = os.read(descriptor, _CHUNK)
                if not data:
                    poll.unregister(descriptor)
                elif descriptor == stdout and not self._has_handshake:
                    self._record_handshake(data)
                else:
                    self._keep_output(data)

    def _record_handshake(self, data: bytes) -> None:
        line, newline, rest = data.partition(b"\n")
        self._handshake += line
        self._keep_output(rest)
        if newline or len(self._handshake) > _MAX_HANDSHAKE:
            self._has_handshake = True
            text = self._handshake[:_MAX_HANDSHAKE].decode(errors="replace").strip()
            self._start_relay(text)
            self._write_report(f"started {self._pid} {text}")

    def _start_relay(self, handshake: str) -> None:
        """Serve Terraform for the provider, as `schema_relay` says. Without a relay, it talks to the provider alone."""
        # The fields of the line are those of `handshake.parse_handshake`.
        _, _, network, address, *_ = (*handshake.split("|"), "", "", "", "")
        if network != "unix":
            return
        sys.path.append(os.path.dirname(__file__))  # noqa: PTH120 (`pathlib` takes long to import)
        from schema_relay import SchemaRelay  # type: ignore[import-not-found]

        try:
            SchemaRelay(self._folder, address).start()
        except OSError:
            return

    def _keep_output(self, data: bytes) -> None:
        self._output = (self._output + data)[-_KEPT_OUTPUT:]

    def _read_rest(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        try:
            for _ in range(_MAX_REST // _CHUNK):
                self._keep_output(os.read(descriptor, _CHUNK))
        except OSError:
            return

    def _end_provider(self, death: int) -> None:
        """End the provider and its children, which are in its group."""
        import select

        poll = select.poll()
        poll.register(death, select.POLLIN)
        if not poll.poll(0):
            os.kill(self._pid, signal.SIGTERM)
            poll.poll(_GRACE_MILLISECONDS)
        # Not yet waited for, so its number is still its own.
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def _write_report(self, line: str) -> None:
        data = f"{line}\n".encode(errors="replace")
        try:
            while data:
                data = data[os.write(self._report, data) :]
        except OSError:
            # envctl is gone.
            return


def _become_provider(keeper: int, program: int, path: str, stdout: int, stderr: int) -> None:
    try:
        # The kernel ends the provider with its keeper. It counts the thread that forked: here, there is only one.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == keeper:
            os.setpgid(0, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execve(program, [path], os.environ)  # noqa: S606 (a checked package)
    except OSError as error:
        os.write(2, str(error).encode())
    os._exit(_NOT_STARTED)


def _remove(path: str) -> None:
    for remove in (os.unlink, os.rmdir):
        try:
            remove(path)
        except OSError:
            continue


def main() -> None:
    program, lifeline, report = map(int, sys.argv[1:4])
    folder, path = sys.argv[4:6]
    for descriptor in (program, lifeline, report):
        os.set_inheritable(descriptor, False)
    # A signal to the whole session is meant for Terraform, which needs its provider to stop cleanly.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        Keeper(lifeline, report, folder).run(program, path)
    finally:
        # `shutil` would take as long to import as this interpreter to start.
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*files, *folders):
                _remove(f"{parent}/{name}")
        _remove(folder)
    # envctl waits for this end: the interpreter need not be taken down.
    os._exit(0)


if __name__ == "__main__":
    main()
