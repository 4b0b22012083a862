"""README.md: the first minutes, in two commands and on two screens."""

from tests.docs.blocks import ROOT, blocks

README = ROOT / "README.md"
TARGETS = ("make demo", "make test")


def test_readme_has_at_most_120_lines() -> None:
    assert len(README.read_text().splitlines()) < 120, "move something to docs/"


def test_first_commands_are_demo_and_test() -> None:
    typed = [step.command for block in blocks(README) for step in block.steps]
    assert tuple(typed[:2]) == TARGETS


def test_ci_runs_the_test_command_of_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == f"NO_SKIPS=1 {TARGETS[1]}"
