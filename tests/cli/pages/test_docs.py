"""The documents say what is true: commands exist, examples load, codes and links lead somewhere."""

import json
import re
import shlex
import signal
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from demo.steps import SHOWS
from tools.record_terminal import TAKES

from envctl.adapters.toml import load_project
from envctl.cli.app import build_app
from envctl.cli.entry import run
from envctl.cli.examples import EXAMPLES
from envctl.cli.options.global_options import move_global_options_first
from envctl.domain.config.gates import Gates
from envctl.domain.guards import GUARDS
from tests.documents import parse_document
from tests.scaffold import create_project

ROOT = Path(__file__).parents[3]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(envctl [^`]+)`")
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*envctl (.+)")
LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
GUARD_CODES = {guard.code for guard in GUARDS}
ENDLESS = "--watch"
NEEDS_NOTHING = ("validate", "settings", "render", "status", "why", "history", "diff", "report", "--help", "--version")


def _named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _blocks(*languages: str) -> Iterator[tuple[Path, str]]:
    for file in DOCS:
        for language, text in BLOCK.findall(file.read_text()):
            if language in languages:
                yield file, text


def _commands() -> dict[str, list[str]]:
    """The words behind `envctl` of each command line in the documents and the demo, by where it stands."""
    lines = [(_named(file), line) for file, text in _blocks("sh") for line in text.splitlines()]
    lines += [
        (_named(file), line[2:])
        for file, text in _blocks("console")
        for line in text.splitlines()
        if line.startswith("$ ")
    ]
    lines += [(_named(file), span) for file in DOCS for span in SPAN.findall(file.read_text())]
    lines += [("demo/steps.py", step.words) for show in SHOWS.values() for step in (show.init, *show.steps, show.down)]
    lines += [("tools/record_terminal.py", take.command) for take in TAKES]
    lines += [("--help", line) for examples in EXAMPLES.values() for line, _ in examples]
    found = {}
    for place, line in lines:
        if command := COMMAND.fullmatch(line):
            words = shlex.split(command[1], comments=True)
            found[f"{place}: {line}"] = list(takewhile(lambda word: word not in {"|", "<", ">", ">>"}, words))
    return found


COMMANDS = _commands()
# The pages of the commands are typed by tests/docs.
RUNNABLE = {
    place: words
    for place, words in COMMANDS.items()
    if not place.startswith(("docs/commands/", "--help"))
    and not {"--sandbox", "sandbox", "ENV", ENDLESS} & set(words)
    and set(words) & set(NEEDS_NOTHING)
}
TOML = {f"{_named(file)}: {text.split()[0]}": text for file, text in _blocks("toml")}


@cache
def _build_root() -> Any:
    return typer.main.get_command(build_app())


def _list_distinct(commands: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return each command line once, by the first place where it stands: many pages have the same ones."""
    first: dict[tuple[str, ...], str] = {}
    for place, words in commands.items():
        first.setdefault(tuple(words), place)
    return {place: list(words) for words, place in first.items()}


def _parse(command: Any, words: list[str], parent: Any = None) -> None:
    """Everything that the command line does short of running the command; raises for what does not exist."""
    with command.make_context(command.name, list(words), parent=parent) as context:
        if hasattr(command, "resolve_command"):
            rest = [*context._protected_args, *context.args]
            _, inner, rest = command.resolve_command(context, rest)
            _parse(inner, rest, context)


@pytest.mark.parametrize("words", _list_distinct(COMMANDS).values(), ids=_list_distinct(COMMANDS).keys())
def test_every_command_line_parses(words: list[str]) -> None:
    if set(words) & {"--help", "--version"}:
        words = [word for word in words if word not in {"--help", "--version"}] or ["status"]
    _parse(_build_root(), move_global_options_first(words))


def test_unknown_command_line_is_noticed() -> None:
    for words in (["aply", "dev"], ["apply", "dev", "--force"], ["promote", "dev"]):
        with pytest.raises(Exception, match=r"(?i)no such|missing"):
            _parse(_build_root(), move_global_options_first(words))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = create_project(tmp_path)
    monkeypatch.chdir(root)
    before = signal.getsignal(signal.SIGTERM)
    yield root
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("words", _list_distinct(RUNNABLE).values(), ids=_list_distinct(RUNNABLE).keys())
def test_documented_commands_without_terraform_work(
    project: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 0, capsys.readouterr().err


@pytest.mark.parametrize("text", TOML.values(), ids=TOML.keys())
def test_toml_examples_load(text: str) -> None:
    load_project(_completed(text).encode())


def test_shown_document_matches_its_schema() -> None:
    shown = [text for file, text in _blocks("json") if file.name == "json.md"]
    assert [parse_document(text)["command"] for text in shown] == ["status"]


def _completed(text: str) -> str:
    """A fragment with the tables around it that a project must have."""
    document = tomllib.loads(text)
    in_pipeline = [name for name, each in document.get("environments", {}).items() if each.get("pipeline", True)]
    everywhere = [name for name, each in document.get("stacks", {}).items() if not each.get("environments")]
    # A fragment that speaks of no environment of its own may name the usual ones.
    usual = ["dev"] if {"environments", "pipeline"} & set(document) else ["dev", "staging", "prod"]
    rest = {
        '[project]\nname = "shop"\n': "project" in document,
        f"[pipeline]\norder = {json.dumps(usual)}\n": "pipeline" in document,
        "".join(f"[environments.{name}]\n" for name in usual): bool(in_pipeline),
        '[stacks.network]\nmodule = "modules/vpc"\n': bool(everywhere),
    }
    stacks = document.get("stacks", {})
    before = {name for stack in stacks.values() for name in stack.get("after", ())} - {*stacks, "network"}
    others = "".join(f'[stacks.{name}]\nmodule = "modules/{name}"\n' for name in sorted(before))
    return text + "".join(table for table, there in rest.items() if not there) + others


def test_headings_match_guards() -> None:
    headings = re.findall(r"^## (G\d+) (\w+)$", (ROOT / "docs/guards.md").read_text(), re.MULTILINE)
    guards = sorted((guard.code.value, guard.code.guard) for guard in GUARDS)
    assert headings == guards, "docs/guards.md has a heading for each guard, in their order"


def test_guards_page_shows_every_gate() -> None:
    examples = "".join(BLOCK.sub(r"\2", (ROOT / "docs/guards.md").read_text()))
    missing = [name for name in Gates.model_fields if not re.search(rf"^{name} = ", examples, re.MULTILINE)]
    assert missing == [], "add them to [environments.prod.gates] in docs/guards.md"


def test_rows_match_error_codes() -> None:
    rows = re.findall(r"^\| ([EG]\d{3}) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    sources = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    assert sorted(rows) == sorted(set(re.findall(r'"([EG]\d{3})"', sources)) - GUARD_CODES)


def _slugs(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", file.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", DOCS, ids=_named)
def test_every_link_leads_to_file_and_heading(file: Path) -> None:
    links = [image or link for link, image in LINK.findall(file.read_text())]
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, heading = link.partition("#")
        target = (file.parent / path) if path else file
        assert target.is_file(), f"{link} leads nowhere"
        assert not heading or heading in _slugs(target), f"{link} has no such heading"


def test_picture_has_title_and_description() -> None:
    picture = ElementTree.parse(ROOT / "docs/flow.svg").getroot()
    spoken = [picture.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc")]
    assert all(element is not None and element.text for element in spoken)


def test_demo_steps_have_documented_exit_codes() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)}
    assert {step.exits for show in SHOWS.values() for step in show.steps} <= codes
