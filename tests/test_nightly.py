"""`make nightly` leaves nothing out, and says of each of its parts what it gave."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests import nightly
from tests.docs.test_blocks import RUN

ROOT = Path(__file__).parents[1]
FILES = [file.relative_to(ROOT).as_posix() for file in sorted((ROOT / "tests").rglob("test_*.py"))]


def test_file_has_a_part() -> None:
    assert [file for file in FILES if nightly.find_part(f"{file}::test_any") not in nightly.PARTS] == []


def test_page_has_a_part() -> None:
    parts = {nightly.find_part(f"tests/docs/test_blocks.py::test_the_page[{page}]") for page in RUN}
    assert parts == {"docs-commands", "docs-guides"}


def test_place_has_files_and_part_has_places() -> None:
    for place in nightly.PLACES:
        assert any(f"{file}::".startswith(place.partition("::")[0]) for file in FILES), place
    tested = {part.tests or name for name, part in nightly.PARTS.items() if not part.command}
    assert set(nightly.PLACES.values()) == tested


def test_part_has_a_line_in_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in nightly.PARTS if f"| `nightly-{name}` |" not in text] == []


@pytest.mark.slow
def test_part_runs_its_own_tests_only() -> None:
    """A folder beside the tests is called as this part."""
    folders = ("tests/modules", "tests/platform")
    command = [*nightly.PARTS["modules"].build_command("modules"), "--collect-only", "-q", "-n", "0", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=True)
    named = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert {name.rpartition("/")[0] for name in named} == {"tests/modules"}


SAYS = "import sys; print('more before'); print('=== 3 passed in 1.0s ==='); sys.exit(int(sys.argv[1]))"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, nightly.Part]:
    """Instead of those that take an hour."""
    given = {
        "good": nightly.Part("it passes", (sys.executable, "-c", SAYS, "0")),
        "bad": nightly.Part("it fails", (sys.executable, "-c", SAYS, "1")),
        "last": nightly.Part("it passes after one that has failed", (sys.executable, "-c", SAYS, "0")),
    }
    monkeypatch.setattr(nightly, "PARTS", given)
    return given


def test_each_part_closes_with_figures(parts: dict[str, nightly.Part], capfd: pytest.CaptureFixture[str]) -> None:
    assert nightly.main([]) == 1
    lines = capfd.readouterr().out.splitlines()
    closing = lines[lines.index("3 parts, 1 failed") + 1 :]
    assert [line.partition(" in ")[0] for line in closing] == [
        "nightly-good: passed",
        "nightly-bad: FAILED (1)",
        "nightly-last: passed",
    ]
    assert all(line.endswith(" of a processor): 3 passed in 1.0s") for line in closing)
    assert nightly.main(["good"]) == 0


def test_unknown_part_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert nightly.main(["nonsense"]) == 2
    assert "there are: mutation, teeth, histories, laws" in capfd.readouterr().err


def test_part_that_hangs_is_stopped(
    parts: dict[str, nightly.Part], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hangs = f"import os, subprocess; print(os.getpid()); subprocess.run(['sleep', '43{os.getpid()}'])"
    parts["bad"] = replace(parts["bad"], command=(sys.executable, "-X", "faulthandler", "-c", hangs))
    monkeypatch.setattr(nightly, "LIMIT", 8)
    assert nightly.main(["bad"]) == 1
    told = capfd.readouterr().out
    assert f": sleep 43{os.getpid()}" in told
    assert "nightly-bad: FAILED" in told
