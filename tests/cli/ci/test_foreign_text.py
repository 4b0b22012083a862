"""Every text of every result and error, planted with commands: the runner takes none but those of envctl itself."""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from envctl.cli import boundary
from envctl.cli.ci.github import GithubJob
from envctl.cli.ci.result_views import render_markdown
from envctl.cli.options.global_options import Options
from envctl.domain.errors import EnvctlError
from tests.cli.ci.runner_log import RunnerLog, list_sections
from tests.cli.render.samples import ERRORS, RESULTS

IN_LINES = "\n::add-mask::prod\r  ::error::no ##[stop-commands]x\nsection_end:1:web\r\x1b[0K\n::stop-commands::zzz"
IN_ONE_LINE = " ::add-mask::prod ##[group]x ::stop-commands::zzz section_start:1:web"
# Numbers and documents: another text there is a bug of the sample, and never a text of somebody else.
_NO_TEXT = re.compile(r"[-+]?[\d.]*|[{\[].*", re.DOTALL)
FORMS = {"text": Options(), "markdown": Options(markdown=True), "json": Options(json=True)}


def plant(value: Any, planted: str, words: frozenset[str]) -> Any:
    """Add the text to all texts within the value, other than these words."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if value in words or _NO_TEXT.fullmatch(value) else value + planted
    if isinstance(value, EnvctlError):
        error = type(value).__new__(type(value))
        vars(error).update({name: plant(each, planted, words) for name, each in vars(value).items()})
        return error
    if is_dataclass(value) and not isinstance(value, type):
        given = [each.name for each in fields(value) if each.init]
        return replace(value, **{name: plant(getattr(value, name), planted, words) for name in given})
    if type(value) in (tuple, list, frozenset):
        return type(value)(plant(each, planted, words) for each in value)
    if isinstance(value, dict):
        return {plant(name, planted, words): plant(each, planted, words) for name, each in value.items()}
    return value


def finish_command(result: object, error: EnvctlError | None, options: Options) -> Callable[[], object]:
    return lambda: boundary._finish_command(options, "plan", result, 1, error)


def run_planted(
    sample: object, planted: str, options: Options, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str, list[str]]:
    """Return stdout, stderr, and the commands that envctl means to write. Words of a fixed set, which a table of envctl
    looks up, are found by their KeyError, and left as they are.
    """
    words: frozenset[str] = frozenset()
    while True:
        thing = plant(sample, planted, words)
        result, error = (None, thing) if isinstance(thing, EnvctlError) else (thing, None)
        code = boundary.run_guarded(finish_command(result, error, options), ["plan"])
        said = capsys.readouterr()
        if code != 70 and "E070" not in said.err:
            problems = error or boundary._extract_problems(result, 1)
            own = GithubJob(Options(), {})._format_annotations(result, problems, 1)
            return said.out, said.err, list(own)
        word = find_word(result, error, options, planted)
        capsys.readouterr()
        assert word not in words
        words |= {word}


def find_word(result: object, error: EnvctlError | None, options: Options, planted: str) -> str:
    """Return the word that no table has."""
    with pytest.raises((KeyError, AssertionError, ValueError)) as bug:
        render_markdown(result, error)
        finish_command(result, error, options)()
    message = f"{bug.value}".encode().decode("unicode_escape")
    before, _, after = message.partition(planted[:10])
    assert after, bug.value
    return before.rpartition("'")[2]


@pytest.fixture(autouse=True)
def _in_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("planted", [IN_LINES, IN_ONE_LINE], ids=["in lines", "in one line"])
@pytest.mark.parametrize("name", [*RESULTS, *ERRORS])
def test_no_text_of_a_result_acts_as_a_command(
    name: str, planted: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = {**RESULTS, **ERRORS}[name]
    out, err, own = run_planted(sample, planted, FORMS[form], capsys)
    log = RunnerLog().read(err)
    assert (log.taken, log.token) == (own, "")
    assert RunnerLog().read(out).taken == []
    assert list_sections(out + err) == []
    assert "##[" not in out
    if form == "json" and sample != plant(sample, planted, frozenset()):
        assert "\\u005b" in out
