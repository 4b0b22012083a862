"""`envctl diff` on the real command line: exit codes, the document for machines, and what hostile names can do."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.cli.ci.result_views import render_markdown as in_markdown
from envctl.cli.entry import run
from envctl.cli.render.console.any_result import render_result
from envctl.cli.render.json.document import to_json
from envctl.domain.errors import Location, Problem
from envctl.domain.release.artifacts import ArtifactPair
from envctl.domain.release.comparison.changes import PartChange, ReleaseChanges
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.release.comparison.file_changes import FileChange, ModuleChange
from envctl.domain.settings.comparison import Comparison, compare_settings
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.inspect.diff import Diff
from tests.cli.render.conftest import console, told
from tests.cli.render.samples.diffs import DIFF, DIFFS
from tests.cli.render.test_markdown import HOSTILE, kinds

PARITY = '\n[parity]\nmay_differ = ["cidr", "size"]\n'
PROD = "environments/prod/terraform.tfvars"


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


CODES = {
    "differences are no failure": ([], "", "", 0),
    "they are changes where that is asked for": (["--detailed-exitcode"], "", "", 2),
    "but for what may differ": (["--detailed-exitcode"], PARITY, "", 0),
    "what is not known is a failure": ([], "", "sise = 1\n", 1),
    "be it asked for or not": (["--detailed-exitcode"], "", "sise = 1\n", 1),
}


@pytest.mark.parametrize("case", CODES.values(), ids=CODES.keys())
def test_diff_exits_with(
    project: Path, capsys: pytest.CaptureFixture[str], case: tuple[list[str], str, str, int]
) -> None:
    words, more, settings, code = case
    add(project / "envctl.toml", more)
    add(project / PROD, settings)
    assert run(["diff", "staging", "prod", *words]) == code
    assert "Settings: " in capsys.readouterr().out


def test_the_document_has_every_setting_with_both_places(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "staging", "prod", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert (result["differs"], result["unknown"]) == (True, False)
    (size,) = (pair for pair in result["settings"]["pairs"] if pair["name"] == "size")
    assert (size["relation"], size["first"]["value"], size["second"]["value"]) == ("differs", 1, 3)
    places = [f"{size[side]['location']['file']}:{size[side]['location']['line']}" for side in ("first", "second")]
    assert places == ["environments/common.tfvars:1", f"{PROD}:2"]


def test_equal_settings_are_counted_and_shown_on_request(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / PROD).write_text('cidr = "10.30.0.0/16"\n')
    run(["diff", "staging", "prod"])
    folded = capsys.readouterr().out
    run(["diff", "staging", "prod", "--all"])
    whole = capsys.readouterr().out
    assert ("1 is equal" in folded, "= size" in folded) == (True, False)
    assert ("1 is equal" in whole, "= size" in whole) == (True, True)


def test_document_includes_settings_folded_in_the_terminal() -> None:
    document = to_json(DIFF)
    assert "equal" in [pair["relation"] for pair in document["settings"]["pairs"]]
    assert len(to_json(DIFFS["a diff of long histories"])["distance"]["releases"]) == 30


def hostile_diff(text: str) -> Diff:
    """With that text wherever somebody else can write."""
    settings = (
        EnvironmentSettings(name, (Setting("a", value, Location(text, 1), "file", False, (text,)),), {})
        for name, value in (("staging", text), ("prod", f"{text}!"))
    )
    file = FileChange(f"modules/{text}/{text}", "changed", added=1, patch=(f"+{text}",))
    part = (PartChange(text, text, f"{text}!"),)
    changes = ReleaseChanges((ModuleChange(f"modules/{text}", (text,), (file,)),), part, part, part, part)
    release = replace(DIFF.distance.releases[0], commit=text) if DIFF.distance else None
    assert release is not None
    return Diff(
        first=replace(DIFF.first, known=release, problems=(Problem("E203", text, text, Location(text, 1)),)),
        second=DIFF.second,
        distance=Distance("prod", "staging", 1, (release,), changes),
        artifacts=(ArtifactPair(text, text, f"{text}!", equal=False),),
        settings=compare_settings(*settings),
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_does_not_change_markdown_structure(hostile: str) -> None:
    assert kinds(in_markdown(hostile_diff(hostile))) == kinds(in_markdown(hostile_diff("plainly")))


@pytest.mark.parametrize("hostile", ["\x1b[2Jmallory", "\x9b31mmallory", "\u202emallory", "mallory\x07", "\rmallory"])
@pytest.mark.parametrize("width", [60, 120])
def test_hostile_text_can_not_control_the_terminal(hostile: str, width: int) -> None:
    out = console(width)
    render_result(hostile_diff(hostile), out)
    assert hostile not in told(out)
    assert hostile not in in_markdown(hostile_diff(hostile))
    assert "mallory" in told(out)


def test_empty_comparison_has_no_table() -> None:
    out = console(120)
    render_result(replace(DIFF, settings=Comparison("staging", "prod", ())), out)
    assert told(out).rstrip().endswith("Settings: none differs")
