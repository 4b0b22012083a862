"""The program that knows prices, as a real process: what it is told, what counts, and that nothing of it stays."""

import os
import sys
import time
from pathlib import Path

import pytest

from envctl.adapters.checks.cost_program import MAX_BYTES, CostProgram
from envctl.usecases.ports.core import CostAnswer
from envctl.usecases.ports.cost import CostSource
from tests.programs import SYSTEM_PATH

QUESTION = b'{"format": 1}'


def source(script: str, seconds: float = 60.0) -> CostSource:
    return CostSource((sys.executable, "-I", "-S", "-c", script), seconds)


def asked(root: Path, script: str, question: bytes = QUESTION, seconds: float = 60.0) -> CostAnswer:
    program = CostProgram(root, lambda: {"PATH": os.environ["PATH"], "TOKEN": "of ours"}, grace=0.1)
    return program.estimate_costs(source(script, seconds), question)


def test_cost_program_reads_question_and_answers(tmp_path: Path) -> None:
    script = (
        "import os, sys; print(sys.stdin.read(), os.getcwd(), os.environ['TOKEN']); print('a word', file=sys.stderr)"
    )
    assert asked(tmp_path, script) == CostAnswer(f"{QUESTION.decode()} {tmp_path} of ours\n".encode())


def test_large_question_and_answer_do_not_deadlock(tmp_path: Path) -> None:
    question = b"x" * MAX_BYTES
    copy = "import os\nwhile piece := os.read(0, 1 << 16): os.write(2, piece); os.write(1, piece)"
    assert asked(tmp_path, copy, question) == CostAnswer(question)


def test_cost_program_need_not_read_the_question(tmp_path: Path) -> None:
    assert asked(tmp_path, "print('{}')", b"x" * MAX_BYTES) == CostAnswer(b"{}\n")


FAILS: dict[str, tuple[str, str]] = {
    "it fails": ("import sys; print('{}'); sys.exit('no price for aws_eip')", "exit code 1: no price for aws_eip"),
    "it says too much": (f"print('x' * {3 * MAX_BYTES})", "its answer is over 1 MiB"),
    "it is ended": ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
}


@pytest.mark.parametrize(("script", "problem"), FAILS.values(), ids=FAILS)
def test_invalid_cost_answer_is_reported(tmp_path: Path, script: str, problem: str) -> None:
    assert asked(tmp_path, script) == CostAnswer(problem=problem)


@pytest.mark.parametrize(
    "script",
    [
        "import time; print('{}', flush=True); time.sleep(60)",
        "import os; os.read(0, 9); os.close(1); import time; time.sleep(60)",
    ],
    ids=["one that has answered", "one that has closed its stdout"],
)
def test_timed_out_cost_program_is_ended(tmp_path: Path, script: str) -> None:
    began = time.monotonic()
    assert asked(tmp_path, script, b"x" * MAX_BYTES, seconds=1).problem.startswith("did not end within 1s")
    assert time.monotonic() - began < 30


def test_missing_cost_program_is_reported(tmp_path: Path) -> None:
    program = CostProgram(tmp_path, lambda: {"PATH": SYSTEM_PATH})
    answered = program.estimate_costs(CostSource(("no-such-program",), 5.0), QUESTION)
    assert answered == CostAnswer(problem="there is no program no-such-program on the PATH")


def test_cost_program_gets_no_credentials(tmp_path: Path) -> None:
    inherited = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "token", "AWS_SESSION_TOKEN": "x", "PRICES_API_KEY": "key"}
    program = CostProgram(tmp_path, lambda: inherited)
    source = CostSource((sys.executable, "-I", "-S", "-c", "import os; print(sorted(os.environ))"), 60.0)
    seen = program.estimate_costs(source, QUESTION).output.decode()
    assert "PRICES_API_KEY" in seen
    assert "TOKEN" not in seen
