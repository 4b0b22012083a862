"""Names of classes are nouns: a result is no participle."""

import ast
import re
from pathlib import Path

import envctl

SOURCES = Path(envctl.__file__).parent
# Adjectives of this field that end like participles, and the irregular participles.
PARTICIPLE = re.compile(r"_?(?:[A-Z][a-z]+ed|Begun|Given|Known|Shown|Taken|Written|Sent|Told|Seen|Done|Gone)")


def test_no_class_name_is_a_participle() -> None:
    names = {
        node.name: path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    assert len(names) > 500
    assert {name: path for name, path in names.items() if PARTICIPLE.fullmatch(name)} == {}
