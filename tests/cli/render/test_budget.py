"""A page is never longer than a comment may be, and what it shows it shows whole."""

import re
from contextvars import copy_context
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from envctl.cli.ci.result_views import render_markdown as render_result
from envctl.cli.render.markdown import show_error
from envctl.cli.render.markdown.page.block_parser import parse_blocks
from envctl.cli.render.markdown.page.budget import (
    MAX_PAGE_SIZE,
    MAX_PIECE_SIZE,
    Block,
    Piece,
    Rank,
    Section,
    count_utf16,
    describe_omitted,
    fit_page,
)
from envctl.cli.render.markdown.page.markup import fence_text, render_page, render_table
from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import EnvironmentLocked
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, ResourceChange, StackPlan
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from envctl.usecases.inspect.history import History
from envctl.usecases.inspect.render import RenderedRoots
from tests.cli.render.samples import HANAKO, NEW, NOW, RESULTS, SETTINGS, STATUS, entries
from tests.cli.render.samples.plans import created, policy
from tests.cli.render.samples.refusals import LOCK, WHY

NOUNS = ("resource", "row", "line")
WORDS = st.integers(1, 60)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    number = draw(st.integers(0, 10**9))
    text = f"p{number} " + draw(st.sampled_from("x🎍語")) * draw(WORDS)
    return Piece(text, draw(st.sampled_from(NOUNS)), draw(st.sampled_from(Rank)), draw(st.sampled_from(("", "a", "b"))))


def sections(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Section]:
    several = st.lists(inner, max_size=5).map(tuple)
    folds = st.builds(Section, st.just("<details>"), several, st.just("</details>"))
    fences = st.builds(
        Section, st.just("```text"), st.lists(pieces(), max_size=5).map(tuple), st.just("```"), st.just("\n")
    )
    return folds | fences


BLOCKS = st.lists(st.recursive(pieces(), sections, max_leaves=20), max_size=8)


def all_of(blocks: list[Block] | tuple[Block, ...]) -> list[Piece]:
    return [piece for block in blocks for piece in ([block] if isinstance(block, Piece) else all_of(block.blocks))]


def shown(text: str) -> list[str]:
    return re.findall(r"^p\d+ .*$", text, re.MULTILINE)


def room_for_the_note(blocks: list[Block]) -> int:
    return count_utf16(describe_omitted(all_of(blocks), "")) + 3 if all_of(blocks) else 3


@given(BLOCKS, st.integers(0, 900))
def test_a_page_is_never_longer_than_its_cap(blocks: list[Block], more: int) -> None:
    cap = room_for_the_note(blocks) + more
    assert count_utf16(fit_page(blocks, cap)) <= cap


@given(BLOCKS, st.integers(0, 900))
def test_every_fence_and_every_fold_is_closed(blocks: list[Block], more: int) -> None:
    text = fit_page(blocks, room_for_the_note(blocks) + more)
    assert text.count("<details>") == text.count("</details>")
    assert len(re.findall("^```", text, re.MULTILINE)) == 2 * text.count("```text")


@given(BLOCKS, st.integers(0, 900))
def test_every_piece_is_shown_or_counted(blocks: list[Block], more: int) -> None:
    text = fit_page(blocks, room_for_the_note(blocks) + more)
    there = shown(text)
    assert set(there) <= {piece.text for piece in all_of(blocks)}
    counts = re.findall(r"(\d+) (?:resource|row|line)s?", text)
    assert len(there) + sum(map(int, counts)) == len(all_of(blocks))


@given(BLOCKS, st.integers(0, 900))
def test_shown_pieces_keep_their_order(blocks: list[Block], more: int) -> None:
    rest = iter([piece.text for piece in all_of(blocks)])
    assert all(text in rest for text in shown(fit_page(blocks, room_for_the_note(blocks) + more)))


@given(BLOCKS, st.integers(0, 900), st.integers(0, 300))
def test_larger_page_shows_every_earlier_piece(blocks: list[Block], less: int, more: int) -> None:
    floor = room_for_the_note(blocks) + less
    few, many = shown(fit_page(blocks, floor)), iter(shown(fit_page(blocks, floor + more)))
    assert all(text in many for text in few)


@given(BLOCKS, st.integers(0, 900))
def test_important_pieces_are_shown_first(blocks: list[Block], more: int) -> None:
    assume(len({piece.text for piece in all_of(blocks)}) == len(all_of(blocks)))
    there = shown(fit_page(blocks, room_for_the_note(blocks) + more))
    ranks = {piece.text: piece.rank for piece in all_of(blocks)}
    missing = [rank for text, rank in ranks.items() if text not in there]
    assert not missing or all(ranks[text] <= min(missing) for text in there)


def test_oversized_piece_does_not_displace_others() -> None:
    blocks = [
        Piece("first"),
        Piece("x" * (MAX_PIECE_SIZE + 1), "resource"),
        *(Piece(f"p{n} " + "y" * 9000) for n in range(9)),
    ]
    text = fit_page(blocks, MAX_PAGE_SIZE)
    assert len(shown(text)) == 6
    assert "1 resource" in text


def test_truncation_note_follows_the_heading() -> None:
    blocks: list[Block] = [
        Piece("## head", rank=Rank.HEADING),
        *(Piece("x" * 90, "resource", Rank.NEW, s) for s in "abb"),
    ]
    note = "> ✂️ Too long for one comment: 2 resources in 1 stack are left out. Look."
    assert fit_page(blocks, 200, "Look.") == f"## head\n\n{note}\n\n{'x' * 90}\n"


@pytest.mark.parametrize(
    "text",
    [
        "## head\n\nsome text\nin two lines",
        render_table(("a", "b"), [("1", "2"), ("3", "4")]),
        fence_text("a\n\nb\n", "text"),
        fence_text("```\nx\n```", "diff"),
        (
            f"<details><summary>more</summary>\n\n{render_table(('a',), [('1',)])}\n\n{fence_text('x', 'diff')}"
            "\n\n</details>"
        ),
        "<details><summary>a</summary>\n\n<details><summary>b</summary>\n\ntext\n\n</details>\n\n</details>",
        "- one\n- two\n\n- three",
    ],
)
def test_parsed_page_renders_to_the_same_text(text: str) -> None:
    assert fit_page(parse_blocks(text), MAX_PAGE_SIZE) == f"{text}\n"


def balanced(text: str) -> None:
    assert count_utf16(text) <= MAX_PAGE_SIZE
    assert len(text.encode()) < 2**18
    html = "".join(t.content for t in MarkdownIt("commonmark", {"html": True}).parse(text) if t.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    assert text.rstrip().rpartition("\n")[2] != ""


def many_resources(number: int, action: Action, **attributes: object) -> tuple[ResourceChange, ...]:
    one = created("aws_thing.x", "aws_thing", **attributes)
    return tuple(replace(one, address=f"aws_thing.x[{n}]", action=action) for n in range(number))


LOTS = {"description": "説明🎍" * 40, "name": "x" * 100}
BIG = (
    AttributeChange("policy", policy("s3:GetObject"), policy(*(f"s3:Do{n}Something" for n in range(4000)))),
    AttributeChange("description", "a" * 30_000, "b" * 30_000),
    AttributeChange("size", 1, 2),
    *(AttributeChange(f"tags.t{n}", "x" * 500, "y" * 500) for n in range(60)),
)
HUGE_PLAN = EnvironmentPlan(
    environment="dev",
    release=NEW,
    stacks=(
        StackPlan("network", resources=many_resources(400, Action.UPDATE, **LOTS), warnings=("deprecated",)),
        StackPlan(
            "web", resources=(*many_resources(300, Action.CREATE, **LOTS), *many_resources(3, Action.DELETE, **LOTS))
        ),
        StackPlan(
            "data",
            resources=(
                ResourceChange(
                    address="aws_db_instance.this", type="aws_db_instance", action=Action.REPLACE, attributes=BIG
                ),
            ),
        ),
    ),
)
HUGE_DRIFT = tuple(StackDrift(stack=s.stack, condition="drifted", resources=s.resources) for s in HUGE_PLAN.stacks)
HUGE: dict[str, object] = {
    "plan": HUGE_PLAN,
    "deployment": replace(RESULTS["a deployment by break-glass"], plan=HUGE_PLAN),  # type: ignore[type-var]
    "drift": Drift(
        (
            EnvironmentDrift(
                environment="dev", release=NEW, condition="drifted", stacks=HUGE_DRIFT, next="envctl apply dev"
            ),
        )
    ),
    "history": History(
        environment="", entries=entries(*((HANAKO, EnvironmentLocked("dev", "x" * 400)) for _ in range(300))), more=True
    ),
    "status": replace(STATUS, environments=STATUS.environments * 200),
    "why": replace(WHY, answers=WHY.answers * 200),
    "settings": replace(SETTINGS, settings=tuple(replace(s, value="v" * 3000) for s in SETTINGS.settings) * 500),
    "root modules": RenderedRoots("dev", {f"dev/{n}/main.tf.json": '{\n  "module": {}\n}\n' for n in range(4000)}),
}


def render_in_full(result: object) -> str:
    """As with --full: a large plan is a summary otherwise."""
    return copy_context().run(lambda: (SHOW_FULL_PLANS.set(True), render_result(result))[1])


@pytest.mark.parametrize("name", ["plan", "deployment", "drift"])
def test_summary_of_a_huge_result_is_whole(name: str) -> None:
    text = render_result(HUGE[name])
    balanced(text)
    assert "Too long for one comment" not in text
    assert "(--full shows all)" in text


@pytest.mark.parametrize("name", HUGE)
def test_no_result_is_too_long_for_a_comment(name: str) -> None:
    text = render_in_full(HUGE[name])
    balanced(text)
    assert "Too long for one comment" in text


@pytest.mark.parametrize(
    "error",
    [
        RefusedError((LOCK,) * 1500),
        ConfigurationError(*(Problem("E204", "x" * 90, "y" * 90, Location("a.tf", n)) for n in range(900))),
        OperationFailedError(Problem("E305", "failed\n" + "from the provider\n" * 9000, "envctl apply dev")),
    ],
    ids=["refusals", "problems", "a long story"],
)
def test_no_error_is_too_long_for_a_comment(error: ConfigurationError) -> None:
    balanced(show_error(error, NOW))


def test_destructive_changes_of_huge_plan_are_shown_first() -> None:
    text = render_in_full(HUGE_PLAN)
    assert text.startswith("## 🚨 Plan for dev: 300 to create, 400 to update, 1 to replace, 3 to delete\n\n> ✂️ ")
    before, _, after = text.partition("<details>")
    assert "**replace** <code>aws_db_instance.this</code> in **data** (stateful)" in before
    assert before.count("**delete**") == 3
    assert before.index("**replace**") < before.index("**delete**") < before.index("| stack |")
    assert "**delete**" not in after


def test_huge_plan_shows_or_counts_every_resource() -> None:
    text = render_in_full(HUGE_PLAN)
    (left,) = re.findall(r"(\d+) resources.* in 2 stacks are left out. Full output: <code>envctl plan dev</code>", text)
    assert "300 attribute lists" in text
    assert len(re.findall(r"aws_thing\.x", text)) + int(left) == 703


def test_huge_resource_shows_whole_attributes() -> None:
    text = render_in_full(HUGE_PLAN)
    assert re.search(r'^- policy += "\{', text, re.MULTILINE)
    assert re.search(r"^\+ policy += \([\d,]+ characters, sha256 [0-9a-f]{12}\)$", text, re.MULTILINE)
    assert re.search(r"^- description += \(30,000 characters, sha256 [0-9a-f]{12}\)$", text, re.MULTILINE)
    assert re.search(r"^- size +=", text, re.MULTILINE)
    assert re.search(r"^# … and \d+ more attributes$", text, re.MULTILINE)


def test_short_page_is_unchanged() -> None:
    assert render_page("## a", "", "b\n\nc") == "## a\n\nb\n\nc\n"
