"""Patterns of `fileset`."""

import pytest

from envctl.adapters.hcl.root_reads import matches_glob

CASES = [
    ("a.json", "*.json", True),
    ("a.json", "**", True),
    ("x/a.json", "**/*.json", True),
    ("a.json", "**/*.json", True),
    ("x/a.json", "*.json", False),
    ("a.json", "*.{yaml,json}", True),
    ("a.json", "[a-c].json", True),
    ("a.json", "[^a-c].json", False),
    ("a.json", "[!a-c].json", True),
    ("a,json", "a,json", True),
    ("a.json", "?.json", True),
    ("a.json", "policies/*.json", False),
    ("a.json", "[z-a].json", False),
    ("a+json", "a+json", True),
]


@pytest.mark.parametrize(("path", "pattern", "expected"), CASES)
def test_pattern_selects_as_terraform_does(path: str, pattern: str, expected: bool) -> None:
    assert matches_glob(path, pattern) is expected
