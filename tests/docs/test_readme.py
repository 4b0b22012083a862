"""README.md: the first five minutes, on two screens."""

from tests.docs.blocks import ROOT, blocks
from tests.docs.prose import Page

README = ROOT / "README.md"
FIRST_SCREEN = 40
"""Lines until a reader scrolls."""
TARGETS = ("make demo", "make kubernetes", "make platform", "make test")


def _list_commands() -> list[str]:
    return [step.command.partition("#")[0].strip() for block in blocks(README) for step in block.steps]


def test_readme_has_at_most_120_lines() -> None:
    assert len(README.read_text().splitlines()) < 120, "move something to docs/"


def test_first_commands_make_a_venv_and_a_minimal_project() -> None:
    first, second, path, project, *_ = _list_commands()
    assert (first, project) == ("python3 -m venv ~/.envctl-venv", "envctl init shop --template minimal")
    assert second.startswith("~/.envctl-venv/bin/pip install ")
    assert path == 'export PATH="$HOME/.envctl-venv/bin:$PATH"'


def test_first_screen_names_rivals_states_and_what_is_untried() -> None:
    screen = "\n".join(README.read_text().splitlines()[:FIRST_SCREEN])
    for word in ("Kargo", "HCP Terraform", "Stategraph", "docs/comparison.md", "docs/leave.md", "docs/untried.md"):
        assert word in screen
    assert "states stay where they are" in screen
    assert "never run on real AWS" in screen


def test_readme_has_no_long_sentences() -> None:
    assert [each for each in Page(README).sentences if len(each.split()) > 45] == []


def test_make_targets_of_readme_exist() -> None:
    typed = tuple(each for each in _list_commands() if each.startswith("make "))
    assert typed == TARGETS
    rules = (ROOT / "Makefile").read_text()
    assert [each for each in typed if f"\n{each.removeprefix('make ')}:" not in rules] == []


def test_ci_runs_the_test_command_of_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == f"NO_SKIPS=1 {TARGETS[-1]}"
