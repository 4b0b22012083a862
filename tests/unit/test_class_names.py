"""Names of classes are nouns: a result is no participle."""

import re
from pathlib import Path

import envctl

SOURCES = Path(envctl.__file__).parent
# Adjectives of this field that end like participles, and the irregular participles.
PARTICIPLE = re.compile(r"_?(?:[A-Z][a-z]+ed|Begun|Given|Known|Shown|Taken|Written|Sent|Told|Seen|Done|Gone)")


def test_no_class_name_is_a_participle() -> None:
    # Parsing all of envctl would take as long as a hundred other tests.
    names = {
        name: path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r"^ *class (\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(names) > 500
    assert {name: path for name, path in names.items() if PARTICIPLE.fullmatch(name)} == {}
