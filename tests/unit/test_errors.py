"""What a command over several environments ends with."""

import pytest

from envctl.domain.exit_codes import ExitCode, worst_exit_code

CASES = {
    "nothing": ([], ExitCode.DONE),
    "what is not known is worse than drift": ([ExitCode.CHANGES, ExitCode.FAILED], ExitCode.FAILED),
    "a wrong file is worse than a lock": ([ExitCode.LOCK_HELD, ExitCode.CONFIGURATION], ExitCode.CONFIGURATION),
    "what stays shut is worse than what opens": ([ExitCode.REFUSED_FOR_NOW, ExitCode.REFUSED], ExitCode.REFUSED),
    "an interruption is the end of all": ([ExitCode.BUG, ExitCode.INTERRUPTED], ExitCode.INTERRUPTED),
}


@pytest.mark.parametrize(("codes", "expected"), CASES.values(), ids=CASES.keys())
def test_worst_exit_code_counts(codes: list[ExitCode], expected: ExitCode) -> None:
    assert worst_exit_code(codes) == worst_exit_code(codes[::-1]) == expected


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_worse_than_done(code: ExitCode) -> None:
    assert worst_exit_code([ExitCode.DONE, code, ExitCode.DONE]) == code
