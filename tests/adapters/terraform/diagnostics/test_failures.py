"""What Terraform says of a failure, as what a person reads."""

import json
import os
import pwd
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.diagnostics.failures import to_terraform_error
from envctl.adapters.terraform.launcher import check_result
from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state import state_lock
from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    Location,
    OperationFailedError,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
)
from envctl.usecases.ports.terraform import PreparedStack

HELD = """Error message: resource temporarily unavailable
Lock Info:
  ID:        7c1e
  Path:      ../../../state/dev/web.tfstate
  Operation: OperationTypeApply
  Who:       ann@laptop
  Created:   2026-11-25 08:00:00 UTC
"""


SITE = Site("dev", PreparedStack("web"), Path("/nowhere/dev/web"))
FOLDER = "/nowhere/dev/web"
AT = datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC)


def failed(*diagnostics: dict[str, Any], errors: str = "", code: int = 1, command: str = "apply") -> EnvctlError:
    transcript = Transcript()
    for each in diagnostics:
        json_events.record_line(
            json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error"} | each}),
            PreparedStack("web"),
            transcript,
        )
    return to_terraform_error(ProcessResult(code=code, errors=errors, interrupted=False), transcript, SITE, command)


def place(file: str) -> Location | None:
    error = failed({"summary": "x", "range": {"filename": file, "start": {"line": 3}}})
    return error.problems[0].location


def test_multi_line_summary_names_resource_in_first_line() -> None:
    said = "error reading SNS Topic: denied\n\tstatus code: 403, request id: 1"
    (problem,) = failed({"summary": said, "address": "aws_sns_topic.a"}).problems
    assert problem.message.splitlines() == [
        "web: error reading SNS Topic: denied (aws_sns_topic.a)",
        "status code: 403, request id: 1",
    ]


READS = {
    "a state that the root reads": ("data.terraform_remote_state.net", "compare its place with [state]"),
    "a state that a module reads": ("module.a.data.terraform_remote_state.net", "use [stacks.STACK] inputs"),
    "a resource": ("aws_sns_topic.a", "check assume_role"),
}


@pytest.mark.parametrize(("address", "hint"), READS.values(), ids=READS.keys())
def test_denied_read_has_the_hint_of(address: str, hint: str) -> None:
    (problem,) = failed({"summary": "Forbidden", "detail": "StatusCode: 403", "address": address}).problems
    assert problem.code == "E326"
    assert hint in problem.hint


PLACES = {
    "a file of a module": ("../.code/modules/web/main.tf", Location("modules/web/main.tf", 3)),
    "the rendered root module": ("main.tf.json", Location("web/main.tf.json", 3)),
    "no file": ("", None),
}


@pytest.mark.parametrize(("file", "expected"), PLACES.values(), ids=PLACES.keys())
def test_diagnostic_place_is(file: str, expected: Location | None) -> None:
    assert place(file) == expected


def locked(detail: str) -> StateLockedError:
    error = failed({"summary": "Error acquiring the state lock", "detail": detail})
    assert isinstance(error, StateLockedError)
    return error


def test_lock_of_dead_terraform_is_reported_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    me = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    mine = HELD.replace("ann@laptop", me).replace("resource temporarily unavailable", "PreconditionFailed")
    monkeypatch.setattr(state_lock, "_PROCESSES", tmp_path)
    (problem,) = locked(mine).problems
    assert "On this machine, no Terraform of envctl works on this stack" in problem.message
    assert problem.hint == "break it (with confirmation): envctl recover dev"
    other = tmp_path / "4711"
    other.mkdir()
    (other / "cmdline").write_bytes(b"/usr/bin/terraform\0apply\0")
    (other / "stat").write_text("4711 (a b) c) S 1 2 3")
    assert "no Terraform of envctl" not in locked(mine).problems[0].message
    (other / "cwd").symlink_to("/elsewhere/dev/other")
    assert "no Terraform of envctl" in locked(mine).problems[0].message
    (other / "cwd").unlink()
    (other / "cwd").symlink_to("/dev/web")
    assert "no Terraform of envctl" not in locked(mine).problems[0].message
    (other / "stat").write_text(f"4711 (a) S {os.getpid()} 2 3")
    assert "no Terraform of envctl" in locked(mine).problems[0].message
    assert "no Terraform of envctl" not in locked(HELD).problems[0].message
    assert "no Terraform of envctl" not in locked(HELD.replace("ann@laptop", me)).problems[0].message


def test_held_lock_names_its_holder_and_its_fix() -> None:
    error = locked(HELD)
    assert error.lock == StateLock("web", "7c1e", "ann@laptop", "apply", AT, FOLDER)
    (problem,) = error.problems
    assert problem.code == "E306"
    assert problem.message == (
        "the Terraform state of web is locked by ann@laptop for apply since 2026-11-25 08:00:00 UTC"
        f" (lock 7c1e, folder {FOLDER})"
    )
    assert problem.hint == "wait until they finish, or, if they have stopped: envctl recover dev"


TIMES: dict[str, tuple[str, datetime | None]] = {
    "as Go writes a time": (
        "2026-11-25 08:00:00.123456789 +0000 UTC",
        AT.replace(microsecond=123456),
    ),
    "as Go writes one of another zone": ("2026-11-25 17:00:00 +0900 JST", AT),
    "as Go writes one that it has just taken": ("2026-11-25 08:00:00 +0000 UTC m=+0.015", AT),
    "as JSON holds it": ("2026-11-25T08:00:00Z", AT),
    "none": ("", None),
    "no time": ("yesterday", None),
}


@pytest.mark.parametrize(("written", "expected"), TIMES.values(), ids=TIMES.keys())
def test_lock_time_is_parsed(written: str, expected: datetime | None) -> None:
    lock = locked(HELD.replace("2026-11-25 08:00:00 UTC", written)).lock
    assert lock.created == expected
    assert (lock.id, lock.who, lock.operation) == ("7c1e", "ann@laptop", "apply")
    assert lock.created is None or lock.created.tzinfo is UTC


def test_empty_lock_field_takes_nothing_from_next_line() -> None:
    assert locked("Lock Info:\n  ID:        \n  Operation: \n  Who:       ann\n").lock == StateLock(
        "web", "", "ann", folder=FOLDER
    )


def test_held_lock_is_recognized_in_plain_text() -> None:
    error = failed(errors=f"\nError: Error acquiring the state lock\n\n{HELD}\n", command="state push")
    assert isinstance(error, StateLockedError)
    assert error.lock.id == "7c1e"


def test_mismatched_lock_id_is_a_failure() -> None:
    said = f"Failed to unlock state: lock ID 'nope' does not match the existing lock ID '7c1e'\n{HELD}"
    error = failed(errors=said, command="force-unlock")
    assert type(error) is OperationFailedError
    assert "does not match the existing lock ID '7c1e'" in error.problems[0].message


def test_lock_released_in_between_counts_as_held() -> None:
    detail = (
        "Error message: api error PreconditionFailed: At least one of the pre-conditions you specified did not hold"
    )
    assert locked(detail).lock == StateLock("web", "", "somebody", folder=FOLDER)


@pytest.mark.parametrize(
    ("summary", "detail"),
    [
        pytest.param("Error acquiring the state lock", "api error AccessDenied", id="no right to lock"),
        pytest.param("Error acquiring the state lock", "api error NoSuchBucket", id="no bucket to lock in"),
        pytest.param("Error releasing the state lock", HELD, id="a lock that could not be given back"),
    ],
)
def test_lock_without_holder_is_a_failure(summary: str, detail: str) -> None:
    error = failed({"summary": summary, "detail": detail})
    assert isinstance(error, OperationFailedError)
    assert detail.strip() in error.problems[0].message


MAIN = """{
  "module": {
    "web": {
      "subnet": "${data.terraform_remote_state.network.outputs.subnet}",
      "zone": "${data.terraform_remote_state.dns-zone.outputs.id[0]}",
      "size": 1
    }
  }
}
"""


def unplannable(directory: Path, *places: tuple[str, int], command: str = "plan") -> EnvctlError:
    (directory / "main.tf.json").write_text(MAIN)
    transcript = Transcript()
    for file, line in places:
        said = {"severity": "error", "summary": "Unsupported attribute", "detail": 'no attribute named "subnet"'}
        message = {"type": "diagnostic", "diagnostic": said | {"range": {"filename": file, "start": {"line": line}}}}
        json_events.record_line(json.dumps(message), SITE.stack, transcript)
    return to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False),
        transcript,
        Site("dev", PreparedStack("web"), directory),
        command,
    )


def test_missing_upstream_output_is_recognized_by_its_line(tmp_path: Path) -> None:
    error = unplannable(tmp_path, ("main.tf.json", 4), ("main.tf.json", 5), ("main.tf.json", 4))
    assert isinstance(error, UpstreamBehindError)
    assert error.upstream == ("network", "dns-zone")
    assert {problem.code for problem in error.problems} == {"E305"}
    assert {problem.hint for problem in error.problems} == {
        "if network and dns-zone will have this output, deploy it first, or together: --with-upstream"
    }


@pytest.mark.parametrize(
    ("places", "command"),
    [
        pytest.param([("main.tf.json", 6)], "plan", id="it is in what is read of nobody"),
        pytest.param([("main.tf.json", 4), ("../.code/modules/web/main.tf", 4)], "plan", id="something else is wrong"),
        pytest.param([("main.tf.json", 99)], "plan", id="it is nowhere"),
        pytest.param([("main.tf.json", 4)], "apply", id="it was planned by then"),
    ],
)
def test_other_failure_is_no_missing_upstream_output(
    places: list[tuple[str, int]], command: str, tmp_path: Path
) -> None:
    assert type(unplannable(tmp_path, *places, command=command)) is OperationFailedError


def test_interruption_with_unsaved_state_is_a_failure(tmp_path: Path) -> None:
    site = Site("dev", PreparedStack("web"), tmp_path)
    stopped = ProcessResult(code=1, errors="Error: Failed to persist state to backend", interrupted=True)
    with pytest.raises(InterruptedByUserError):
        check_result(stopped, Transcript(), site, "apply")
    (tmp_path / "errored.tfstate").touch()
    with pytest.raises(OperationFailedError) as raised:
        check_result(stopped, Transcript(), site, "apply")
    assert [problem.code for problem in raised.value.problems] == ["E313", "E305"]


def test_all_errors_are_reported_without_warnings() -> None:
    error = failed({"summary": "one"}, {"summary": "two", "severity": "warning"}, {"summary": "three"})
    assert [problem.message for problem in error.problems] == ["web: one", "web: three"]


def test_address_is_shown_without_the_root_module_prefix() -> None:
    error = failed({"summary": "x", "detail": "why\n", "address": "module.web.aws_instance.this[0]"})
    assert error.problems[0].message == "web: x (aws_instance.this[0])\nwhy"


def test_process_errors_are_shown_without_diagnostics() -> None:
    assert "terraform plan of web failed: panic" in failed(errors="panic\n", command="plan").problems[0].message
    assert "it ended with code -11" in failed(code=-11).problems[0].message


def test_init_without_diagnostics_leads_to_the_doctor() -> None:
    (problem,) = failed(errors="flag provided but not defined: -json\n", command="init").problems
    assert (problem.code, problem.hint) == (
        "E305",
        "check Terraform and its version: envctl doctor; nothing was changed",
    )


@pytest.mark.parametrize("line", ["", "not json", "42", "[]", '"text"', "null"])
def test_non_message_lines_are_kept_for_the_error(line: str) -> None:
    transcript = Transcript()
    assert json_events.record_line(line, SITE.stack, transcript) is None
    assert transcript.plain_lines == [line]


def test_irrelevant_messages_are_ignored() -> None:
    transcript = Transcript()
    assert json_events.record_line('{"type": "log", "@message": "why"}', SITE.stack, transcript) is None
    assert transcript == Transcript()


@pytest.mark.parametrize(("key", "version"), [("terraform", "1.15.5"), ("tofu", "")])
def test_version_of_terraform_alone_is_recorded(key: str, version: str) -> None:
    transcript = Transcript()
    assert json_events.record_line(json.dumps({"type": "version", key: "1.15.5"}), SITE.stack, transcript) is None
    assert transcript == Transcript(version=version)


def test_expired_credentials_name_the_profile() -> None:
    said = {"summary": "ExpiredToken: The security token included in the request is expired", "detail": ""}
    transcript = Transcript()
    json_events.record_line(
        json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", **said}}),
        PreparedStack("web"),
        transcript,
    )
    site = Site("dev", PreparedStack("web", profile="my team"), Path("/nowhere/dev/web"))
    (problem,) = to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False), transcript, site, "plan"
    ).problems
    assert problem.code == "E324"
    assert "aws sso login --profile 'my team'" in problem.hint
