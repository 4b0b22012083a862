"""Verdicts as JUnit XML, in the subset common to Jenkins, GitLab and the GitHub reporters.

https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from envctl.cli.render.ci_reports.verdicts import Verdict

# Characters not allowed in XML 1.0, even escaped.
_INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(verdicts: Sequence[Verdict]) -> str:
    """Render the verdicts, with one test suite for each `Verdict.suite`."""
    top = ElementTree.Element("testsuites", {"name": "envctl"} | _count_outcomes(verdicts))
    for name in dict.fromkeys(verdict.suite for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.suite == name]
        suite = ElementTree.SubElement(top, "testsuite", {"name": _replace_invalid(name)} | _count_outcomes(own))
        for verdict in own:
            _add_case(suite, verdict)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def _count_outcomes(verdicts: Sequence[Verdict]) -> dict[str, str]:
    outcomes = [verdict.outcome for verdict in verdicts]
    return {
        "tests": f"{len(outcomes)}",
        "failures": f"{outcomes.count('failed')}",
        "errors": f"{outcomes.count('unknown')}",
        "skipped": f"{outcomes.count('skipped')}",
        "time": f"{sum(verdict.seconds for verdict in verdicts):.3f}",
    }


def _add_case(suite: ElementTree.Element, verdict: Verdict) -> None:
    location = verdict.location
    position = {"file": _replace_invalid(location.file), "line": f"{location.line or 1}"} if location else {}
    names = {"name": _replace_invalid(verdict.name), "classname": _replace_invalid(verdict.suite)}
    case = ElementTree.SubElement(suite, "testcase", names | {"time": f"{verdict.seconds:.3f}"} | position)
    text = _replace_invalid("\n".join(filter(None, (verdict.message, verdict.hint))))
    match verdict.outcome:
        case "failed" | "unknown":
            kind = "failure" if verdict.outcome == "failed" else "error"
            ElementTree.SubElement(case, kind, type=verdict.rule, message=_replace_invalid(verdict.message)).text = text
        case "skipped":
            ElementTree.SubElement(case, "skipped", message=_replace_invalid(verdict.message))
        case "warned":
            # JUnit has no warnings: the test passes, with the warning as its output.
            ElementTree.SubElement(case, "system-out").text = text
        case "passed":
            pass


def _replace_invalid(text: str) -> str:
    return _INVALID_XML.sub("\ufffd", text)
