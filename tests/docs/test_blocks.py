"""Every command block of every page of the site is typed, in the order of the page, and does what the page says."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from envctl.domain.ci.pins import CHECKOUT_ACTION
from tests.docs.blocks import ROOT, Block, blocks, pages
from tests.docs.outcomes import OUTCOMES
from tests.docs.places import PLACES, opened
from tests.docs.running import Shell
from tests.docs.situations import SITUATIONS
from tests.docs.values import values

# What nothing runs, and why; the commands of envctl in it are read all the same (tests/cli/pages/test_docs.py).
REASONS = {
    "needs Docker": 5,
    "needs the network": 3,
    "needs a key for people": 4,
    "a target of the makefile": 6,
    "needs a cluster of Kubernetes": 2,
    "needs helm and a chart": 1,
    "needs jobs of AWS Backup": 1,
    "needs AWS CodeBuild": 1,
    "needs a project on GitLab": 1,
    "needs a repository on GitHub": 1,
    "takes an hour": 1,
}
USUAL = "shop"
BLOCKS = {page.relative_to(ROOT).as_posix(): list(blocks(page)) for page in pages()}
RUN = {page: [block for block in each if not {"not run", "apart"} & set(block.marks)] for page, each in BLOCKS.items()}
# Those start no Terraform.
LIGHT = ("validate", "settings", "render", "status", "why", "history", "diff", "report", "ci", "completion", "init")


def _light(page: str) -> bool:
    if any({"given", "where", "stopped"} & set(block.marks) for block in RUN[page]):
        return False
    typed = [step.command.split() for block in RUN[page] for step in block.steps]
    return all(words[0] != "envctl" or (words[1] in LIGHT and "--plan" not in words) for words in typed)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[] if _light(page) else [pytest.mark.terraform, pytest.mark.slow, pytest.mark.night])
        for page, each in RUN.items()
        if each
    ],
)
def test_the_page(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    name = USUAL
    with ExitStack() as stack:
        shell: Shell | None = None
        for number, block in enumerate(RUN[page]):
            name = block.marks.get("run in", name)
            if shell is None or {"run in", "given"} & set(block.marks):
                place = stack.enter_context(opened(name, tmp_path / str(number), request))
                for situation in block.marks.get("given", "nothing").split("; "):
                    SITUATIONS[situation](place)
                shell = Shell(place, tmp_path / str(number) / "shell")
            shell.runs(block, values(block.marks.get("where", ""), shell.place))
            for outcome in block.marks.get("then", "nothing").split("; "):
                OUTCOMES[outcome](shell.place)


def _all() -> Iterator[Block]:
    for each in BLOCKS.values():
        yield from each


def test_skipped_blocks_are_few_and_have_reasons() -> None:
    left = Counter(block.marks["not run"] for block in _all() if "not run" in block.marks)
    assert left == REASONS
    assert left.total() < len(list(_all())) / 12


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_actions_in_examples_are_pinned(page: Path) -> None:
    found = re.findall(r"^ *(?:- )?uses(?::| =) \"?([^\"\n]+)", page.read_text(), re.MULTILINE)
    for action in found:
        name, _, pin = action.partition("@")
        if name == "actions/checkout":
            assert action == CHECKOUT_ACTION
        assert re.match(r"[0-9a-f]{40} # v|COMMIT\b", pin), f"{page.name}: {action}"


def test_every_mark_is_known_and_used() -> None:
    assert {block.marks.get("run in", USUAL) for block in _all()} == PLACES.keys()
    given = {situation for block in _all() for situation in block.marks.get("given", "nothing").split("; ")}
    assert given == SITUATIONS.keys()
    assert {
        outcome for block in _all() for outcome in block.marks.get("then", "nothing").split("; ")
    } == OUTCOMES.keys()
