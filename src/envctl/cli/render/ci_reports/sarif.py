"""Failed, unknown and warned verdicts as SARIF 2.1.0, for code scanning by GitHub and others.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from envctl import __version__
from envctl.cli.render.ci_reports.verdicts import Verdict
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Location

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# Used without a location, as SARIF readers require one: the file of gates, environments and stacks.
DEFAULT_LOCATION = Location("envctl.toml", 1)
_LEVELS = {"failed": "error", "unknown": "error", "warned": "warning"}


def render_sarif(verdicts: Sequence[Verdict]) -> str:
    found = [verdict for verdict in verdicts if verdict.outcome in _LEVELS]
    rules = sorted({verdict.rule for verdict in found})
    driver = {
        "name": "envctl",
        "version": __version__,
        "rules": [{"id": rule, "name": rule, "shortDescription": {"text": _describe_rule(rule)}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_to_result(verdict, rules.index(verdict.rule)) for verdict in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _to_result(verdict: Verdict, rule: int) -> dict[str, Any]:
    from urllib.parse import quote

    location = verdict.location or DEFAULT_LOCATION
    message = verdict.message.rstrip(".")
    text = f"{verdict.suite}, {verdict.name}: {message}." + (f" Next: {verdict.hint}" if verdict.hint else "")
    region = {"startLine": location.line or 1}
    return {
        "ruleId": verdict.rule,
        "ruleIndex": rule,
        "level": _LEVELS[verdict.outcome],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(location.file)}, "region": region}}],
        # Independent of the message: numbers in it may change while the finding stays the same.
        "partialFingerprints": {"envctl/v1": sha256(f"{verdict.suite}\0{verdict.name}".encode()).hexdigest()},
    }


def _describe_rule(rule: str) -> str:
    if kind := {"G": "Guard", "E": "Problem"}.get(rule[0]):
        return f"{kind} {rule} of envctl: {format_command('explain', rule)}"
    return "Real resources differ from the state" if rule == "drift" else "A check of the deployment failed"
