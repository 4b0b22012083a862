"""Plain settings files: read without a parser, exactly as the parsers read them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envctl
from envctl.adapters.hcl.plain_settings import read_plain_settings
from envctl.adapters.hcl.source import read_settings
from envctl.domain.terraform.variables import SettingsFile

FILE = "environments/dev/terraform.tfvars"
TEMPLATES = Path(envctl.__file__).parent / "templates"

names = st.sampled_from(["a", "b-1", "_c", "for", "forty", "true", "false", "null", "if", "in"])
texts = st.text(st.characters(min_codepoint=9, max_codepoint=0x17F, categories=["L", "N", "P", "S", "Zs"]), max_size=8)
numbers = st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,3})?|[1-9][0-9]{14,16}|1e3", fullmatch=True)
atoms = st.one_of(
    texts.map(lambda text: f'"{text}"'), numbers, st.sampled_from(["true", "false", "null", "var.x", '"${x}"', "[]"])
)
lists = st.lists(atoms, max_size=3).map(lambda items: f"[{', '.join(items)}]")
comments = st.one_of(st.just(""), texts.map(lambda text: f" # {text}"), st.just(" // x"))
settings = st.builds("{} = {}{}".format, names, st.one_of(atoms, lists), comments)
maps = st.builds("{} = {{{}\n{}\n}}{}".format, names, comments, st.lists(settings, max_size=3).map("\n".join), comments)
lines = st.one_of(settings, maps, comments, st.just("}"), texts)
files = st.lists(lines, max_size=5).map("\n".join)


def describe(found: SettingsFile) -> list[object]:
    return [(each.name, repr(each.value), each.location) for each in found.assignments]


@given(files)
def test_plain_files_are_read_as_the_parsers_do(text: str) -> None:
    found = read_plain_settings(text.encode(), FILE)
    assert found is None or describe(found) == describe(read_settings(text.encode(), FILE))


def test_plain_lines_need_no_parser() -> None:
    text = '# é\n\na = 1 # one\nb-1 = ["5 %", -2.5]\nc = {\n  z = "}" # }\n\n  y = null\n}\nd = true'
    found = read_plain_settings(text.encode(), FILE)
    assert found is not None
    values = [(each.name, each.value, each.location.line) for each in found.assignments]
    assert values == [("a", 1, 3), ("b-1", ["5 %", -2.5], 4), ("c", {"y": None, "z": "}"}, 5), ("d", True, 10)]
    assert describe(found) == describe(read_settings(text.encode(), FILE))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = 1\na = 2\n", id="a name twice"),
        pytest.param("m = {\n  a = 1\n  a = 2\n}\n", id="a key twice"),
        pytest.param("m = {\n  for = 1\n}\n", id="a word of the language as a key"),
        pytest.param("m = {\n  a = {\n  }\n}\n", id="a map in a map"),
        pytest.param("m = {\n", id="a map without end"),
        pytest.param("}\n", id="an end without a map"),
        pytest.param('a = "${x}"\n', id="a template"),
        pytest.param('a = "\\n"\n', id="an escape"),
        pytest.param('a = "é"\n', id="letters that HCL normalises"),
        pytest.param("a = 01\n", id="a number that JSON has not"),
        pytest.param("a = 1\r\n", id="a carriage return"),
        pytest.param("a = 1 # \0", id="a zero byte"),
        pytest.param("a = b\n", id="a text without quotes"),
        pytest.param("\ufeffa = 1\n", id="a byte order mark"),
    ],
)
def test_other_files_are_left_to_parsers(text: str) -> None:
    assert read_plain_settings(text.encode(), FILE) is None


def test_file_in_another_encoding_is_left_to_parsers() -> None:
    assert read_plain_settings("# é\n".encode("latin-1"), FILE) is None


@pytest.mark.parametrize("template", ["minimal", "web", "ecs"])
def test_settings_of_templates_are_plain(template: str) -> None:
    read: Callable[[Path], object] = lambda path: read_plain_settings(path.read_bytes(), path.name)  # noqa: E731
    found = {path: read(path) for path in (TEMPLATES / template).rglob("*.tfvars")}
    assert found
    assert [path for path, each in found.items() if each is None] == []
