"""No tests: the jobs of a file of GitLab CI, with what they extend, as GitLab merges it."""

from typing import Any

import yaml  # type: ignore[import-untyped]


def parse_jobs(text: str) -> dict[str, dict[str, Any]]:
    """By their names, without those that are only there to be extended."""
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return {
        name: _merge_tables(document[job["extends"]], job) if "extends" in job else job
        for name, job in document.items()
        if not name.startswith(".")
    }


def _merge_tables(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, and everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _merge_tables(below[key], value) if both else value
    return merged
