"""The log of a CI job: text from elsewhere must not act as a command there.

GitHub's runner takes `::NAME::` behind leading blanks, and `##[NAME]` anywhere in a line (actions/runner:
ActionCommand.cs, ActionCommandManager.cs). GitLab takes `section_start:` and `section_end:`.
"""

import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

from envctl.cli.output.redaction import unwrap_stream

# A `::` counts only at the start of a line, and only with a second one: an IPv6 address has none.
_MARKER = re.compile(
    r"(?<=##)\[|(?<=section_start):|(?<=section_end):|((?:\A|[\r\n])[^\S\r\n]*):(?=:[^\r\n]*::|:[^\r\n]*\Z|\Z)"
)
_LONGEST_LOOKBEHIND = len("section_start")


def break_markers(text: str, line: str = "") -> str:
    r"""Escape one character of each marker, as HCL and JSON do (`##\u005b`): a copied string keeps its value.

    `line` is what stands in front of the text on its line.
    """
    return _MARKER.sub(lambda found: f"{found[1] or ''}\\u{ord(found[0][-1]):04x}", line + text)[len(line) :]


class JobStream:
    """Proxy of a text stream that a CI system reads. Thread-safe: it shares its lock with the other stream.

    Args:
        stream: the replaced stream.
        lock: shared, so that no command stands within a line of the other stream.
        other: the other stream; it is flushed first.
        token: GitHub's runner takes no command between `::stop-commands::TOKEN` and `::TOKEN::`, where all text stands.
            Empty for stdout, which a script may read: the runner keeps no order between two streams, so markers are
            broken in both. It forgets the token with the step: a killed command stops the rest of its step only.
    """

    def __init__(self, stream: Any, lock: RLock, other: Any = None, token: str = "") -> None:  # noqa: ANN401 (any stream)
        self._stream = stream
        self._lock = lock
        self._other = other
        self._token = token
        self._is_stopped = False
        self._line = ""  # the end of an unfinished line; empty for one of blanks

    def write(self, text: str) -> int:
        with self._lock:
            if text and self._token and not self._is_stopped:
                self._write_line(f"::stop-commands::{self._token}")
                self._is_stopped = True
            self._stream.write(self._break_text(text))
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write UTF-8, whatever the encoding of the stream is."""
        with self._lock:
            self._stream.flush()
            text = self._break_text(data.decode("utf-8", "surrogateescape"))
            self._stream.buffer.write(text.encode("utf-8", "surrogateescape"))

    def write_command(self, line: str) -> None:
        """Write a command of envctl itself, on a line of its own."""
        with self._lock:
            self.resume_commands()
            self._write_line(line)
            self._stream.flush()

    def resume_commands(self) -> None:
        """Let the runner take commands again: those of a program that follows, too."""
        with self._lock:
            if self._is_stopped:
                self._write_line(f"::{self._token}::")
                self._stream.flush()
                self._is_stopped = False

    def _write_line(self, line: str) -> None:
        if self._other is not None:
            # Both may be one pipe (2>&1), and a full buffer ends within a line.
            with suppress(OSError, ValueError):
                self._other.flush()
        self._stream.write(f"\n{line}\n" if self._line else f"{line}\n")
        self._line = ""

    def _break_text(self, text: str) -> str:
        broken = break_markers(text, self._line)
        text = self._line + broken
        end = text[max(text.rfind("\n"), text.rfind("\r")) + 1 :]
        # The dot is no blank, so this end is never taken for the start of a line.
        self._line = f".{end[-_LONGEST_LOOKBEHIND:]}" if end.strip() else ""
        return broken

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._stream, name)


def write_command(line: str) -> None:
    """Write a command of envctl itself to stderr, unredacted."""
    stream = unwrap_stream(sys.stderr)
    if isinstance(stream, JobStream):
        stream.write_command(line)
    else:
        stream.write(f"{line}\n")
        stream.flush()


@contextmanager
def guard_job_log(environment: Mapping[str, str], *, has_commands: bool) -> Iterator[None]:
    """Replace stdout and stderr of a job within the context. A stream into a file stays: no CI system reads it.

    Without commands (`--no-ci`), nothing is stopped either.
    """
    before, lock = (sys.stdout, sys.stderr), RLock()
    token = secrets.token_hex(16) if has_commands and environment.get("GITHUB_ACTIONS") == "true" else ""
    errors = JobStream(sys.stderr, lock, sys.stdout, token)
    sys.stderr = sys.stderr if _is_file(sys.stderr) else errors
    sys.stdout = sys.stdout if _is_file(sys.stdout) else JobStream(sys.stdout, lock)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        with suppress(OSError, ValueError):
            errors.resume_commands()


def _is_file(stream: Any) -> bool:  # noqa: ANN401
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False
