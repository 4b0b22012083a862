"""The pages are short, begin with what they are for and a command, and are written in plain operator's English."""

import re
from pathlib import Path

import pytest

from tests.docs.prose import REFERENCE, ROOT, Page

MOST_WORDS = 1200
MOST_WORDS_OF_A_SENTENCE = 45
MEAN_WORDS_OF_A_SENTENCE = 16
LINES_OF_A_BEGINNING = 16
# Each with what stands there instead.
FORBIDDEN = {
    r"mend(s|ed|ing)?": "fix",
    r"look(s|ed|ing)? (at|into)": "check, read",
    r"rights": "permissions",
    r"puts? out|putting out": "output",
    r"(put|puts|putting) aside": "suspend",
    r"(take|takes|taken|took|taking) away": "destroy, remove",
    r"beside the pipeline": "outside the pipeline",
    r"(?<!there )is no (?!longer\b)\w+": "is not a",
    r"(?<!there )is none": "is missing",
    r"nobody": "no person, no role",
    r"whoever": "the person who",
    r"(?-i:what is)": "the noun",
    r"so that": "two sentences",
    r"proven|is proof": "verified",
    r"(nothing|is|are|be) whole|wholly": "complete",
    r"be had": "available",
}
PAGES = sorted((ROOT / "docs").glob("*.md"))
FILE_NAME = re.compile(r"[\w./-]+\.(md|html|toml)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_page_to_read_is_short(path: Path) -> None:
    assert _name(path) in REFERENCE or Page(path).word_count <= MOST_WORDS, "split it by what a reader wants to do"


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_page_begins_with_purpose_and_command(path: Path) -> None:
    lines = [*Page(path).beginning.splitlines(), "", ""][:LINES_OF_A_BEGINNING]
    title, empty, purpose, *rest = lines
    assert title.startswith("# ")
    assert empty == ""
    assert purpose[0].isalpha() or purpose[0] in "`*[", f"a sentence says what it is for: {purpose}"
    assert any(re.search("```|`envctl ", line) for line in [purpose, *rest]), "a command follows the purpose"


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_links_are_named_by_title(path: Path) -> None:
    assert [text for text in Page(path).link_texts if FILE_NAME.fullmatch(text)] == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_prose_has_no_riddle_words(path: Path) -> None:
    found = [
        f"{better}: {sentence}"
        for sentence in Page(path).sentences
        for words, better in FORBIDDEN.items()
        if re.search(rf"\b({words})\b", sentence, re.IGNORECASE)
    ]
    assert found == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_sentences_are_short(path: Path) -> None:
    lengths = [len(sentence.split()) for sentence in Page(path).sentences]
    assert [each for each in Page(path).sentences if len(each.split()) > MOST_WORDS_OF_A_SENTENCE] == []
    assert sum(lengths) / len(lengths) <= MEAN_WORDS_OF_A_SENTENCE


def test_reference_pages_exist() -> None:
    assert [name for name in REFERENCE if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [("Mend it.", 1), ("It is no longer there.", 0), ("Check it.", 0), ("Take it away, whoever you are.", 1)],
)
def test_forbidden_words_are_noticed(text: str, words: int) -> None:
    assert sum(bool(re.search(rf"\b({each})\b", text, re.IGNORECASE)) for each in FORBIDDEN) == words
