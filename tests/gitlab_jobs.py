"""No tests: the jobs of a file of GitLab CI, with their inputs and what they extend, as GitLab reads and merges it."""

import re
from collections.abc import Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]


class RefusedInputError(ValueError):
    """GitLab makes no pipeline for such an input."""


def parse_jobs(text: str, inputs: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """By their names, without those that are only there to be extended."""
    document = yaml.load(interpolate(text, inputs or {}), yaml.CSafeLoader)
    assert isinstance(document, dict)
    return {name: _extend(document, job) for name, job in document.items() if not name.startswith(".")}


def split_documents(text: str) -> tuple[str, str]:
    """The header with the inputs, and the jobs."""
    header, _, jobs = text.partition("\n---\n")
    return f"{header}\n", jobs


def interpolate(text: str, given: Mapping[str, str]) -> str:
    """The jobs with the values of their inputs, which GitLab puts into the text."""
    header, jobs = split_documents(text)
    known = yaml.load(header, yaml.CSafeLoader)["spec"]["inputs"]
    if set(given) - set(known):
        raise RefusedInputError(f"unexpected inputs: {set(given) - set(known)}")
    values = {name: _check_input(rules, given.get(name, rules["default"])) for name, rules in known.items()}
    return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: values[found[1]], jobs)


def _check_input(rules: Mapping[str, Any], value: str) -> str:
    if value not in rules.get("options", [value]):
        raise RefusedInputError(f"{value!r} is not in {rules['options']}")
    # RE2 has \z where this Python has \Z.
    if not re.search(rules.get("regex", "").replace(r"\z", r"\Z"), value):
        raise RefusedInputError(f"{value!r} does not match {rules['regex']}")
    return value


def _extend(document: Mapping[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    if "extends" not in job:
        return job
    return _merge_tables(_extend(document, document[job["extends"]]), job)


def _merge_tables(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, and everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _merge_tables(below[key], value) if both else value
    return merged
