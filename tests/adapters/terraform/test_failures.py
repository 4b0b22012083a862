"""What Terraform says of a failure, as what a person reads."""

import json
from typing import Any

import pytest

from envctl.adapters.terraform import events
from envctl.adapters.terraform.events import Transcript
from envctl.adapters.terraform.failures import failure
from envctl.adapters.terraform.process import Ended
from envctl.domain.errors import EnvctlError, Location, LockHeldError, OperationFailedError

HELD = """Error message: resource temporarily unavailable
Lock Info:
  ID:        7c1e
  Path:      ../../../state/dev/web.tfstate
  Operation: OperationTypeApply
  Who:       ann@laptop
  Created:   2026-11-25 08:00:00 UTC
"""


def failed(*diagnostics: dict[str, Any], errors: str = "", code: int = 1, command: str = "apply") -> EnvctlError:
    transcript = Transcript()
    for each in diagnostics:
        events.read(json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error"} | each}), "web", transcript)
    return failure(Ended(code, errors, interrupted=False), transcript, "web", command)


def place(file: str) -> Location | None:
    error = failed({"summary": "x", "range": {"filename": file, "start": {"line": 3}}})
    return error.problems[0].location


PLACES = {
    "a file of a module": ("../.code/modules/web/main.tf", Location("modules/web/main.tf", 3)),
    "the rendered root module": ("main.tf.json", Location("web/main.tf.json", 3)),
    "no file": ("", None),
}


@pytest.mark.parametrize(("file", "expected"), PLACES.values(), ids=PLACES.keys())
def test_places(file: str, expected: Location | None) -> None:
    assert place(file) == expected


def test_a_held_lock_names_its_holder() -> None:
    error = failed({"summary": "Error acquiring the state lock", "detail": HELD})
    assert isinstance(error, LockHeldError)
    assert error.problems[0].message == (
        "the Terraform state of web is locked by ann@laptop for OperationTypeApply since 2026-11-25 08:00:00 UTC"
    )


def test_a_lock_that_somebody_took_and_gave_back_in_between_was_held() -> None:
    detail = (
        "Error message: api error PreconditionFailed: At least one of the pre-conditions you specified did not hold"
    )
    assert isinstance(failed({"summary": "Error acquiring the state lock", "detail": detail}), LockHeldError)


@pytest.mark.parametrize(
    ("summary", "detail"),
    [
        pytest.param("Error acquiring the state lock", "api error AccessDenied", id="no right to lock"),
        pytest.param("Error acquiring the state lock", "api error NoSuchBucket", id="no bucket to lock in"),
        pytest.param("Error releasing the state lock", HELD, id="a lock that could not be given back"),
    ],
)
def test_a_lock_that_nobody_holds_is_a_failure(summary: str, detail: str) -> None:
    error = failed({"summary": summary, "detail": detail})
    assert isinstance(error, OperationFailedError)
    assert detail.strip() in error.problems[0].message


def test_all_errors_are_told_and_warnings_are_not() -> None:
    error = failed({"summary": "one"}, {"summary": "two", "severity": "warning"}, {"summary": "three"})
    assert [problem.message for problem in error.problems] == ["web: one", "web: three"]


def test_an_address_is_told_as_the_module_knows_it() -> None:
    error = failed({"summary": "x", "detail": "why\n", "address": "module.web.aws_instance.this[0]"})
    assert error.problems[0].message == "web: x (aws_instance.this[0])\nwhy"


def test_without_a_diagnostic_the_errors_of_the_process_are_told() -> None:
    assert "terraform plan of web failed: panic" in failed(errors="panic\n", command="plan").problems[0].message
    assert "it ended with code -9" in failed(code=-9).problems[0].message


@pytest.mark.parametrize("line", ["", "not json", "42", "[]", '"text"', "null"])
def test_lines_that_are_no_messages_are_kept_for_the_error(line: str) -> None:
    transcript = Transcript()
    assert events.read(line, "web", transcript) is None
    assert transcript.other == [line]


def test_messages_that_nobody_needs_are_passed_over() -> None:
    transcript = Transcript()
    assert events.read('{"type": "version", "terraform": "1.15.5"}', "web", transcript) is None
    assert transcript == Transcript()
