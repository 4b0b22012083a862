"""`--markdown`: what a reader of a pull request or of a step summary sees, and that nobody else writes in it."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from syrupy.assertion import SnapshotAssertion

from envctl.cli.ci.result_views import render_markdown as render_result
from envctl.cli.command_table import find_result_type
from envctl.cli.render.markdown import show_error
from envctl.cli.render.markdown.attributes import render_attribute
from envctl.cli.render.markdown.page.markup import bold, code, escape, fence_text, render_next_step, render_table
from envctl.cli.render.text.escapes import escape_text, to_one_line
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import Actor, EnvironmentLocked
from envctl.domain.ledger.state import Lock
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.approval.approve import ApprovalResult
from envctl.usecases.deployment.verification import CheckOutcome, Verification
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from envctl.usecases.inspect.history import History
from tests.cli.render.conftest import in_zone
from tests.cli.render.samples import ERRORS, HANAKO, NEW, NOW, RESULTS, SECRET, STATUS, entries
from tests.cli.render.samples.outcomes import BROKEN_GLASS
from tests.cli.render.samples.refusals import LOCK, REHEARSED, WHY

REFUSED = {name: error for name, error in ERRORS.items() if isinstance(error, RefusedError)}
WRONG = {name: error for name, error in ERRORS.items() if name not in REFUSED}
OWN = [name for name, result in RESULTS.items() if (row := find_result_type(result)) and row.markdown]
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "| a | b |",
    "\\| \\",
    "**bold** _it_ `code` ~~gone~~ [link](https://example.com) ![image](x)",
    "a\n\n# heading\n\n- list\n```\nfence",
    "&lt;b&gt; &amp; $x^2$",
    "@team, look",
    "</details><script>",
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE) | st.text("|\\`*_[]<>&@a ~$\n")


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)


def leaves(tokens: list[Token]) -> list[Token]:
    return [leaf for token in tokens for leaf in ([token] if token.children is None else leaves(token.children))]


def read(tokens: list[Token]) -> str:
    return "".join(leaf.content for leaf in leaves(tokens) if leaf.type == "text").replace("@\u200b", "@")


def kinds(text: str) -> list[str]:
    """Everything that is not text: what there is of structure."""
    inner = (leaf for leaf in leaves(parsed(text)) if leaf.type not in {"text", "fence", "softbreak"})
    return [f"{leaf.type} {leaf.tag} {_tags(leaf)}" for leaf in inner]


def _tags(leaf: Token) -> str:
    """What stands between the tags of a fold is text too."""
    return "".join(re.findall(r"<[^>]*>", leaf.content)) if leaf.type == "html_block" else leaf.content


@pytest.mark.parametrize("name", OWN)
def test_markdown_result_is(name: str, snapshot: SnapshotAssertion) -> None:
    assert render_result(RESULTS[name]) == snapshot


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_in_markdown_is(name: str, snapshot: SnapshotAssertion) -> None:
    assert show_error(REFUSED[name], NOW) == snapshot


@pytest.mark.parametrize("name", WRONG)
def test_error_in_markdown_is(name: str, snapshot: SnapshotAssertion) -> None:
    assert show_error(WRONG[name], NOW) == snapshot


@pytest.mark.parametrize("name", [name for name in RESULTS if name not in OWN])
def test_other_results_are_one_text_fence(name: str) -> None:
    (fence,) = parsed(render_result(RESULTS[name]))
    assert (fence.type, fence.info) == ("fence", "text")


@pytest.mark.parametrize("name", RESULTS)
def test_secret_is_in_no_summary(name: str) -> None:
    assert SECRET not in render_result(RESULTS[name])


@pytest.mark.parametrize("name", OWN)
def test_table_rows_have_as_many_cells_as_header(name: str) -> None:
    for line in render_result(RESULTS[name]).split("```")[0].splitlines():
        assert not line.startswith("|") or line.endswith("|")
    rows: list[int] = []
    for token in parsed(render_result(RESULTS[name])):
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in {"td_open", "th_open"}:
            rows[-1] += 1
        elif token.type == "table_close":
            assert len(set(rows)) == 1
            rows = []


@pytest.mark.parametrize("name", ["a status with trouble", "a why that refuses"])
def test_times_are_always_utc(name: str) -> None:
    with in_zone("Asia/Tokyo"):
        assert "JST" not in render_result(RESULTS[name])
        assert "UTC" in render_result(RESULTS[name])


@given(ANYTHING)
@example("_a_ __b__ c_d *e*")
@example("a|b\\")
def test_table_cell_shows_exactly_the_text(text: str) -> None:
    body = parsed(render_table(("head", "other"), [(escape(text), code(text))]))
    cells = [token for token in body if token.type == "inline"]
    assert [read([cell]) for cell in cells] == ["head", "other", to_one_line(text), to_one_line(text)]
    assert not [leaf for leaf in leaves([cells[2]]) if leaf.type != "text"]
    assert [leaf.content for leaf in leaves([cells[3]]) if leaf.type != "text"] == ["<code>", "</code>"]


@given(ANYTHING.filter(lambda text: text.strip()))
def test_escaped_sentence_shows_exactly_the_text(text: str) -> None:
    tokens = parsed(f"- ⚠️ dev: {escape(text)}")
    assert read(tokens) == f"⚠️ dev: {to_one_line(text)}".strip()
    assert {leaf.type for leaf in leaves(tokens) if leaf.nesting == 0} == {"text"}


@given(ANYTHING)
def test_text_mentions_no_user(text: str) -> None:
    shown = read_raw(escape(text))
    assert not [word for word in shown.split() if word.startswith("@") and word[1:2].isalnum()]


def read_raw(text: str) -> str:
    return "".join(leaf.content for leaf in leaves(parsed(f"dev: {text}")) if leaf.type == "text")


@given(ANYTHING)
@example("```\n# out")
@example("````")
def test_text_can_not_leave_a_fence(text: str) -> None:
    (fence,) = parsed(fence_text(text, "text"))
    assert fence.type == "fence"
    assert fence.content.rstrip() == escape_text(text).rstrip()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_does_not_change_structure(hostile: str) -> None:
    def all_of_it(text: str) -> str:
        refusal = replace(LOCK, message=f"locked: {text}", who=text, hint=f"look: {text}")
        why = replace(WHY, answers=(replace(WHY.answers[3], refusal=refusal),), who=text, next="", gates={text: (0, 1)})
        lock = Lock(replace(HANAKO, name=text), NOW, text)
        staging = replace(STATUS.environments[1], present=replace(STATUS.environments[1].present, lock=lock))
        deployed = replace(BROKEN_GLASS, waived=(refusal,), warnings=(replace(REHEARSED, message=text),), plan=None)
        change = ResourceChange(
            address="aws_vpc.this",
            type="aws_vpc",
            action=Action.UPDATE,
            attributes=(AttributeChange("tags.a", text, text + "!"),),
        )
        drift = Drift(
            (
                EnvironmentDrift(
                    environment="dev",
                    release=NEW,
                    condition="drifted",
                    stacks=(StackDrift(stack="network", condition="drifted", resources=(change,)),),
                ),
            )
        )
        status = replace(STATUS, environments=(staging,), project=text)
        gone = replace(change, address=text, action=Action.REPLACE, reason=text)
        outputs = (OutputChange(text, Action.UPDATE, "a", text),)
        plan = EnvironmentPlan(
            environment=text,
            release=NEW,
            stacks=(
                StackPlan(text, resources=(change, gone), outputs=outputs, waits_for=(), warnings=(text,)),
                StackPlan("dns"),
            ),
        )
        history = History(environment=text, entries=entries((Actor(text), EnvironmentLocked(text, text))), more=True)
        setting = Setting(text, text, None, "envctl", sensitive=False, stacks=(text,))
        problem = Problem("E305", f"{text}\ndetail", text, Location(text, 3))
        looked = Verification(text, NEW, (CheckOutcome(text, "failed", text),), text)
        word = ApprovalResult(
            environment=text,
            gate=text,
            release=NEW,
            by=Actor(text),
            already=False,
            missing={text: 1},
            next=text,
            notes=(text,),
        )
        told = (why, status, deployed, drift, plan, history, EnvironmentSettings(text, (setting,), {}), looked, word)
        wrong = [
            show_error(each, NOW) for each in (OperationFailedError(problem), ConfigurationError(problem, problem))
        ]
        return "\n\n".join((*map(render_result, told), *wrong, show_error(RefusedError((refusal,)), NOW)))

    assert kinds(all_of_it(hostile)) == kinds(all_of_it("plainly"))


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        pytest.param("envctl apply dev", "Next:\n\n```sh\nenvctl apply dev\n```", id="a command"),
        pytest.param("wait, then: envctl apply dev", "Next: wait, then:\n\n```sh\nenvctl apply dev\n```", id="both"),
        pytest.param("mend the <store>", "Next: mend the &lt;store&gt;", id="advice"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_next_command_can_be_copied(hint: str, expected: str) -> None:
    assert render_next_step(hint) == expected


def test_bold_text_stays_bold_around_markup() -> None:
    assert [leaf.content for leaf in leaves(parsed(bold("a*b"))) if leaf.type == "text" and leaf.content] == ["a*b"]


ATTRIBUTES = {
    "both sides of a value": (AttributeChange("size", 1, 2), ["- size = 1", "+ size = 2"]),
    "what forces a replacement": (
        AttributeChange("size", 1, 2, forces_replacement=True),
        ["- size = 1", "+ size = 2  # forces replacement"],
    ),
    "what comes": (AttributeChange("tags.Name", None, "a"), ['+ tags.Name = "a"']),
    "what goes": (AttributeChange("tags.Name", "a", None), ['- tags.Name = "a"']),
    "a secret that becomes another": (
        AttributeChange("password", Marker.SENSITIVE, Marker.SENSITIVE),
        ["! password = (sensitive), changed"],
    ),
    "what is known later": (
        AttributeChange("arn", "a", Marker.UNKNOWN),
        ['- arn = "a"', "+ arn = (known after apply)"],
    ),
    "a document that nobody knows yet": (
        AttributeChange("policy", '{"a": 1, "b": 2}', Marker.UNKNOWN),
        ["- policy = (4 lines)", "+ policy = (known after apply)"],
    ),
    "a new text of several lines": (
        AttributeChange("user_data", None, "a\nb\n"),
        ["+ user_data =", "+   a", "+   b"],
    ),
    "a text that changes inside": (
        AttributeChange("user_data", "a\nb\nc\n", "a\nB\nc\n"),
        ["! user_data (3 lines → 3 lines)", "    a", "-   b", "+   B", "    c"],
    ),
    "a value that is too long": (
        AttributeChange("text", "a", "b" * 12345),
        ['- text = "a"', "+ text = (12,345 characters, sha256 f87f5121a680)"],
    ),
}


@pytest.mark.parametrize(("attribute", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attribute_is_rendered_as_diff_lines(attribute: AttributeChange, expected: list[str]) -> None:
    assert render_attribute(attribute, 0) == expected
