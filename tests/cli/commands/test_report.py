"""`envctl report`: where the page is written, and what is said where it can't be."""

import json
from pathlib import Path

import pytest

from envctl.cli.entry import run


def test_report_is_written_to_default_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report"]) == 0
    assert "Wrote report.html" in capsys.readouterr().out
    assert (project / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_existing_report_is_replaced_atomically(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "out" / "page.html"
    assert run(["report", "-o", "out/page.html"]) == 0
    first = file.stat().st_ino
    assert run(["report", "--output", str(file)]) == 0
    assert file.stat().st_ino != first
    assert [each.name for each in file.parent.iterdir()] == ["page.html"]
    capsys.readouterr()


def test_dash_writes_only_the_page_to_stdout(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "-o", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<!DOCTYPE html>")
    assert said.out.endswith("</html>\n")
    assert said.err == ""
    assert not (project / "report.html").exists()


def test_json_has_path_and_size(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["path"] == "report.html"
    assert result["size"] == (project / "report.html").stat().st_size


def test_json_to_stdout_has_content_of_the_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "-o", "-", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert [each["environment"] for each in result["status"]["environments"]] == ["dev", "staging", "prod"]
    assert [each["asked"]["soak"] for each in result["outlooks"]] == [0, 0, 0]


def test_linked_report_file_is_written_at_its_target(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "real.html").write_text("old")
    (project / "report.html").symlink_to("real.html")
    assert run(["report"]) == 0
    assert (project / "report.html").is_symlink()
    assert (project / "real.html").read_text().startswith("<!DOCTYPE html>")
    capsys.readouterr()


UNWRITABLE = {
    "a folder": "modules",
    "a device": "/dev/null",
    "a file below a file": "envctl.toml/report.html",
    "a link to itself": "loop.html",
}


@pytest.mark.parametrize("path", UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_unwritable_path_is_reported(project: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    (project / "loop.html").symlink_to("loop.html")
    before = sorted(project.rglob("*"))
    assert run(["report", "-o", path, "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["code"], problem["hint"]) == ("E412", "use another file: envctl report --output FILE")
    assert [each for each in sorted(project.rglob("*")) if each not in before and ".envctl" not in str(each)] == []


def test_report_has_no_dry_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--dry-run", "--json"]) == 64
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "E006"
    assert not (project / "report.html").exists()
