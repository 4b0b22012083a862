"""Whatever is written to the log of a job, no CI system takes a command from it that is not envctl's own."""

import ast
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import envctl
from envctl.cli.commands.inspect.ledger_export import _write_lines
from envctl.cli.output.job_log import break_markers, guard_job_log, write_command
from envctl.cli.output.redaction import redact_output
from tests.cli.ci.runner_log import RunnerLog, list_sections

GITHUB, GITLAB = {"GITHUB_ACTIONS": "true"}, {"GITLAB_CI": "true"}
PIECES = (
    "::", ":", "##[", "##", "#", "[", "]", "add-mask", "stop-commands", "group", "::add-mask::", "##[endgroup]", " x",
    "\n", "\r", "\r\n", " ", "\t", "\u2028", "\x1b[1m", "section_start:", "section_", "end:", "1:web", "\r\x1b[0K", "é",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
OWN = ("::group::web", "::endgroup::", "::add-mask::hunter2", "::error title=E203::no")
WRITES = st.lists(
    st.tuples(st.just("out"), TEXTS)
    | st.tuples(st.just("err"), TEXTS)
    | st.tuples(st.just("own"), st.sampled_from(OWN))
)


class Recorder(io.StringIO):
    """A stream that also adds to what comes out of `2>&1`."""

    def __init__(self, merged: list[str]) -> None:
        super().__init__()
        self._merged = merged

    def write(self, text: str) -> int:
        self._merged.append(text)
        return super().write(text)


@contextmanager
def streams(
    environment: dict[str, str], *, has_commands: bool = True
) -> Iterator[tuple[Recorder, Recorder, list[str]]]:
    merged: list[str] = []
    out, err = Recorder(merged), Recorder(merged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with guard_job_log(environment, has_commands=has_commands):
            yield out, err, merged
        assert (sys.stdout, sys.stderr) == (out, err)


def write_all(writes: Sequence[tuple[str, str]]) -> list[str]:
    """Write these, and return the commands of envctl among them."""
    for kind, text in writes:
        if kind == "own":
            write_command(text)
        else:
            (sys.stdout if kind == "out" else sys.stderr).write(text)
    return [text for kind, text in writes if kind == "own"]


def read_back(text: str) -> str:
    """Return what HCL and JSON read from the escapes."""
    return text.replace("\\u003a", ":").replace("\\u005b", "[")


@given(WRITES)
@example([("err", "##"), ("err", "[stop-commands]x\n"), ("own", OWN[0])])
@example([("err", " "), ("err", ":"), ("err", ":stop-commands::x"), ("own", OWN[0])])
@example([("out", "half a line"), ("err", "\r::stop-commands::x"), ("own", OWN[0])])
def test_no_text_acts_as_a_command_of_github(writes: list[tuple[str, str]]) -> None:
    with streams(GITHUB) as (out, err, merged):
        own = write_all(writes)
    log = RunnerLog().read(err.getvalue())
    assert (log.taken, log.token) == (own, "")
    # The runner reads stdout whenever it likes: its lines must be harmless alone.
    assert RunnerLog().read(out.getvalue()).taken == []
    assert set(RunnerLog().read("".join(merged)).taken) <= set(own)
    assert "##[" not in out.getvalue() + err.getvalue()


@given(WRITES)
def test_escaped_text_reads_back_as_written(writes: list[tuple[str, str]]) -> None:
    with streams(GITHUB) as (out, _, _):
        write_all(writes)
    assert read_back(out.getvalue()) == "".join(text for kind, text in writes if kind == "out")


@given(WRITES)
def test_without_commands_text_is_harmless_too(writes: list[tuple[str, str]]) -> None:
    with streams(GITHUB, has_commands=False) as (out, err, merged):
        write_all([each for each in writes if each[0] != "own"])
    assert RunnerLog().read("".join(merged)).taken == []
    assert "stop-commands::\n" not in read_back(out.getvalue() + err.getvalue())


@given(WRITES)
def test_no_text_opens_or_ends_a_section_of_gitlab(writes: list[tuple[str, str]]) -> None:
    own = "\x1b[0Ksection_start:1:envctl_web\r\x1b[0Kweb"
    with streams(GITLAB) as (out, err, _):
        write_all([(kind, own if kind == "own" else text) for kind, text in writes])
    assert list_sections(out.getvalue()) == []
    assert len(list_sections(err.getvalue())) == sum(kind == "own" for kind, _ in writes)
    assert "stop-commands::\n" not in err.getvalue()


def test_command_stands_on_a_line_of_its_own() -> None:
    with streams(GITHUB) as (out, err, _):
        sys.stdout.write("a result")
        sys.stderr.write("half a line")
        write_command("::endgroup::")
        sys.stderr.write("more\n")
    lines = err.getvalue().splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    stop, resume = f"::stop-commands::{token}", f"::{token}::"
    assert lines == [stop, "half a line", resume, "::endgroup::", stop, "more", resume]
    assert out.getvalue() == "a result"


def test_each_process_has_a_token_of_its_own() -> None:
    logs = []
    for _ in range(2):
        with streams(GITHUB) as (_, err, _):
            sys.stderr.write("a\n")
        logs.append(err.getvalue())
    assert logs[0] != logs[1]


def test_program_that_follows_may_write_commands() -> None:
    """`exec` becomes the program, and reaches the stream through the redaction."""
    with streams(GITHUB) as (_, err, _), redact_output():
        sys.stderr.write("starting\n")
        sys.stderr.resume_commands()  # type: ignore[union-attr]
        err.write("::add-mask::hunter2\n")
    assert RunnerLog().read(err.getvalue()).taken == ["::add-mask::hunter2"]


def test_bytes_of_an_export_are_escaped_too() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        with guard_job_log(GITHUB, has_commands=True), redact_output():
            _write_lines(['é "##[group]x"\n'.encode(), b"::error::x\n"])
    assert raw.getvalue().decode() == 'é "##\\u005bgroup]x"\n\\u003a:error::x\n'


def test_without_text_nothing_is_stopped() -> None:
    with streams(GITHUB) as (_, err, _):
        sys.stdout.write("a result\n")
        write_command("::add-mask::hunter2")
    assert err.getvalue() == "::add-mask::hunter2\n"


def test_addresses_and_arns_stay_as_they_are() -> None:
    text = "::/0\n  ::1\narn:aws:s3:::bucket\nstd::vec::Vec # [x] ## [y]\n"
    assert break_markers(text) == text


def test_stream_into_a_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a value for a script, or a page: no CI system reads it."""
    with (tmp_path / "value").open("w+") as file, streams(GITHUB):
        monkeypatch.setattr(sys, "stdout", file)
        with guard_job_log(GITHUB, has_commands=True):
            sys.stdout.write("##[group]\n")
        file.seek(0)
        assert file.read() == "##[group]\n"


def test_threads_never_write_into_a_command() -> None:
    def write(number: int) -> None:
        for _ in range(200):
            sys.stderr.write(f"::error::{number}\n")
            write_command(f"::notice::{number}")

    with streams(GITHUB) as (_, err, _):
        threads = [Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    log = RunnerLog().read(err.getvalue())
    assert sorted(log.taken) == sorted(f"::notice::{number}" for number in range(4) for _ in range(200))
    assert log.token == ""


def test_broken_pipe_at_the_end_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    with guard_job_log(GITHUB, has_commands=True):
        sys.stderr.write("a\n")


SOURCE = Path(envctl.__file__).parent
# Here is no job, or no text yet: completion of a shell, programs of their own, and the start of Python.
OWN_PROCESSES = {"__main__.py", "cli/shell_completion.py", "cli/kubernetes_token.py"}
WAYS_AROUND = re.compile(r"__stdout__|__stderr__|stdout\.buffer|stderr\.buffer|os\.write\([12],|\bprint\(|\bConsole\(")
KNOWN_WAYS = {
    # Bytes of an export go through the same stream in a job.
    "cli/commands/inspect/ledger_export.py",
    # The console of a command writes to the replaced streams; that of a page to memory.
    "cli/output/consoles.py", "cli/ci/result_views.py",
    # A child without the streams of envctl.
    "adapters/terraform/warm/keeper.py",
}  # fmt: skip


def test_no_module_writes_around_the_streams() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "templates" not in path.parts
        for line in path.read_text().splitlines()
        if WAYS_AROUND.search(line) and not re.search(r"\.print\(|def ", line)
    }
    assert found - OWN_PROCESSES <= KNOWN_WAYS


def test_no_child_inherits_the_log() -> None:
    """Only the program of `exec` does, in place of envctl."""
    starts = {
        f"{path.relative_to(SOURCE)}:{node.lineno}": {keyword.arg for keyword in node.keywords}
        for path in SOURCE.rglob("*.py")
        if "templates" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and re.fullmatch(r"subprocess\.(Popen|run|call|check_\w+)", ast.unparse(node.func))
    }
    assert len(starts) > 5
    for place, streams_given in starts.items():
        assert "capture_output" in streams_given or {"stdout", "stderr"} <= streams_given, place
