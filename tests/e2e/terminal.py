"""Commands of envctl at a terminal, with answers to their questions."""

import os
import pty
import re
import select
import time

from tests.e2e.conftest import Project

PAGER = "q: to the question"


def type_answers(project: Project, answers: list[tuple[str, str]], *words: str) -> tuple[int, str]:
    """Return the exit code of a command, and what the terminal shows. After each text, its answer is typed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.root)
        command = project.build_command(*words)
        os.execve(command[0], command, {**project.build_environment(), "TERM": "xterm", "COLUMNS": "200"})
    shown, seen, deadline = "", 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        if PAGER in shown[seen:]:
            # A page longer than the screen comes before the question.
            seen = len(shown)
            os.write(terminal, b"q")
        if answers and answers[0][0] in shown[seen:]:
            seen = len(shown)
            # What is typed before the echo is off would be shown, as with any program that asks.
            time.sleep(0.2)
            os.write(terminal, answers.pop(0)[1].encode())
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more.decode(errors="replace")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
